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
    "pydantic-settings": "pydantic_settings",
    "dynaconf": "dynaconf",
    "OmegaConf": "omegaconf",
    "dature": "dature",
    "hvac by hand": "hvac",
}
"""The columns of the table, and the ends of the names of their modules."""


def main(library: str, *rows: str) -> None:
    """Print one line per task: its name and its verdict."""
    root = Path(__file__).parents[2]
    sys.path[:0] = [str(root), str(root / "tests")]
    from comparison.case import ROWS, Case

    module = importlib.import_module(f"comparison.with_{LIBRARIES[library]}")
    for row in rows or ROWS:
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            os.chdir(folder)
            verdict = getattr(module, "lazy_secret" if row == "lazy" else row)(Case(Path(folder), stack))
            sys.stdout.write(f"{row}: {verdict}\n")
            sys.stdout.flush()
            os.chdir(root)
    module.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
