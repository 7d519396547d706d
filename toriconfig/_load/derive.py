"""The tree over which `replace` and `override` merge their updates, made from loaded settings."""

from __future__ import annotations

import copy
from typing import Any

from pydantic import BaseModel

from toriconfig._core.tree import Node
from toriconfig._load.defaults import DEFAULTS, as_node, from_object
from toriconfig._load.freeze import freeze
from toriconfig._load.snapshot import Loaded, remember
from toriconfig._schema.shape import ANY, Field, Shape, root_shape
from toriconfig._validation.unknown_keys import without_unknown


def copied(loaded: Loaded) -> Loaded | None:
    """Return a deep copy of loaded settings, without validation; None if an object in them cannot be copied."""
    try:
        model = copy.deepcopy(loaded.model)
    except Exception:  # noqa: BLE001 - any `__deepcopy__`
        return None
    freeze(model)
    twin = Loaded(model, loaded.snapshot)
    remember(twin)
    return twin


def carried(root: Node, given: Node, model: BaseModel) -> Node:
    """Return the tree of an earlier load in a form over which `given` can be merged.

    Two things are changed. The values of default factories that differ at each call are added, so that they stay the
    same. An object of which `given` sets only a part becomes a mapping.

    Args:
        root: the values of the layers.
        given: the values that will be merged over `root`.
        model: the model that was built from `root`.
    """
    values: dict[str, Node] = dict(root.value)
    for field in {id(field): field for field in root_shape(type(model)).fields.values()}.values():
        current = model.__dict__.get(field.name)
        key = next((key for key in field.keys if key in values), field.keys[0])
        above = next((given.value[key] for key in field.keys if key in given.value), None)
        node = values.get(key)
        if node is None and _is_unlike_another(field, model):
            node = as_node(current, field.place, field.shape)
        node = _standing(node, above, current, field.shape, field.place)
        if node is not None:
            values[key] = node
    return Node(values, root.layer, root.at, root.key_at, root.under)


def _standing(node: Node | None, above: Node | None, current: Any, shape: Shape, place: str) -> Node | None:
    """Return `node` in a form over which `above` can be merged.

    If `above` is a mapping, and `current` is a model or dataclass object, the result is a mapping of the fields of
    `current`. The fields that `above` does not set then keep their values.

    Args:
        node: the node, or None.
        above: the higher node, or None.
        current: the value of the model at the path of `node`.
        shape: the shape of the value.
        place: the origin of the result if `node` is None, as text such as `App.database`.
    """
    above = above if above is not None and type(above.value) is dict else None
    if hasattr(current, "__dataclass_fields__") or (
        isinstance(current, BaseModel) and not getattr(current, "__pydantic_root_model__", False)
    ):
        return _object(node, above, current, shape, place)
    if node is None:
        return None
    value: Any = node.value
    if type(value) is dict and isinstance(current, dict):
        known = {str(key): item for key, item in current.items()}
        value = {
            key: _standing(child, above and above.find((key,)), known.get(key), shape.child(key) or ANY, place)
            for key, child in value.items()
        }
    elif type(value) is list and isinstance(current, (list, tuple)) and len(value) == len(current):
        value = [
            _standing(child, None, item, shape.child(at) or ANY, place)
            for at, (child, item) in enumerate(zip(value, current, strict=True))
        ]
    else:
        return node
    return Node(value, node.layer, node.at, node.key_at, node.under)


def _object(node: Node | None, above: Node | None, current: Any, shape: Shape, place: str) -> Node | None:
    in_part = node is not None and type(node.value) is dict
    if above is not None and not in_part:
        apart = from_object(current, place)
        node = apart if node is None else _said_by(node, apart)
    elif node is None or not in_part:
        return node
    elif above is None and type(current) not in shape.models:
        # The schema does not name this class, so the object stays one node.
        return Node(current, node.layer, node.at)
    known = without_unknown(node, shape)
    return carried(known, above or _NOTHING, current) if isinstance(current, BaseModel) else known


def _said_by(whole: Node, part: Node) -> Node:
    """Return `part`, and every node below it, with the layer and position of `whole`."""
    value = part.value
    if type(value) is dict:
        value = {key: _said_by(whole, child) for key, child in value.items()}
    elif type(value) is list:
        value = [_said_by(whole, child) for child in value]
    return Node(value, whole.layer, whole.at, whole.key_at)


def _is_unlike_another(field: Field, model: BaseModel) -> bool:
    """Return True if the field's value comes from a default_factory whose second call fails or returns another value.

    Return False for a factory that takes the other fields, and for a value that cannot be copied.
    """
    factory: Any = field.info.default_factory
    if factory is None or field.info.default_factory_takes_validated_data or field.name in model.model_fields_set:
        return False
    current = model.__dict__[field.name]
    return not _gives(factory, current) and _can_be_copied(current)


def _gives(factory: Any, value: Any) -> bool:
    try:
        return bool(factory() == value)
    except Exception:  # noqa: BLE001 - user code
        return False


def _can_be_copied(value: Any) -> bool:
    try:
        copy.deepcopy(value)
    except Exception:  # noqa: BLE001 - any `__deepcopy__`
        return False
    return True


_NOTHING = Node({}, DEFAULTS)
