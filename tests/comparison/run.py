"""Run the tasks of the comparison with one library: `python tests/comparison/run.py LIBRARY [ROW ...]`."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

LIBRARIES = {
    "toriconfig": "toriconfig",
    "pydantic-settings": "pydantic-settings",
    "dynaconf": "dynaconf",
    "OmegaConf": "omegaconf",
    "dature": "dature",
    "hvac by hand": "hvac",
}
"""The columns of the table, and their packages. The module `with_PACKAGE` has a function per row."""


def main(library: str, *rows: str) -> None:
    """Print one line per task: its name and its verdict."""
    root = Path(__file__).parents[2]
    sys.path[:0] = [str(root), str(root / "tests")]
    from comparison.case import ROWS, Case
    from comparison.judging import OF_PACKAGE

    package = LIBRARIES[library]
    module = importlib.import_module(f"comparison.with_{package.replace('-', '_')}")
    for row in rows or ROWS:
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            os.chdir(folder)
            judge = OF_PACKAGE.get(row)
            verdict = judge(package) if judge else getattr(module, row)(Case(Path(folder), stack))
            sys.stdout.write(f"{row}: {verdict}\n")
            sys.stdout.flush()
            os.chdir(root)


if __name__ == "__main__":
    main(*sys.argv[1:])
