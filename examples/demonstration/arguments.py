"""The command line of `./examples/demo`; needs nothing but the standard library."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """`folder` (a Path, or None) and `seconds`."""
    parser = argparse.ArgumentParser(
        prog="./examples/demo",
        description="Ingest PDFs into a real PostgreSQL while a real OpenBao rotates the secrets, and report.",
        epilog="Sets itself up in .venv-demo/ of the checkout at the first run. Leaves nothing else behind.",
    )
    parser.add_argument("folder", metavar="FOLDER", nargs="?", type=_folder, help="PDFs; without one, some are made")
    parser.add_argument("--seconds", type=_seconds, default=22.0, help="how long to ingest; default: %(default)g")
    return parser.parse_args(arguments)


def _folder(text: str) -> Path:
    folder = Path(text).resolve()
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"not a folder: {text}")
    return folder


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"not 0 to 86400 seconds: {text}")
    return seconds
