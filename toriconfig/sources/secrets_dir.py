"""A directory with one file per value, as Docker, Kubernetes and systemd provide secrets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import Literal

from toriconfig._core.origin import Origin
from toriconfig._core.problem import Code, Problem, Related
from toriconfig._core.tree import Layer, Node, Tree
from toriconfig.sources.read_file import read_file, too_large

MAX_BYTES = 1 << 20
"""Largest file that is read: as large as a Kubernetes Secret can be."""

_SWAPPED = "..data"
_TRIES = 3


class SecretsDir:
    """Source of the files of one directory.

    A file name is the path of a field with the delimiter (`database__password`), with or without the prefix. One
    newline at the end is not part of the value. Content that is not UTF-8 is read as bytes. Hidden files and
    directories are ignored. The target of a symbolic link must be inside the directory, as in Kubernetes.

    Args:
        path: the directory.
        prefix: optional prefix of a name; "" for none.
        missing: the result of a missing directory: "ok": no problem; "warn" (as in pydantic-settings): a warning;
            "error": an error.
        max_size: maximum sum of the file sizes, in bytes; None: no maximum. When the sum exceeds the maximum,
            reading ends with an error. Any single file over 1 MiB is an error, even without `max_size`.
        nested: True: files of subdirectories are read too, with the subdirectory in the name: `database/password`.
        case_sensitive: True: names and prefix are compared case-sensitively. False: the case is ignored.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        prefix: str = "",
        *,
        missing: Literal["ok", "warn", "error"] = "warn",
        max_size: int | None = None,
        nested: bool = False,
        case_sensitive: bool = False,
    ) -> None:
        self._path = fspath(path)
        self._prefix = prefix
        self._missing = missing
        self._max_size = max_size
        self._nested = nested
        self._folded: Callable[[str], str] = str if case_sensitive else str.upper

    def load(self) -> Tree:
        """Return a flat tree. Its keys are the file names without the prefix, and its values are the contents.

        Names are in upper case, or as spelt if they are case-sensitive. The `at` of a node is the path of the file.
        """
        layer = Layer("secrets_dir", self._path, self._locate, text=True)
        values: dict[str, Node] = {}
        problems: list[Problem] = []
        for _ in range(_TRIES):
            values.clear()
            problems.clear()
            before = self._swapped()
            self._read(layer, values, problems)
            # Kubernetes replaces all files at once, by one rename. They are read again if that has happened, so that
            # a user name and its password are of the same version.
            if before == self._swapped():
                break
        return Tree(Node(values, layer), flat=True, problems=tuple(problems))

    def _locate(self, path: str | None) -> Origin:
        return Origin("secrets_dir", path or self._path)

    def _swapped(self) -> str:
        try:
            return str(Path(self._path, _SWAPPED).readlink())
        except OSError:
            return ""

    def _read(self, layer: Layer, values: dict[str, Node], problems: list[Problem]) -> None:
        try:
            files = sorted(_listed(Path(self._path), deep=self._nested))
        except OSError as error:
            if self._missing != "ok" or not isinstance(error, FileNotFoundError):
                problems.append(self._unlisted(error))
            return
        root = os.path.realpath(self._path)
        size = 0
        for file in files:
            path = str(file)
            real = os.path.realpath(path)
            if os.path.commonpath((root, real)) != root:
                problems.append(self._outside(path))
                continue
            data = read_file(real, path, "secrets_dir", MAX_BYTES)
            if data is None:
                continue
            if isinstance(data, Problem):
                problems.append(data)
                continue
            size += len(data)
            if self._max_size is not None and size > self._max_size:
                problems.append(too_large(self._locate(path), self._max_size))
                return
            key = self._key(str(file.relative_to(self._path)))
            if key in values:
                problems.append(self._twice(path, values[key].at))
            values[key] = Node(value_of(data), layer, path)

    def _key(self, name: str) -> str:
        key = self._folded(name)
        return key.removeprefix(self._folded(self._prefix)) or key

    def _unlisted(self, error: OSError) -> Problem:
        if isinstance(error, FileNotFoundError):
            return Problem(
                Code.MISSING_FILE,
                origin=self._locate(None),
                severity="error" if self._missing == "error" else "warning",
                message="the directory of secrets does not exist",
                help="mount it, or remove it from `secrets_dir`",
            )
        reason = (error.strerror or "the system refused").lower()
        return Problem(
            Code.UNREADABLE_FILE,
            origin=self._locate(None),
            message=f"the directory of secrets cannot be read: {reason}",
            expected="a directory with one file per value",
        )

    def _outside(self, path: str) -> Problem:
        return Problem(
            Code.FILE_OUTSIDE_ROOTS,
            origin=self._locate(path),
            message="the symbolic link leads out of the directory of secrets",
            expected="a file inside the directory",
            help="copy the file, or add its directory to `secrets_dir`",
        )

    def _twice(self, path: str, other: str) -> Problem:
        return Problem(
            Code.DUPLICATE_VARIABLE,
            origin=self._locate(path),
            message=f"`{Path(other).name}` and `{Path(path).name}` are two spellings of one name",
            help="remove one of them",
            related=(Related(self._locate(other), "the other spelling"),),
        )


def _listed(folder: Path, *, deep: bool) -> Iterator[Path]:
    """Yield the files of a directory; if `deep`, also those of its subdirectories.

    Hidden files, hidden subdirectories, and links to directories are omitted.
    """
    for file in folder.iterdir():
        if file.name.startswith("."):
            continue
        if not file.is_dir():
            yield file
        elif deep and not file.is_symlink():
            yield from _listed(file, deep=True)


def value_of(data: bytes) -> str | bytes:
    """Return the value in a file: its text without one LF or CR LF at the end; its bytes if it is not UTF-8."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
