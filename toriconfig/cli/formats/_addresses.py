"""Path of a file relative to the root of the checkout."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from urllib.parse import quote

from toriconfig._core.origin import Origin
from toriconfig.cli.formats import Look

_FILES = frozenset(("files", "dotenv", "secrets_dir"))


class Addresses:
    """Converts file names, relative to the working directory, into paths relative to the checkout."""

    def __init__(self, look: Look) -> None:
        self._directory = Path(look.directory or ".").resolve()
        self._root = Path(look.root).resolve() if look.root else _checkout(self._directory)

    def path(self, origin: Origin | None) -> PurePath | None:
        """Return the path of the origin's file, relative if it is in the checkout; None if the origin is not a file."""
        if origin is None or origin.layer not in _FILES:
            return None
        path = self._directory / origin.source
        # `..` is removed here, because `resolve` would also follow symbolic links, such as those of Kubernetes.
        parts: list[str] = []
        for part in path.parts:
            if part != "..":
                parts.append(part)
            elif len(parts) > 1:
                parts.pop()
        path = Path(*parts)
        return path.relative_to(self._root) if path.is_relative_to(self._root) else path

    def uri(self, origin: Origin | None) -> str | None:
        """Return `path(origin)` as a URI reference: `config/tori.yaml`, or `file:///...` outside the checkout."""
        path = self.path(origin)
        if path is None:
            return None
        return Path(path).as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))


def _checkout(directory: Path) -> Path:
    found = (parent for parent in (directory, *directory.parents) if (parent / ".git").exists())
    return next(found, directory)
