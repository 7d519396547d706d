"""Reading of files for sources. Failures are returned as problems."""

from __future__ import annotations

import os

from toriconfig._core.origin import LayerKind, Origin
from toriconfig._core.problem import Code, Problem
from toriconfig._core.regular_file import Unread, read_regular
from toriconfig._core.tree import Layer, Node, Tree
from toriconfig._core.value import Value
from toriconfig._schema.options import Resource


class Limits(Value):
    """Limits on the size and structure of a file.

    Attributes:
        max_bytes: size of the file in bytes.
        max_lines: number of lines, including empty ones and comments.
        max_depth: depth of nested collections, including the top level; aliases count as their target.
        max_nodes: number of values in all documents together, after aliases and merge keys are expanded.
        max_documents: number of documents in the file.
    """

    max_bytes: int = 16 << 20
    max_lines: int = 1_000_000
    max_depth: int = 100
    max_nodes: int = 1_000_000
    max_documents: int = 1_000


def read_file(path: str, name: str, kind: LayerKind, max_bytes: int) -> bytes | Problem | None:
    """Read a file. Return a failure as a problem.

    Args:
        path: the file. Symbolic links are followed, because Kubernetes mounts consist of them.
        name: name of the file, for the problem.
        kind: the layer, for the problem.
        max_bytes: largest size to read; memory use stays below twice that.

    Returns:
        The bytes; a `Problem` if the file cannot be read or is a broken symbolic link (TC003), or is too large (TC004);
        None if it does not exist.
    """
    origin = Origin(kind, name)
    if isinstance(path, Resource):
        return _of_package(path, origin, max_bytes)
    data = read_regular(path, max_bytes, secret=kind == "secrets_dir")
    if isinstance(data, bytes):
        return data
    if data.kind == "large":
        return too_large(origin, max_bytes)
    if data.kind != "absent":
        return _unreadable(origin, data)
    if os.path.islink(path):
        return Problem(
            Code.UNREADABLE_FILE,
            origin=origin,
            message="the target of the symbolic link does not exist",
            help="repair the link",
        )
    return None


def _of_package(resource: Resource, origin: Origin, max_bytes: int) -> bytes | Problem | None:
    """Return the content of a file inside a package; a problem if it cannot be read; None if there is no such file."""
    try:
        if not resource.traversable.is_file():
            return None
        with resource.traversable.open("rb") as file:
            data: bytes = file.read(max_bytes + 1)
    except OSError as error:
        return _unreadable(origin, Unread.of(error))
    except Exception:  # noqa: BLE001  (a loader may raise anything)
        return _unreadable(origin, Unread("system", "its package refused"))
    return too_large(origin, max_bytes) if len(data) > max_bytes else data


def refused_size(content: str | bytes, origin: Origin, max_bytes: int, max_lines: int) -> Problem | None:
    """Return a problem if an input has too many bytes (text: characters) or lines, else None."""
    if len(content) > max_bytes:
        return too_large(origin, max_bytes)
    ends = ("\n", "\r") if isinstance(content, str) else (b"\n", b"\r")
    if max(map(content.count, ends)) <= max_lines:  # type: ignore[arg-type]
        return None
    return Problem(
        Code.TOO_LARGE,
        origin=origin,
        message="the file has too many lines for a settings file",
        expected=f"at most {max_lines:,} lines",
        help="name the right file, or split it",
    )


def too_large(origin: Origin, max_bytes: int) -> Problem:
    """Return the problem of an input of more than `max_bytes`."""
    return Problem(
        Code.TOO_LARGE,
        origin=origin,
        message="the file is too large for a settings file",
        expected=f"at most {max_bytes:,} bytes",
        help="name the right file, or split it",
    )


def _unreadable(origin: Origin, why: Unread) -> Problem:
    if why.kind == "kind":
        message = why.reason.replace("regular ", "")
        return Problem(
            Code.UNREADABLE_FILE, origin=origin, message=message, expected="a regular file", help="name a file"
        )
    return Problem(
        Code.UNREADABLE_FILE,
        origin=origin,
        message=f"the file cannot be read: {why.reason[:1].lower()}{why.reason[1:]}",
        help="give this user the permission to read it" if why.kind == "denied" else "",
    )


def nothing(kind: LayerKind, name: str, *problems: Problem) -> Tree:
    """Return an empty tree for an input that is missing, or that is not read because of `problems`."""
    origin = Origin(kind, name)
    return Tree(Node({}, Layer(kind, name, lambda _: origin)), problems=problems, complete=not problems)
