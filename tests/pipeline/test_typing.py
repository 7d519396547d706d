"""The types of the helpers in two type checkers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _run(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_infers_and_rejects_as_intended() -> None:
    _run("mypy", "--strict", "--follow-imports=silent", "tests/typing/pipeline.py")


def test_pyright_infers_and_rejects_as_intended(tmp_path: Path) -> None:
    config = tmp_path / "pyrightconfig.json"
    config.write_text(
        f'{{"include": ["{ROOT}/tests/typing/pipeline.py"], "extraPaths": ["{ROOT}"],'
        ' "typeCheckingMode": "standard", "reportUnnecessaryTypeIgnoreComment": "error",'
        ' "enableTypeIgnoreComments": false}'
    )
    _run("pyright", "--pythonpath", sys.executable, "--project", str(config))
