"""The lowest layer: defaults of the schema, which supply the parts of a value that no other layer sets."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Literal, get_origin

from pydantic import BaseModel

from toriconfig._core.origin import Origin
from toriconfig._core.path import Path, show
from toriconfig._core.problem import Problem
from toriconfig._core.tree import Key, Layer, Node, Positions
from toriconfig._load.merge import merge, positioned
from toriconfig._load.snapshot import snapshot_of
from toriconfig._schema.keys import place_of
from toriconfig._schema.shape import ANY, Field, Shape, fields_of, reads_itself
from toriconfig._validation.unknown_keys import without_unknown

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def _locate(name: Any) -> Origin:
    return Origin("defaults", str(name))


DEFAULTS = Layer("defaults", "defaults", _locate)
"""The layer of the schema's own defaults; the `at` of its nodes is `Class.field`."""


def with_defaults(root: Node, shape: Shape, known: Node | None = None) -> Node:
    """Return `root` with each mapping, and each list with a `Merge` rule, merged over the default of its field.

    Fields that no layer sets stay absent from the tree; pydantic sets their defaults.

    Args:
        known: a lower tree that already has defaults, or None. A key in this tree gets no default again.
    """
    values: dict[str, Node] | None = None
    shape = shape.narrowed(root.value)
    for key, node in root.value.items():
        field = shape.fields.get(key)
        if field is None or (type(node.value) is not dict and field.shape.merge is None):
            continue
        new = _below(node, field, known.find((key,)) if known is not None else None)
        if new is not node:
            values = dict(root.value) if values is None else values
            values[key] = new
    return root if values is None else Node(values, root.layer, root.at, root.key_at, root.under)


def whole_lists(node: Node, shape: Shape, problems: list[Problem], path: Path = (), field: Field | None = None) -> Node:
    """Return `node` with each `Positions` (some items of a list) at or below it replaced by a list.

    Missing items come from the default of the field. If the default has no such item, the list ends there, and a
    problem is appended to `problems`.
    """
    value: Any = node.value
    if type(value) is Positions:
        default = None if field is None or field.required else as_node(field.default(), field.place, shape)
        known = default.value if default is not None and type(default.value) is list else []
        value = positioned(known, value, shape, problems, path)
    if type(value) is dict:
        below = {key: (child, shape.child(key) or ANY, shape.fields.get(key)) for key, child in value.items()}
        value = {key: whole_lists(child, of, problems, (*path, key), its) for key, (child, of, its) in below.items()}
    elif type(value) is list:
        value = [whole_lists(item, shape.child(at) or ANY, problems, (*path, at)) for at, item in enumerate(value)]
    else:
        return node
    return Node(value, node.layer, node.at, node.key_at, node.under)


def _below(node: Node, field: Field, known: Node | None) -> Node:
    shape = field.shape
    # A null that the field accepts also removes the default of the schema.
    none = shape.nullable and any(loser.value is None for loser in node.losers())
    low = _default(field) if known is None and not none else None
    if low is not None:
        node, known = merge(low, node, shape, []), low
    if shape.kind == "model" and type(node.value) is dict:
        return with_defaults(node, shape, known)
    return node


def _default(field: Field) -> Node | None:
    if field.required or field.shape.kind not in ("model", "mapping", "sequence"):
        return None
    default = field.default()
    if isinstance(default, BaseModel) and not default.model_fields_set and len(field.shape.models) < 2:
        return None
    if field.shape.kind != "sequence" or field.shape.merge is not None:
        node = as_node(default, field.place, field.shape)
        # The default may be an object of a subclass, but the merged value is an object of the declared class.
        return without_unknown(node, field.shape) if type(node.value) in (dict, list) else None
    return None


def as_node(value: Any, name: str, shape: Shape) -> Node:
    """Return a value of the schema as a node.

    Mappings, lists and objects of the classes in `shape` become nested nodes.

    Args:
        value: the value, such as a default.
        name: the origin of the node, as text such as `App.database`.
        shape: the shape of the value.
    """
    classes = shape.models or tuple(of for one in shape.members for of in one.models)
    if classes and not set(type(value).__mro__).isdisjoint(classes):
        known = snapshot_of(value) if reads_itself(type(value)) else None
        node = from_object(value, name)
        return _as_read(node, known.root) if known is not None else node
    if isinstance(value, Mapping):
        spelt = {_spelt(key): item for key, item in value.items()}
        return Node(
            {key: _item(item, f"{name}.{show((key,))}", shape, key) for key, item in spelt.items()}, DEFAULTS, name
        )
    if isinstance(value, (list, tuple, AbstractSet)):
        return Node([_item(item, name, shape, at) for at, item in enumerate(value)], DEFAULTS, name)
    return Node(value, DEFAULTS, name)


def _spelt(key: Any) -> str:
    """Return a mapping key as text. For an Enum member, use the value of the member.

    A number, a boolean or None becomes a `Key`, a `str` with the original value as an attribute.
    """
    said = getattr(key, "value", key)
    return Key(str(said), said) if isinstance(said, (int, float)) or said is None else str(said)


def _item(value: Any, name: str, shape: Shape, key: str | int) -> Node:
    return as_node(value, name, shape.child(key) or ANY)


def _as_read(node: Node, known: Node) -> Node:
    """Return `node`, in which each value has the layer and position of the value at the same path in `known`.

    A mapping key that is not in `known` is not changed.
    """
    value = node.value
    if type(value) is dict:
        parts = known.value if type(known.value) is dict else dict.fromkeys(value, known)
        value = {key: _as_read(child, parts[key]) if key in parts else child for key, child in value.items()}
    return Node(value, known.layer, known.at, known.key_at, known.under)


def from_object(value: Any, name: str) -> Node:
    """Return a model or dataclass object as a mapping node.

    Fields of a model that were not set are omitted, except fields of a `Literal` type, which may identify the
    class.

    Args:
        value: the object.
        name: the origin of the node, as text such as `App.database`. The origin of a field is `name.field`.
    """
    kind = type(value)
    if isinstance(value, BaseModel):
        infos: Mapping[str, FieldInfo] = kind.model_fields
        held = value.__dict__ | (value.model_extra or {})  # `getattr` warns of deprecated fields
        tags = {field for field, info in infos.items() if get_origin(info.annotation) is Literal}
        said = {field: held[field] for field in sorted(value.model_fields_set | (tags & held.keys()))}
    else:
        from toriconfig._schema.records import record_fields

        infos = record_fields(kind)
        said = {field: getattr(value, field) for field in infos}
    shapes = {field.name: field.shape for field in fields_of(kind).values() if field.inside is None}
    node = Node({}, DEFAULTS, name)
    for field, below in said.items():
        place = place_of(kind, field, infos[field]) if field in infos else (field,)
        node = placed(node, place, as_node(below, f"{name}.{field}", shapes.get(field, ANY)))
    return node


def placed(node: Node, place: Path, value: Node) -> Node:
    """Return `node` with `value` at the path `place` below it.

    A missing parent is created. A parent of the wrong type is replaced: a key needs a mapping, a position needs a list.
    """
    if not place:
        return value
    part, *rest = place
    below = Node(None, DEFAULTS, node.at)
    if isinstance(part, str):
        values = dict(node.value) if type(node.value) is dict else {}
        return Node(values | {part: placed(values.get(part, below), tuple(rest), value)}, node.layer, node.at)
    items = list(node.value) if type(node.value) is list else []
    items += [below] * (max(part + 1, -part) - len(items))
    items[part] = placed(items[part], tuple(rest), value)
    return Node(items, node.layer, node.at)
