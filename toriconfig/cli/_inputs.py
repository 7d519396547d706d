"""The files that a command is given: each document a tree."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from toriconfig.cli._say import note

if TYPE_CHECKING:
    from toriconfig._tree import Tree

ENDINGS = (".yaml", ".yml", ".json")


def files_in(names: Iterable[str]) -> list[str]:
    """The files named, and those below the directories named, hidden ones apart; each once."""
    found: dict[str, str] = {}
    for name in names:
        files = list(_below(Path(name))) if name != "-" and os.path.isdir(name) else [name]
        if not files:
            note(f"no {', '.join(ENDINGS)} files in {name}")
        for file in files:
            found.setdefault(os.path.abspath(file) if file != "-" else "-", file)
    return list(found.values())


def trees_of(files: Iterable[str], stdin_name: str) -> Iterator[Tree]:
    """Every document of every file; `-` is standard input, under the name given."""
    from toriconfig.sources.yaml_file import read_file_documents, read_yaml

    for file in files:
        if file == "-":
            yield from read_yaml(sys.stdin.buffer.read(), stdin_name)
        else:
            yield from read_file_documents(file)


def _below(folder: Path) -> Iterator[str]:
    for file in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if file.suffix in ENDINGS and not hidden and file.is_file():
            yield str(file)
