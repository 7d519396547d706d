"""Keys that the schema does not know, at any depth, each with the key that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from toriconfig._path import Path, show
from toriconfig._shape import ANY, Shape
from toriconfig._tree import Node
from toriconfig.errors import Problem, Severity

_VALUE = r"(?s)(?<=.)[:=].*"
"""In a key that is none, the value: the space behind the colon was forgotten."""


def unknown_keys(root: Node, shape: Shape, severity: Severity, *, whole: bool = True) -> Iterator[Problem]:
    """One problem for each unknown key, unless the model says `extra="ignore"` or `"allow"` itself.

    Args:
        whole: whether nothing more will be said, so that in a union a model that lacks a key is none.
    """
    yield from _unknown(root, shape, (), severity, whole)


def _unknown(node: Node, shape: Shape, path: Path, severity: Severity, whole: bool) -> Iterator[Problem]:
    value = node.value
    if type(value) is list and shape.item is not None:
        for index, item in enumerate(value):
            yield from _unknown(item, shape.child(index) or ANY, (*path, index), severity, whole)
    if type(value) is not dict:
        return
    if shape.kind == "mapping":
        if shape.item is not None:
            for key, child in value.items():
                yield from _unknown(child, shape.item, (*path, key), severity, whole)
        return
    if not shape.models:  # a mapping where something else stands is judged by pydantic
        return
    meant = shape.narrowed(value)
    shape = shape.taken(value) if whole else meant
    for key, child in value.items():
        below = shape.child(key)
        if below is None and meant.child(key) is not None:
            yield _passed_over(child, key, meant, path, value, severity)
        elif below is None:
            yield _problem(child, key, shape, path, value, severity)
        else:
            yield from _unknown(child, below, (*path, key), severity, whole)


def without_unknown(node: Node, shape: Shape) -> Node:
    """The tree without the keys that `unknown_keys` tells of; the same object when there are none."""
    value: Any = node.value
    if type(value) is list and shape.item is not None:
        value = [without_unknown(child, shape.child(index) or ANY) for index, child in enumerate(value)]
    elif type(value) is dict and (shape.models or shape.kind == "mapping"):
        shape = shape.narrowed(value)
        known = {key: (child, shape.child(key)) for key, child in value.items()}
        value = {key: without_unknown(child, below) for key, (child, below) in known.items() if below is not None}
    if value is node.value or _same(value, node.value):
        return node
    return Node(value, node.layer, node.at, node.key_at, node.under)


def _same(new: Any, old: Any) -> bool:
    if len(new) != len(old):
        return False
    if type(new) is list:
        return all(a is b for a, b in zip(new, old, strict=True))
    return all(new[key] is old[key] for key in new)


def _problem(node: Node, key: str, shape: Shape, path: Path, siblings: dict[str, Node], severity: Severity) -> Problem:
    from toriconfig._near import near, sure

    said = {known: sibling for known, sibling in siblings.items() if sibling.layer.kind != "defaults"}
    free = [known for known in shape.fields if known not in said]
    name = re.sub(_VALUE, "", key)
    candidate = sure(name, free) or near(name, free) or near(name, shape.fields)
    parent = f"`{show(path)}`" if path else "the schema"
    known = ", ".join(free if candidate in free or not candidate else shape.fields) or "nothing more"
    return Problem(
        "TC101",
        show((*path, key)),
        node.key_origin,
        expected=f"one of {known}",
        help=_remedy(candidate, said, parent),
        message=f"unknown key `{key}`",
        label=f"not a key of {parent}",
        severity=severity,
        fix=sure(key, free),
    )


def _passed_over(
    node: Node, key: str, meant: Shape, path: Path, siblings: dict[str, Node], severity: Severity
) -> Problem:
    """A key of a model of a union that cannot be the one, because it lacks another key."""
    lacking = [field.keys[0] for field in meant.fields.values() if field.required and not siblings.keys() & field.keys]
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(lacking))
    return Problem(
        "TC101",
        show((*path, key)),
        node.key_origin,
        expected=f"{names} beside it",
        help=f"set {names} too, or remove it",
        message=f"`{key}` goes with {names}, which no layer sets",
        label=f"goes with {names}",
        severity=severity,
    )


def _remedy(candidate: str | None, siblings: dict[str, Node], parent: str) -> str:
    if candidate is None:
        return f"remove it, or add it to the model behind {parent}"
    if candidate in siblings:
        return f"did you mean `{candidate}`, which is set at {siblings[candidate].key_origin}?"
    return f"did you mean `{candidate}`?"
