"""The house rules that tools can check: lint, format, types, and who may import whom."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
CHECKS = {
    "ruff finds nothing": ["ruff", "check"],
    "ruff would format nothing otherwise": ["ruff", "format", "--check"],
    "mypy finds nothing in strict mode": ["mypy", "--no-error-summary", "toriconfig", "tests", "examples"],
    "pyright finds nothing": ["pyright", "--pythonpath", sys.executable],
    "every import points downwards": ["lint-imports", "--no-cache"],
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("check", CHECKS)
def test_house(check: str) -> None:
    tool, *arguments = CHECKS[check]
    command = [str(Path(sys.executable).parent / tool), *arguments]
    environ = {**os.environ, "PYTHONPATH": str(HOUSE)}
    done = subprocess.run(command, cwd=HOUSE, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{tool} {' '.join(arguments)}\n{done.stdout}{done.stderr}"


def test_no_room_is_larger_than_400_lines_and_none_has_a_name_that_says_nothing() -> None:
    large, nameless = [], []
    for file in [*HOUSE.glob("toriconfig/**/*.py"), *HOUSE.glob("tests/**/*.py"), *HOUSE.glob("examples/**/*.py")]:
        if len(file.read_text().splitlines()) > 400:
            large.append(str(file.relative_to(HOUSE)))
        if file.stem.strip("_") in {"util", "utils", "helper", "helpers", "common", "misc", "manager", "base"}:
            nameless.append(str(file.relative_to(HOUSE)))
    assert ([], []) == (large, nameless)
