"""`${file:path}` in a plain field: only below declared folders, never outside them by `..` or a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from toriconfig.errors import Problem

MAX_BYTES = 1024 * 1024


def read_under(name: str, roots: Sequence[str | os.PathLike[str]]) -> str | Problem:
    """The text of the file, without its last line end; a relative name is tried below each root in turn."""
    if not roots:
        return _refused("files are not read into plain fields", "set the option `file_roots`, or use a `Secret` field")
    for root in [os.path.realpath(os.fspath(root)) for root in roots]:
        file = os.path.realpath(os.path.join(root, os.path.expanduser(name)))
        if file != root and os.path.commonpath([root, file]) == root and os.path.exists(file):
            return _read(file)
    return _refused(
        "there is no such file below the declared folders", f"put it below {' or '.join(str(root) for root in roots)}"
    )


def _read(file: str) -> str | Problem:
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        return _refused(f"the file cannot be read: {error.strerror}", "make it readable for this process")
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
            return _refused(f"it is not a regular file of at most {MAX_BYTES} bytes", "name another file")
        content = b"".join(iter(lambda: os.read(descriptor, 65536), b""))
    except OSError as error:
        return _refused(f"the file cannot be read: {error.strerror}", "make it readable for this process")
    finally:
        os.close(descriptor)
    try:
        return content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return _refused("the file is not UTF-8 text", "name a text file")


def _refused(message: str, remedy: str) -> Problem:
    return Problem("TC305", message=message, expected="a file below a declared folder", help=remedy)
