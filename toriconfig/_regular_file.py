"""Reads one small regular file: bounded, without waiting, and never one that the kernel makes up.

Files of `/proc`, `/sys` and `/dev` are no files that somebody wrote: `/proc/self/environ` holds every variable of the
process, a device may have no end, and a named pipe may never answer.
"""

from __future__ import annotations

import os
import stat

FORBIDDEN = ("/proc", "/sys", "/dev")
"""Folders below which nothing is read, whatever link leads there."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)


def read_regular(path: str, most: int) -> bytes | str:
    """The bytes of a regular file, or why it is not read.

    Args:
        path: the file; symbolic links are followed, as Kubernetes mounts are made of them.
        most: the largest size in bytes that is read.
    """
    try:
        forbidden = made_up(path)
        if forbidden:
            return f"files below {forbidden} are not read"
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        return error.strerror or "the system refused"
    except ValueError:
        return "its name holds a NUL character"
    try:
        return _read(descriptor, most)
    except OSError as error:
        return error.strerror or "the system refused"
    finally:
        os.close(descriptor)


def _read(descriptor: int, most: int) -> bytes | str:
    found = os.fstat(descriptor)
    if stat.S_ISDIR(found.st_mode):
        return "Is a directory"
    if not stat.S_ISREG(found.st_mode):
        return "it is not a regular file"
    if found.st_dev in _devices():
        return f"files below {' and '.join(FORBIDDEN[:2])} are not read"
    chunks: list[bytes] = []
    left = most + 1
    while left > 0 and (chunk := os.read(descriptor, min(left, 65536))):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks) if left > 0 else f"it is larger than {most:,} bytes"


def made_up(path: str) -> str:
    """The folder of the kernel's below which a path leads, whatever links are on the way; "" for none."""
    real = os.path.realpath(path)
    return next((folder for folder in FORBIDDEN if real == folder or real.startswith(folder + "/")), "")


def _devices() -> set[int]:
    """The devices of the file systems that the kernel makes up, which may be mounted elsewhere too."""
    root = os.stat("/").st_dev
    found = {os.stat(folder).st_dev for folder in FORBIDDEN[:2] if os.path.isdir(folder)}
    return found - {root}
