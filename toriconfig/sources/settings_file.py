"""Settings files, each read in the format of its extension."""

from __future__ import annotations

import os
from typing import Any

from toriconfig._core.origin import LayerKind, Origin
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Tree
from toriconfig.sources import read_content
from toriconfig.sources.read_file import Limits, nothing, read_file


class SettingsFile:
    """Source of one settings file, which is read in the format of its extension.

    Args:
        path: the file.
        name: name in origins and problems; None: the path as given.
        required: True: a missing file is a problem. False: it sets nothing.
        limits: limits on size and structure.
        kind: the layer of the values.
        options: options of the format's reader, such as `table` of TOML.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        required: bool = False,
        limits: Limits | None = None,
        kind: LayerKind = "files",
        **options: Any,
    ) -> None:
        self.options = options
        self.path = os.fspath(path)
        self.name = self.path if name is None else name
        self.required = required
        self.limits = limits or Limits()
        self.kind: LayerKind = kind

    def load(self) -> Tree:
        """Read the file and return its tree. A second document in the file is a problem.

        If the file is missing or cannot be read, return an empty tree. It has a problem, unless the file is missing and
        not required.
        """
        data = read_file(self.path, self.name, self.kind, self.limits.max_bytes)
        if data is None and not self.required:
            return nothing(self.kind, self.name)
        if data is None:
            data = Problem(
                Code.MISSING_FILE,
                origin=Origin(self.kind, self.name),
                message="this file was requested and does not exist",
                help="create it, or correct its name",
            )
        if isinstance(data, Problem):
            return nothing(self.kind, self.name, data)
        first, *others = read_content(data, self.name, kind=self.kind, limits=self.limits, **self.options)
        if others:
            first.problems += (_second_document(others[0]),)
        return first

    def __repr__(self) -> str:
        return f"SettingsFile({self.name!r})"


def documents_of(path: str, *, limits: Limits | None = None, **options: Any) -> list[Tree]:
    """Return a tree for each document of a file; for a missing or unreadable file, one empty tree with a problem.

    Args:
        path: the file.
        limits: limits on size and structure; None: the default limits.
        options: options of the format's reader, such as `table` of TOML.
    """
    limits = limits or Limits()
    data = read_file(path, path, "files", limits.max_bytes)
    if data is None:
        return [SettingsFile(path, required=True, limits=limits).load()]
    if isinstance(data, Problem):
        return [nothing("files", path, data)]
    return read_content(data, path, limits=limits, **options)


def _second_document(tree: Tree) -> Problem:
    return Problem(
        Code.NOT_A_MAPPING,
        origin=tree.root.origin,
        message="a second document in a settings file",
        label="a new document begins here",
        expected="one document",
        help="remove the `---` line, or move the rest to a file of its own",
    )
