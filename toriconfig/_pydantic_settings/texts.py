"""Text that pydantic-settings leaves undecoded, read by the shape of the schema like the text of a plain model."""

from __future__ import annotations

from typing import Any

from toriconfig._core.path import Path
from toriconfig._core.problem import Problem
from toriconfig._core.tree import Node, Positions
from toriconfig._load.text_values import JsonText, declared, structured, unmarked
from toriconfig._schema.shape import ANY, Shape


def read_by_shape(node: Node, shape: Shape, problems: list[Problem], *, decodes: bool, path: Path = ()) -> Node | None:
    """Read the text of a source of variables by `shape`; `XS__0` becomes a position of the list `xs`.

    Args:
        decodes: whether the class has JSON in text decoded (`enable_decoding`).

    Returns:
        The node; None for text that sets nothing.
    """
    value = node.value
    if isinstance(value, str) and not isinstance(value, JsonText):
        return structured(node, shape, path, problems) if decodes or shape.kind == "scalar" else node
    if type(value) is dict:
        value = _mapping(value, shape, problems, decodes, path)
    elif type(value) is list:
        items = (
            (at, read_by_shape(child, shape.child(at) or ANY, problems, decodes=decodes, path=(*path, at)))
            for at, child in enumerate(value)
        )
        value = [item for _, item in items if item is not None]
    else:
        value = unmarked(value, shape)
    return Node(value, node.layer, node.at, node.key_at, node.under)


def _mapping(value: dict[str, Node], shape: Shape, problems: list[Problem], decodes: bool, path: Path) -> Any:
    choices = shape.keys.choices if shape.keys is not None else ()
    read: dict[Any, Node] = {}
    for key, child in value.items():
        at: str | int = _position(key, shape) if shape.kind == "sequence" else declared(key, choices)
        below = shape.child(at) or ANY
        node = read_by_shape(child, below, problems, decodes=decodes, path=(*path, at))
        if node is not None:
            read[at] = node
    positions = shape.kind == "sequence" and bool(read) and all(isinstance(at, int) for at in read)
    return Positions(read) if positions else read


def _position(key: str, shape: Shape) -> str | int:
    names = [name.lower() for name in shape.names]
    if key.lower() in names:
        return names.index(key.lower())
    return int(key) if key.isascii() and key.isdigit() and not shape.unordered else key
