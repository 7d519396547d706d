"""Correction of case: a `dict` key from a variable's name is spelt as the same key in the schema or another layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from toriconfig._core.path import Path
from toriconfig._core.tree import Key, Node, Positions
from toriconfig._schema.shape import ANY, Shape

Existing = Callable[[Path], Iterable[str]]
"""Function that returns the keys that other layers, or a default of the schema, have in the mapping at a path."""


def respelt(path: Path, shape: Shape, existing: Existing) -> Path:
    """Return `path` with each key of a `dict` field replaced by the known key that differs only in case, if any.

    Known keys are the values of a `Literal` or Enum key type, and the keys in other layers and in the default.
    """
    here: Shape | None = shape
    spelt: Path = ()
    for part in path:
        free = here is not None and type(part) is str and here.kind in ("mapping", "any")
        spelt = (*spelt, _known_key(part, here, existing(spelt)) if free and here is not None else part)
        here = here.child(part) if here is not None else None
    return spelt


def existing_keys(shape: Shape, roots: list[Node], fitted: list[tuple[Any, Node]]) -> Existing:
    """Return a function that takes a path, and returns the keys directly below the path in the layers and defaults.

    Args:
        shape: the shape of the schema.
        roots: the trees of all layers, as read. Trees of variables and secret files in this list are ignored,
            because their names are not yet keys of the schema.
        fitted: `(layer, tree)` for each tree whose names are already converted to keys of the schema.
    """
    files = [root for root in roots if not root.layer.text]

    def at(path: Path) -> Iterable[str]:
        found = [root.find(path) for root in [*files, *(root for _, root in fitted)]]
        keys = [key for node in found if node is not None and type(node.value) is dict for key in node.value]
        parent = shape.at(path[:-1]) if path else None
        field = parent.fields.get(str(path[-1])) if parent is not None else None
        default = None if field is None or field.required else field.default()
        declared = [str(getattr(key, "value", key)) for key in default] if isinstance(default, Mapping) else []
        return keys + declared

    return at


def respelt_tree(root: Node, shape: Shape, delimiter: str | None, existing: Existing, path: Path = ()) -> Node:
    """Return `root` with the case of each `dict` key corrected: `host` becomes the known key `Host`.

    Known keys are the values of a `Literal` or Enum key type, and the keys that `existing` returns. A key from JSON
    text is not changed.

    Args:
        root: the tree of a source that has converted the names of variables to lower case.
        shape: the shape of `root`.
        delimiter: separator of nested keys in names, or None.
        existing: function that returns the keys at a path in other layers and in the default.
        path: the path of `root`.
    """
    if type(root.value) is not dict:
        return root
    values: dict[str, Node] = {}
    free = bool(path) and shape.kind in ("mapping", "any")
    for key, child in root.value.items():
        name = _known_key(key, shape, existing(path)) if free and _is_named(child, key, delimiter or "") else key
        values[name] = respelt_tree(child, shape.child(name) or ANY, delimiter, existing, (*path, name))
    return Node(values, root.layer, root.at, root.key_at, root.under)


def _is_named(node: Node, key: str, delimiter: str) -> bool:
    """Return True if `key` is a part of a variable's name; False if it was decoded from JSON text."""
    origin = node.origin
    return origin == node.layer.locate(()) or (origin.name or origin.source).lower().endswith((delimiter + key).lower())


def has_positions(node: Node) -> bool:
    """Return True if a list in the tree is set by single items (`Positions`)."""
    if type(node.value) is list:
        return any(map(has_positions, node.value))
    return type(node.value) is Positions or (type(node.value) is dict and any(map(has_positions, node.value.values())))


def _known_key(part: Any, shape: Shape, existing: Iterable[str]) -> str:
    for choice in shape.keys.choices if shape.keys is not None else ():
        text = str(choice)
        if text.lower() == part.lower():
            return text if isinstance(choice, str) else Key(text, choice)
    keys = [key for key in existing if key.lower() == part.lower()]
    return part if not keys or part in keys else keys[0]
