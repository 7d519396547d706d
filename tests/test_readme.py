"""What the README shows is run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from toriconfig.errors import CODES
from toriconfig.testing import vault_server

README = Path(__file__).parents[1] / "README.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_its_python_runs_in_order_against_a_real_vault(tmp_path: Path) -> None:
    for block in blocks("yaml"):
        name = re.match(r"# (\S+\.ya?ml)\n", block)
        if name:
            (tmp_path / name[1]).write_text(block, encoding="utf-8")
    code = "\n".join(blocks("python"))
    with vault_server() as server:
        server.put("secret/app", {"token": "s3cr3t"})
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("VAULT_", "BAO_", "APP_"))}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=tmp_path,
            env={**clean, **server.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "s3cr3t" not in done.stdout + done.stderr
    assert "the token is **********" in done.stderr


def test_it_names_every_code_with_its_meaning() -> None:
    rows = dict(re.findall(r"^\| (TC\d+) \| (.*) \|$", README.read_text(encoding="utf-8"), re.MULTILINE))
    assert rows == CODES


def test_it_names_both_commands() -> None:
    text = README.read_text(encoding="utf-8")
    assert "./examples/demo" in text
    assert "./tests/run" in text
