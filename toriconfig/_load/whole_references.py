"""Resolution of references to a whole list or mapping (`d: ${env:D}`), before layers are merged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toriconfig._core.path import Path
from toriconfig._core.problem import Problem
from toriconfig._core.tree import Broken, Node
from toriconfig._schema.shape import ANY, Shape

_CONTAINERS = frozenset({"model", "mapping", "sequence"})

Resolve = Callable[[Node, Shape, Path, list[Problem]], Node]
"""Function that resolves the references of one node, and appends problems to the list."""


def with_whole_references(root: Node, shape: Shape, resolve: Resolve, problems: list[Problem]) -> Node:
    """Return `root` with each reference to a list or mapping replaced by the list or mapping.

    If a reference fails, its node is replaced by a `Broken` node, which stores the problems of the reference.

    Args:
        resolve: function that resolves the references of one node.
        problems: list to which the warnings of replaced references are added.
    """
    return _read(root, shape, (), resolve, problems)


def _read(node: Node, shape: Shape, path: Path, resolve: Resolve, problems: list[Problem]) -> Node:
    value: Any = node.value
    if type(value) is str:
        if "${" not in value or not node.layer.references or not _may_be_container(shape):
            return node
        wrong: list[Problem] = []
        found = resolve(node, shape, path, wrong)
        if any(one.severity == "error" for one in wrong):
            return Broken(node, wrong)
        if type(found.value) is str:
            return node
        problems += wrong
        return found
    if type(value) is dict:
        here = shape.narrowed(value) if shape.kind == "model" else shape
        below = {
            key: _read(child, here.child(key) or ANY, (*path, key), resolve, problems) for key, child in value.items()
        }
        changed = any(below[key] is not child for key, child in value.items())
        return Node(below, node.layer, node.at, node.key_at, node.under) if changed else node
    if type(value) is list:
        items = [_read(child, shape.child(at) or ANY, (*path, at), resolve, problems) for at, child in enumerate(value)]
        changed = any(new is not old for new, old in zip(items, value, strict=True))
        return Node(items, node.layer, node.at, node.key_at, node.under) if changed else node
    return node


def _may_be_container(shape: Shape) -> bool:
    return shape.kind in _CONTAINERS or (shape.kind == "any" and shape.decodes)
