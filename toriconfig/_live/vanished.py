"""Detection of inputs that were deleted or emptied since the last load."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from toriconfig._core.origin import Origin
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Node
from toriconfig._load.snapshot import LayerRead, Snapshot
from toriconfig._runtime import warn_once
from toriconfig._secrets.provider import Fixed
from toriconfig._secrets.secret import Secret, provider_of
from toriconfig.sources import format_of
from toriconfig.sources.read_file import read_file

_MOST = 1 << 20


def vanished(old: Snapshot, new: Snapshot) -> list[Problem]:
    """Return an error for each input that was emptied, and a warning for each input that was deleted.

    An emptied file is an error, because a program may still be writing it. A file that contains `{}` is no error.
    """
    read = {layer.name: layer for layer in new.layers}
    found: list[Problem] = []
    for layer in old.layers:
        if layer.leaves and layer.kind in ("files", "dotenv"):
            found += _of_file(layer, read.get(layer.name))
    for node in _of_directories(old.root):
        found += _of_value(node)
    return found


def tell_gone(problem: Problem) -> None:
    """Log `problem`, the warning about a deleted input, even if the same warning was already logged before."""
    key = ("gone", str(problem.origin))
    warn_once.over(key)
    warn_once.warn(key, f"{problem} ({problem.help})")


def _of_file(old: LayerRead, new: LayerRead | None) -> Iterator[Problem]:
    """Yield a problem if a file that had values in the previous load was deleted or emptied.

    Args:
        old: the result of the previous read.
        new: the result of this read; None: the file was not read.
    """
    origin = Origin(old.kind, old.name)
    if new is not None and new.leaves:
        return
    if not os.path.lexists(old.name):
        if ", " not in old.name:  # the files of a settings class, which are one layer
            yield _gone(origin)
    elif new.blank if new is not None else old.kind == "dotenv" and _is_blank(old.name):
        nothing = "a comment" if old.kind == "dotenv" else format_of(old.name).empty
        yield _emptied(origin, f"finish writing it; an intentionally empty file contains {nothing}")


def _is_blank(file: str) -> bool:
    data = read_file(file, file, "dotenv", _MOST)
    return isinstance(data, bytes) and not data.strip()


def _of_directories(node: Node) -> Iterator[Node]:
    """Yield each node at or below `node` whose value was read from a file in a folder of secrets.

    Overridden values are not included.
    """
    if node.layer.kind == "secrets_dir" and isinstance(node.at, str) and type(node.value) is not dict:
        yield node
    elif type(node.value) is dict:
        for child in node.value.values():
            yield from _of_directories(child)


def _of_value(node: Node) -> Iterator[Problem]:
    origin = Origin("secrets_dir", node.at)
    try:
        size = os.stat(node.at).st_size
    except OSError:
        yield _gone(origin)
        return
    if not size and _held(node.value):
        yield _emptied(origin, "finish writing it, or remove it")


def _held(value: Any) -> bool:
    """True if the value was not empty. A secret that was never read counts as empty."""
    if not isinstance(value, Secret):
        return value not in ("", b"")
    provider = provider_of(value)
    return provider.reading is not None and not isinstance(provider, Fixed) and provider.reading.value not in ("", b"")


def _emptied(origin: Origin, remedy: str) -> Problem:
    return Problem(
        Code.NOT_A_MAPPING,
        "",
        origin,
        expected="its previous content, or new content",
        help=remedy,
        message="this file was emptied since it was read: the settings stay as they are",
    )


def _gone(origin: Origin) -> Problem:
    return Problem(
        Code.MISSING_FILE,
        "",
        origin,
        help="restore it, or leave it deleted: lower layers are used now",
        message="this file was deleted: its values are no longer used",
        severity="warning",
    )
