"""Lookup of the value, field, node and origin at a dotted path of loaded settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from toriconfig._core import path as paths
from toriconfig._core.origin import Origin
from toriconfig._core.path import Path, show
from toriconfig._core.tree import Key, Node
from toriconfig._load.snapshot import Loaded
from toriconfig._schema.renames import current
from toriconfig._schema.shape import Field, Shape
from toriconfig._secrets.secret import Secret


def value_at(loaded: Loaded, text: str) -> Any:
    """Return the value at a dotted path.

    Raises:
        KeyError: there is no value at the path; the message names the most similar key, if there is one.
    """
    return walked(loaded, path_of(loaded, text), text)[0]


def keys_at(loaded: Loaded, text: str) -> Path:
    """Return a dotted path as a tuple of keys, as files spell them.

    Raises:
        KeyError: there is no value at the path; the message names the most similar key, if there is one.
    """
    return walked(loaded, path_of(loaded, text), text)[3]


def path_of(loaded: Loaded, text: str) -> Path:
    shape = loaded.snapshot.shape
    return by_name(current(paths.parse(text), shape), shape)


def by_name(path: Path, shape: Shape | None) -> Path:
    """Return `path` with the keys of the first pydantic `AliasPath` in it replaced by the name of the field.

    For a field `host` with `AliasPath("db", "name")`, the path `("db", "name")` becomes `("host",)`.
    """
    for at, part in enumerate(path):
        field = field_at(shape, part)
        for inside in (field.inside or ()) if field is not None else ():
            rest, way = path[at + 1 :], inside.path
            if rest[: len(way)] == way[: len(rest)]:
                return (*path[:at], inside.name, *rest[len(way) :])
        shape = shape.child(part) if shape is not None else None
    return path


def names_of(path: Path, shape: Shape) -> Path:
    """Return `path` with aliases and renamed keys replaced by the names of the Python fields.

    Raises:
        KeyError: the schema has no such path; the message names the most similar key, if there is one.
    """
    path = by_name(current(path, shape), shape)
    names: Path = ()
    here = shape
    for at, part in enumerate(path):
        field = field_at(here, part)
        below = field.shape if field is not None else here.child(part)
        if below is None:
            raise no_key(show(path), path, at, None, here)
        names, here = (*names, field.name if field is not None else part), below
    return names


def walked(loaded: Loaded, path: Path, text: str) -> tuple[Any, Field | None, Shape | None, Path]:
    """Return `(value, field, shape, keys)` of the value at a path in a loaded model.

    `keys` is the path as files spell it. `field` is None for an item of a list or mapping. `shape` is None if the
    schema does not describe the value.

    Args:
        text: the path as text, for the message.

    Raises:
        KeyError: there is no value at the path; the message names the most similar key, if there is one.
    """
    value: Any = loaded.model
    shape: Shape | None = loaded.snapshot.shape
    field: Field | None = None
    keys: Path = ()
    for at, part in enumerate(path):
        field = field_at(shape, part)
        try:
            value = value_below(value, part, field)
        except LookupError:
            raise no_key(text, path, at, value, shape) from None
        shape = (field.shape if field else shape.child(part)) if shape is not None else None
        keys = (*keys, field.keys[0] if field is not None else part)
    return value, field, shape, keys


def origin_at(loaded: Loaded, path: Path) -> Origin:
    """Return the origin of the value at `path`. If no layer sets the value, return the origin of the default."""
    node = node_at(loaded, path)
    if node is None:
        return default_origin(loaded, path)
    value: object = node.value
    return value.origin if isinstance(value, Secret) else node.origin


def default_origin(loaded: Loaded, path: Path) -> Origin:
    return Origin("defaults", f"{loaded.snapshot.recipe.schema.__name__}.{show(path)}")


def value_below(value: Any, part: str | int, field: Field | None) -> Any:
    """Return the item or attribute of `value` that `part` names.

    Raises:
        LookupError: `value` has no such part.
    """
    if getattr(value, "__pydantic_root_model__", False):
        return value_below(value.root, part, field)
    if isinstance(value, BaseModel):  # not by `getattr`, which warns of deprecated fields
        held = value.__dict__ | (value.model_extra or {})
        return held[field.name if field is not None else str(part)]
    try:
        if isinstance(value, dict):
            return value[_held_key(value, part)]
        if isinstance(value, tuple) and isinstance(part, str):
            return getattr(value, part) if part in getattr(value, "_fields", ()) else value[len(value)]
        outer: Any = value
        return getattr(outer, field.name) if field is not None else outer[part]
    except (AttributeError, TypeError):
        raise LookupError(part) from None


def _held_key(held: Mapping[Any, Any], part: str | int) -> Any:
    """Return the key of `held` that `part` spells, or `part` if there is none.

    A path spells numbers, booleans and Enum members as text.
    """
    if isinstance(part, Key) and part.value in held:
        return part.value
    if part in held:
        return part
    spelt = {str(getattr(key, "value", key)).lower(): key for key in held}
    return spelt.get(str(part).lower() if part not in ("~", "null") else "none", part)


def no_key(text: str, path: Path, at: int, value: Any, shape: Shape | None) -> KeyError:
    from toriconfig._core.suggest import near

    if value is None and field_at(shape, path[at]) is not None:
        return KeyError(f"no key `{text}`: `{show(path[:at])}` is None")
    known = [key for key in shape.fields if key != path[at]] if shape is not None else []
    candidate = near(str(path[at]), known or ([str(key) for key in value] if isinstance(value, dict) else []))
    meant = show((*path[:at], candidate, *path[at + 1 :])) if candidate else ""
    return KeyError(f"no key `{text}`" + (f"; did you mean `{meant}`?" if meant else ""))


def field_at(shape: Shape | None, part: str | int) -> Field | None:
    if shape is None or shape.kind != "model":
        return None
    found = shape.fields.get(str(part))
    return found or next((field for field in shape.fields.values() if field.name == part), None)


def shape_at(shape: Shape | None, path: Path) -> Shape | None:
    for part in path:
        field = field_at(shape, part)
        shape = field.shape if field is not None else shape.child(part) if shape is not None else None
    return shape


def node_at(loaded: Loaded, path: Path) -> Node | None:
    """Return the node at a path of field names or aliases; None if no layer sets a value there."""
    node: Node | None = loaded.snapshot.root
    shape: Shape | None = loaded.snapshot.shape
    for part in path:
        if node is None:
            return None
        field = field_at(shape, part)
        if type(node.value) not in (dict, list):
            return _given_whole(node, field.name if field is not None else str(part))
        node = next((found for place in _places(shape, part, field) if (found := node.find(place)) is not None), None)
        shape = field.shape if field is not None else shape.child(part) if shape is not None else None
    return node


def _given_whole(node: Node, name: str) -> Node | None:
    """Return a node with the position of the object in `node`, for the field `name` of this object.

    If the object is a pydantic model in which the field was not set, return None.
    """
    unsaid = isinstance(node.value, BaseModel) and name not in node.value.model_fields_set
    return None if unsaid else Node(node.value, node.layer, node.at)


def _places(shape: Shape | None, part: str | int, field: Field | None) -> Iterator[Path]:
    """Yield each path, relative to the parent, at which `part` may be set.

    A path is a key, the path of an `AliasPath`, or an index if the parent is a named tuple.
    """
    name = field.name if field is not None else part
    if field is None or field.inside is None:
        yield from ((key,) for key in (field.keys if field is not None else (part,)))
    if shape is not None and part in shape.names:
        yield (shape.names.index(str(part)),)
    for key, opening in shape.openings.items() if shape is not None else ():
        yield from ((key, *inside.path) for inside in opening.inside or () if inside.name == name)
