"""The lowest layer: what the schema itself says, where a higher layer says only part of it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from toriconfig._origin import Origin
from toriconfig._shape import Field, Shape
from toriconfig._tree import Layer, Node


def _locate(name: Any) -> Origin:
    return Origin("defaults", str(name))


DEFAULTS = Layer("defaults", "defaults", _locate)
"""The layer of the schema's own defaults; the `at` of its nodes is `Class.field`."""


def with_defaults(root: Node, shape: Shape) -> Node:
    """`root` with the default of each mapping, and of each model that has one, put below what layers say of it.

    Fields of which no layer says anything are left to pydantic.
    """
    values: dict[str, Node] | None = None
    for key, node in root.value.items():
        field = shape.fields.get(key)
        if field is None or (type(node.value) is not dict and field.shape.merge is None):
            continue
        new = _below(node, field)
        if new is not node:
            values = dict(root.value) if values is None else values
            values[key] = new
    return root if values is None else Node(values, root.layer, root.at, root.key_at, root.under)


def _below(node: Node, field: Field) -> Node:
    shape = field.shape
    name = f"{field.owner.__name__}.{field.name}"
    low: Node | None = None
    if not field.required and shape.kind in ("model", "mapping", "sequence"):
        default = field.default()
        if isinstance(default, BaseModel) and shape.kind == "model":
            low = from_model(default, name) if default.model_fields_set else None
        elif isinstance(default, dict) and shape.kind == "mapping":
            low = Node({str(key): Node(value, DEFAULTS, name) for key, value in default.items()}, DEFAULTS, name)
        elif isinstance(default, (list, set, frozenset, tuple)) and shape.merge is not None:
            low = Node([Node(value, DEFAULTS, name) for value in default], DEFAULTS, name)
    if low is not None:
        from toriconfig._merge import merge

        node = merge(low, node, shape, [])
    return with_defaults(node, shape) if shape.kind == "model" and type(node.value) is dict else node


def from_model(model: BaseModel, name: str) -> Node:
    """What a model that stands as a default says, as a node; fields it leaves to its class are left out."""
    keys = {field.name: key for key, field in reversed(Shape("model", models=(type(model),)).fields.items())}
    values: dict[str, Node] = {}
    for field in model.model_fields_set:
        value = getattr(model, field)
        at = f"{name}.{field}"
        values[keys.get(field, field)] = from_model(value, at) if isinstance(value, BaseModel) else Node(value, DEFAULTS, at)
    return Node(values, DEFAULTS, name)
