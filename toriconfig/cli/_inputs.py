"""Reading of the settings files that the command line names. Each document becomes a tree."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from toriconfig.cli._read import stdin_bytes
from toriconfig.cli._say import note
from toriconfig.sources import endings

if TYPE_CHECKING:
    from toriconfig._core.tree import Tree
    from toriconfig._schema.options import Options


def files_in(names: Iterable[str]) -> list[str]:
    """Return the given files, and the settings files in the given directories except hidden files.

    Each file is returned once. For a directory without settings files, a note is printed.
    """
    from toriconfig._load.read import settings_files_in

    found: dict[str, str] = {}
    for name in names:
        files = [name] if name == "-" else settings_files_in(name)
        if not files:
            note(f"no {', '.join(endings())} files in {name}")
        for file in files:
            found.setdefault(os.path.abspath(file) if file != "-" else "-", file)
    return list(found.values())


def trees_of(
    files: Iterable[str], stdin_name: str, options: Options, ended: Callable[[], object] = int
) -> Iterator[Tree]:
    """Yield the tree of each document in the files. The file name `-` means standard input.

    Args:
        files: names of the files.
        stdin_name: a file name for standard input, whose extension determines the format.
        options: options of the settings class.
        ended: function to call at the end of each file.
    """
    from toriconfig._load.read import reader_options
    from toriconfig.sources import read_content
    from toriconfig.sources.settings_file import documents_of

    for file in files:
        if file == "-":
            yield from read_content(stdin_bytes(), stdin_name, **reader_options(stdin_name, options))
        else:
            yield from documents_of(file, **reader_options(file, options))
        ended()
