"""What the README shows is run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from toriconfig._core.problem import CODES
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


def test_the_printed_output_of_its_commands_is_current(tmp_path: Path) -> None:
    schema = blocks("python")[0].partition("settings = lazy")[0]
    (tmp_path / "app.py").write_text(schema, encoding="utf-8")
    for block in blocks("yaml"):
        name = re.match(r"# (\S+\.ya?ml)\n", block)
        if name:
            (tmp_path / name[1]).write_text(block, encoding="utf-8")
    shown = [
        (command, printed)
        for block in blocks("console")
        for command, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
        if printed
    ]
    assert len(shown) >= 2
    for command, printed in shown:
        done = subprocess.run(
            ["bash", "-c", f'toriconfig() {{ "{sys.executable}" -m toriconfig.cli "$@"; }}; {command}'],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert printed == done.stdout, command


def test_it_names_every_exit_code_and_command() -> None:
    from toriconfig.cli import COMMANDS
    from toriconfig.cli._exit import Exit

    section = README.read_text(encoding="utf-8").partition("## Command line")[2].partition("\n## ")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)} == {int(code) for code in Exit}
    for name in COMMANDS:
        assert f"`{name}" in section, name


def test_it_names_every_code_with_its_meaning() -> None:
    rows = dict(re.findall(r"^\| (TC\d+) \| (.*) \|$", README.read_text(encoding="utf-8"), re.MULTILINE))
    assert rows == CODES


def test_it_names_both_commands() -> None:
    text = README.read_text(encoding="utf-8")
    assert "./examples/demo" in text
    assert "./tests/run" in text


def test_every_room_that_it_names_is_there() -> None:
    section = README.read_text(encoding="utf-8").partition("\n## The house\n")[2].partition("\n## ")[0]
    house = README.parent / "toriconfig"
    rooms = {room for room in re.findall(r"`((?:\w+/)*\w+(?:\.py|/))`", section) if "<" not in room}
    assert {"errors.py", "_secrets/", "vault/logins.py"} <= rooms
    assert [] == sorted(room for room in rooms if not (house / room).exists())
