"""Reading of a file for `${file:path}` in a plain field.

The file must be below a folder of the option `file_roots`, after `..` and links are resolved.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from toriconfig._core.problem import Code, Problem
from toriconfig._core.regular_file import Unread, read_regular

MAX_BYTES = 1024 * 1024


def read_under(name: str, roots: Sequence[str | os.PathLike[str]]) -> str | Problem:
    """Return the text of the file `name`, without its last line break, from the first of `roots` that has the file.

    Return a problem if `roots` is empty, if no root has the file, or if the file cannot be read.
    """
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
    content = read_regular(file, MAX_BYTES)
    if isinstance(content, Unread):
        remedy = "make it readable for this process" if content.kind == "denied" else "name another file"
        return _refused(f"the file cannot be read: {content.reason}", remedy)
    try:
        return content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return _refused("the file is not UTF-8 text", "name a text file")


def _refused(message: str, remedy: str) -> Problem:
    return Problem(Code.FILE_OUTSIDE_ROOTS, message=message, expected="a file below a declared folder", help=remedy)
