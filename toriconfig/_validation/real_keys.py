"""Conversion of mapping keys to the types that the schema requires.

A tree holds the YAML key `1` as text. A mapping whose keys may have any type gets the number instead.
"""

from __future__ import annotations

from typing import Any

from toriconfig._core.tree import Key, Node
from toriconfig._schema.shape import ANY, Shape

_NUMBERS = frozenset({int, float, bool, type(None)})


def with_real_keys(node: Node, shape: Shape) -> Any:
    """Return the value of a tree as plain data. Its mapping keys have the types that the schema requires."""
    value = node.value
    if type(value) is dict:
        shape = shape.narrowed(value) if shape.kind == "model" else shape
        return {real_key(key, shape): with_real_keys(child, shape.child(key) or ANY) for key, child in value.items()}
    if type(value) is list:
        return [with_real_keys(child, shape.child(at) or ANY) for at, child in enumerate(value)]
    return node.plain()


def real_key(key: str, shape: Shape) -> Any:
    """Return the parsed value of a mapping key (number, boolean or None) if the shape allows keys that are not text.

    Otherwise return the text of the key.
    """
    if type(key) is not Key:
        return key
    if shape.kind == "any":
        mapping = next((member for member in shape.members if member.kind == "mapping"), None)
        return key.value if mapping is None else real_key(key, mapping)
    keys = shape.keys if shape.kind == "mapping" else None
    if keys is None:
        return str(key)
    if keys.kind == "any":
        return key.value
    if keys.choices and any(type(one) is type(key.value) and one == key.value for one in keys.choices):
        return key.value
    return str(key) if _NUMBERS.isdisjoint(keys.scalars) else key.value
