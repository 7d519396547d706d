"""One regular file, read once, bounded, and without ever waiting for a pipe or a device."""

from __future__ import annotations

import os
import stat
from typing import Final

from toriconfig._options import Resource
from toriconfig._origin import LayerKind, Origin
from toriconfig.errors import Problem

_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
_CHUNK: Final = 1 << 20
_KINDS: Final = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def read_file(path: str, name: str, kind: LayerKind, max_bytes: int) -> bytes | Problem | None:
    """Read the whole file, or say what is wrong with it.

    Args:
        path: the file; symbolic links are followed, as Kubernetes mounts are made of them.
        name: what people call it, for the problem.
        kind: the layer that asks, for the problem.
        max_bytes: largest size read; memory stays below twice that.

    Returns:
        The bytes; a `Problem` when it cannot be read (TC003) or is too large (TC004); None when there is no such file.
    """
    origin = Origin(kind, name)
    if isinstance(path, Resource):
        return _of_package(path, origin, max_bytes)
    try:
        descriptor = os.open(path, _FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):
            return Problem("TC003", origin=origin, message="the symbolic link points nowhere", help="repair the link")
        return None
    except (OSError, ValueError) as error:
        return _unreadable(origin, error)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            what = next((name for is_kind, name in _KINDS if is_kind(found.st_mode)), "something else")
            return Problem(
                "TC003",
                origin=origin,
                message=f"this is {what}, not a file",
                expected="a regular file",
                help="name a file",
            )
        if found.st_size > max_bytes:
            return too_large(origin, max_bytes)
        data = _read(descriptor, found.st_size, max_bytes)
        return too_large(origin, max_bytes) if len(data) > max_bytes else data
    except OSError as error:
        return _unreadable(origin, error)
    finally:
        os.close(descriptor)


def _of_package(resource: Resource, origin: Origin, max_bytes: int) -> bytes | Problem | None:
    """The bytes of a file inside a package, which may be one of a zip file."""
    try:
        if not resource.traversable.is_file():
            return None
        with resource.traversable.open("rb") as file:
            data: bytes = file.read(max_bytes + 1)
    except Exception as error:  # noqa: BLE001  (whatever a loader raises)
        return _unreadable(origin, error if isinstance(error, OSError) else OSError(0, "its package refused"))
    return too_large(origin, max_bytes) if len(data) > max_bytes else data


def _read(descriptor: int, size: int, max_bytes: int) -> bytes:
    # Files of /proc say that they are empty, and any file may grow while it is read.
    data = os.read(descriptor, min(size, max_bytes) + 1)
    if len(data) == size:
        return data
    chunks = [data]
    left = max_bytes + 1 - len(data)
    while chunks[-1] and left > 0:
        chunks.append(os.read(descriptor, min(_CHUNK, left)))
        left -= len(chunks[-1])
    return b"".join(chunks)


def too_large(origin: Origin, max_bytes: int) -> Problem:
    """The problem of an input of more than `max_bytes`."""
    return Problem(
        "TC004",
        origin=origin,
        message="the file is too large for a settings file",
        expected=f"at most {max_bytes:,} bytes",
        help="name the right file, or split it",
    )


def _unreadable(origin: Origin, error: OSError | ValueError) -> Problem:
    reason = (error.strerror or "").lower() if isinstance(error, OSError) else "its name holds a NUL character"
    denied = isinstance(error, PermissionError)
    return Problem(
        "TC003",
        origin=origin,
        message=f"the file cannot be read: {reason or 'the system refused'}",
        help="give this user the right to read it" if denied else "",
    )
