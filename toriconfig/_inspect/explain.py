"""Where a value came from, and what it beat, without showing a secret."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from toriconfig._core import path as paths
from toriconfig._core.origin import Origin
from toriconfig._core.path import Path, show
from toriconfig._core.tree import Node
from toriconfig._load.snapshot import Loaded
from toriconfig._masking.shown import masked, plain
from toriconfig._schema.renames import current
from toriconfig._schema.shape import Field, Shape
from toriconfig._secrets.secret import MASK, Secret, supply_of


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one layer says of a key: where, and the value as text, masked where it is a secret."""

    origin: Origin
    value: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where a value came from.

    Attributes:
        path: dotted key path.
        value: the value as text; the mask for a secret.
        origin: where it came from.
        losers: what lower layers say, highest first; the default last.
        secret: whether it is a secret; then the rest tells of the value in memory.
        reference: its place in Vault, or "".
        version: version in memory, or None.
        age: seconds since it was last confirmed, or None when it was not read yet.
        expires_at: seconds since 1970 at which it ends, or None.
        state: fresh, stale, missing or unread; "" for plain values.
        description: what the schema says of the key.
    """

    path: str
    value: str
    origin: Origin
    losers: tuple[Candidate, ...] = ()
    secret: bool = False
    reference: str = ""
    version: int | None = None
    age: float | None = None
    expires_at: float | None = None
    state: str = ""
    description: str = ""

    def __str__(self) -> str:
        from toriconfig._core.printable import clean

        rows = [(str(self.origin), self.value), *((str(loser.origin), loser.value) for loser in self.losers)]
        # Long addresses do not push everybody's values to the right.
        width = max((len(origin) for origin, _ in rows if len(origin) <= _COLUMN), default=0)
        lines = [f"{self.path} = {self.value}"]
        lines += [f"  {' ' if at else '>'} {origin:{width}}  {value}" for at, (origin, value) in enumerate(rows)]
        lines += [f"  {name + ':':10}{value}" for name, value in self._of_secret()] if self.secret else []
        lines += [f"  {line}" for line in self.description.splitlines()]
        return "\n".join(map(clean, lines))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """The text for IPython."""
        printer.text(str(self))

    def _repr_html_(self) -> str:
        """A table for notebooks, the winner first."""
        from toriconfig._render.html import table

        rows = [(self.origin, self.value), *((loser.origin, loser.value) for loser in self.losers)]
        return table(f"{self.path} = {self.value}", ("origin", "value"), rows)

    def _of_secret(self) -> Iterator[tuple[str, str]]:
        if self.reference:
            yield "vault", self.reference
        if self.version is not None:
            yield "version", str(self.version)
        yield "age", f"{self.age:.0f} s" if self.age is not None else "not read yet"
        if self.expires_at is not None:
            from datetime import UTC, datetime

            yield "expires", datetime.fromtimestamp(self.expires_at, UTC).isoformat(timespec="seconds")
        yield "state", self.state


_COLUMN = 60


def explain_in(loaded: Loaded, text: str) -> Explanation:
    """The explanation of the key at a dotted path.

    Raises:
        KeyError: the schema has no such key; the message names the nearest one.
    """
    path = _path_of(loaded, text)
    value, field, shape, keys = _walked(loaded, path, text)
    node = _node(loaded, path)
    description = field.info.description or "" if field is not None else ""
    if isinstance(value, Secret):
        supply = supply_of(value)
        return Explanation(
            show(path),
            MASK,
            value.origin,
            tuple(_losers(node, path, loaded, sealed=True)),
            True,
            value.reference or ", ".join(loaded.snapshot.declared.get(keys, ())),
            value.version,
            supply.age,
            value.expires_at,
            value.state,
            description,
        )
    shown = _text(path[-1], value)
    losers = tuple(_losers(node, path, loaded, sealed=_is_secret(shape) or shown == MASK))
    return Explanation(show(path), shown, origin_at(loaded, path), losers, description=description)


def value_at(loaded: Loaded, text: str) -> Any:
    """The value of the key at a dotted path.

    Raises:
        KeyError: the schema has no such key; the message names the nearest one.
    """
    return _walked(loaded, _path_of(loaded, text), text)[0]


def keys_at(loaded: Loaded, text: str) -> Path:
    """The dotted path as files spell it.

    Raises:
        KeyError: the schema has no such key; the message names the nearest one.
    """
    return _walked(loaded, _path_of(loaded, text), text)[3]


def _path_of(loaded: Loaded, text: str) -> Path:
    shape = loaded.snapshot.shape
    return _by_name(current(paths.parse(text), shape), shape)


def _by_name(path: Path, shape: Shape | None) -> Path:
    """The path with the name of a field in place of the way to it inside something else (`AliasPath`)."""
    for at, part in enumerate(path):
        field = _field(shape, part)
        for inside in (field.inside or ()) if field is not None else ():
            rest, way = path[at + 1 :], inside.path
            if rest[: len(way)] == way[: len(rest)]:
                return (*path[:at], inside.name, *rest[len(way) :])
        shape = shape.child(part) if shape is not None else None
    return path


def names_of(path: Path, shape: Shape) -> Path:
    """A path of file keys, or of names that were renamed since, by the names of the fields.

    Raises:
        KeyError: the schema has no such key; the message names the nearest one.
    """
    path = _by_name(current(path, shape), shape)
    names: Path = ()
    here = shape
    for at, part in enumerate(path):
        field = _field(here, part)
        below = field.shape if field is not None else here.child(part)
        if below is None:
            raise _no_key(show(path), path, at, None, here)
        names, here = (*names, field.name if field is not None else part), below
    return names


def _walked(loaded: Loaded, path: Path, text: str) -> tuple[Any, Field | None, Shape | None, Path]:
    """What stands at a path, its field and shape, and the path as files spell it."""
    value: Any = loaded.model
    shape: Shape | None = loaded.snapshot.shape
    field: Field | None = None
    keys: Path = ()
    for at, part in enumerate(path):
        field = _field(shape, part)
        try:
            value = _below(value, part, field)
        except LookupError:
            raise _no_key(text, path, at, value, shape) from None
        shape = (field.shape if field else shape.child(part)) if shape is not None else None
        keys = (*keys, field.keys[0] if field is not None else part)
    return value, field, shape, keys


def origin_at(loaded: Loaded, path: Path) -> Origin:
    """Where the value at `path` came from; the schema's default where no layer says anything."""
    node = _node(loaded, path)
    if node is None:
        return _default_origin(loaded, path)
    value: object = node.value
    return value.origin if isinstance(value, Secret) else node.origin


