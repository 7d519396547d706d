"""Placeholders in the tree: for text with secrets that are fetched later, and for failed references."""

from __future__ import annotations

from collections.abc import Iterator

from toriconfig._core.interpolation_syntax import Reference
from toriconfig._core.path import Path
from toriconfig._core.tree import Node
from toriconfig._core.value import Value


class Other(Value):
    """Reference to another secret.

    Attributes:
        path: the path of the secret.
        key: the path of the value inside the secret; (): the whole secret.
        forms: names of the encodings to apply to the text, in order; (): none.
    """

    path: Path
    key: Path
    forms: tuple[str, ...] = ()


class Template:
    """The value of a secret field before it is fetched.

    Attributes:
        parts: the texts, `Reference` objects and `Other` objects, in order.
    """

    __slots__ = ("parts",)

    def __init__(self, parts: list[str | Reference | Other]) -> None:
        self.parts = parts

    def __repr__(self) -> str:
        return "Template(...)"


FAILED = Template([])
"""Value of a node whose reference could not be resolved. Its problem is already reported."""


def failed(node: Node) -> bool:
    """Return True if a value at or below `node` is `FAILED`. Values in lists are not checked."""
    if type(node.value) is dict:
        return any(map(failed, node.value.values()))
    return node.value is FAILED


def has_failed(node: Node) -> bool:
    """Return True if a value at or below `node`, in mappings or lists, is `FAILED`."""
    value = node.value
    if type(value) is dict:
        return any(map(has_failed, value.values()))
    return value is FAILED or (type(value) is list and any(map(has_failed, value)))


def without_failed(node: Node) -> Node:
    """Return `node` without the values below it that are `FAILED`. If `node` itself is `FAILED`, return `node`."""
    value = node.value
    if type(value) is dict:
        value = {key: without_failed(child) for key, child in value.items() if child.value is not FAILED}
    elif type(value) is list:
        value = [without_failed(child) for child in value if child.value is not FAILED]
    else:
        return node
    return Node(value, node.layer, node.at, node.key_at, node.under)


def failures(node: Node, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each mapping value that `without_failed` omits, and of each list that loses an item."""
    value = node.value
    if type(value) is list:
        kept = [child for child in value if child.value is not FAILED]
        if len(kept) < len(value):
            yield path
        value = dict(enumerate(kept))
    for key, child in value.items() if type(value) is dict else ():
        if child.value is FAILED:
            yield (*path, key)
        yield from failures(child, (*path, key))