def _default_origin(loaded: Loaded, path: Path) -> Origin:
    return Origin("defaults", f"{loaded.snapshot.recipe.schema.__name__}.{show(path)}")


def _losers(node: Node | None, path: Path, loaded: Loaded, *, sealed: bool) -> Iterator[Candidate]:
    from toriconfig._schema.shape import ANY, confidential

    if node is None:
        return
    shape = _shape_at(loaded.snapshot.shape, path) or ANY
    sealed = sealed or confidential(shape)
    seen: set[Origin] = {node.origin}
    nodes = list(node.losers())
    if isinstance(node.value, Secret) and node.value.origin != node.origin and node.layer.kind != "defaults":
        nodes.insert(0, Node(MASK, node.layer, node.at))
        seen = {node.value.origin}
    for loser in nodes:
        if loser.origin not in seen:
            seen.add(loser.origin)
            yield Candidate(loser.origin, MASK if sealed else _text(path[-1], loser.plain()))
    parent = _shape_at(loaded.snapshot.shape, path[:-1])
    field = _field(parent, path[-1])
    told = any(one.layer.kind == "defaults" for one in (node, *nodes))
    default = field.default() if field is not None and not (field.required or told or sealed) else PydanticUndefined
    if default is not PydanticUndefined:
        yield Candidate(_default_origin(loaded, path), _text(path[-1], default))


def _below(value: Any, part: str | int, field: Field | None) -> Any:
    """What stands below `value`.

    Raises:
        LookupError: nothing does.
    """
    if getattr(value, "__pydantic_root_model__", False):
        return _below(value.root, part, field)
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
    """The key of a mapping that a part of a path spells: a number, a truth value and an Enum have spellings."""
    if part in held:
        return part
    spelt = {str(getattr(key, "value", key)).lower(): key for key in held}
    return spelt.get(str(part).lower() if part not in ("~", "null") else "none", part)


def _no_key(text: str, path: Path, at: int, value: Any, shape: Shape | None) -> KeyError:
    from toriconfig._core.suggest import near

    if value is None and _field(shape, path[at]) is not None:
        return KeyError(f"no key `{text}`: `{show(path[:at])}` is None")
    known = [key for key in shape.fields if key != path[at]] if shape is not None else []
    candidate = near(str(path[at]), known or ([str(key) for key in value] if isinstance(value, dict) else []))
    meant = show((*path[:at], candidate, *path[at + 1 :])) if candidate else ""
    return KeyError(f"no key `{text}`" + (f"; did you mean `{meant}`?" if meant else ""))


def _field(shape: Shape | None, part: str | int) -> Field | None:
    if shape is None or shape.kind != "model":
        return None
    found = shape.fields.get(str(part))
    return found or next((field for field in shape.fields.values() if field.name == part), None)


def _shape_at(shape: Shape | None, path: Path) -> Shape | None:
    for part in path:
        field = _field(shape, part)
        shape = field.shape if field is not None else shape.child(part) if shape is not None else None
    return shape


def _node(loaded: Loaded, path: Path) -> Node | None:
    """The node at a path of Python names or of file keys."""
    node: Node | None = loaded.snapshot.root
    shape: Shape | None = loaded.snapshot.shape
    for part in path:
        if node is None:
            return None
        field = _field(shape, part)
        if type(node.value) not in (dict, list):
            return _given_whole(node, field.name if field is not None else str(part))
        node = next((found for place in _places(shape, part, field) if (found := node.find(place)) is not None), None)
        shape = field.shape if field is not None else shape.child(part) if shape is not None else None
    return node


def _given_whole(node: Node, name: str) -> Node | None:
    """Where a part of an object or of a text is said: where all of it is, unless the object leaves it to its class."""
    unsaid = isinstance(node.value, BaseModel) and name not in node.value.model_fields_set
    return None if unsaid else Node(node.value, node.layer, node.at)


def _places(shape: Shape | None, part: str | int, field: Field | None) -> Iterator[Path]:
    """Where what a key or a field's name means may stand in the tree."""
    name = field.name if field is not None else part
    if field is None or field.inside is None:
        yield from ((key,) for key in (field.keys if field is not None else (part,)))
    if shape is not None and part in shape.names:
        yield (shape.names.index(str(part)),)
    for key, opening in shape.fields.items() if shape is not None else ():
        yield from ((key, *inside.path) for inside in opening.inside or () if inside.name == name)


def _is_secret(shape: Shape | None) -> bool:
    return shape is not None and shape.kind == "secret"


def _text(key: str | int, value: Any) -> str:
    shown = masked(key, plain(value))
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)
