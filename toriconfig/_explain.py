"""Where a value came from, and what it beat, without showing a secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from toriconfig import _path
from toriconfig._origin import Origin
from toriconfig._path import Path, show
from toriconfig._secret import MASK, Secret, supply_of
from toriconfig._shape import Field, Shape
from toriconfig._snapshot import Loaded
from toriconfig._tree import Node


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
        lines = [f"{self.path} = {self.value}", f"  from {self.origin}"]
        lines += [f"  over {loser.origin}: {loser.value}" for loser in self.losers]
        if self.secret:
            age = f"{self.age:.0f} s old" if self.age is not None else "not read yet"
            lines.append(f"  {self.state}, {age}" + (f", version {self.version}" if self.version is not None else ""))
        return "\n".join(lines)


def explain_in(loaded: Loaded, text: str) -> Explanation:
    """The explanation of the key at a dotted path.

    Raises:
        KeyError: the schema has no such key; the message names the nearest one.
    """
    path = _path.parse(text)
    value = loaded.model
    shape: Shape | None = loaded.snapshot.shape
    field: Field | None = None
    for part in path:
        field = _field(shape, part)
        value = _value(value, part, field, text, shape)
        shape = (field.shape if field else shape.child(part)) if shape is not None else None
    node = _node(loaded, path)
    losers = tuple(_losers(node, path, loaded, sealed=isinstance(value, Secret) or _is_secret(shape)))
    description = field.info.description or "" if field is not None else ""
    if isinstance(value, Secret):
        supply = supply_of(value)
        return Explanation(
            show(path), MASK, value.origin, losers, True, value.reference, value.version, supply.age, value.expires_at,
            value.state, description,
        )
    return Explanation(show(path), _text(value), origin_at(loaded, path), losers, description=description)


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
    from toriconfig._shape import ANY, has_secrets

    if node is None:
        return
    shape = _shape_at(loaded.snapshot.shape, path) or ANY
    sealed = sealed or shape.sealed or (shape is not ANY and has_secrets(shape))
    seen: set[Origin] = {node.origin}
    nodes = list(node.losers())
    if isinstance(node.value, Secret) and node.value.origin != node.origin and node.layer.kind != "defaults":
        nodes.insert(0, Node(MASK, node.layer, node.at))
        seen = {node.value.origin}
    for loser in nodes:
        if loser.origin not in seen:
            seen.add(loser.origin)
            yield Candidate(loser.origin, MASK if sealed else _text(loser.plain()))
    parent = _shape_at(loaded.snapshot.shape, path[:-1])
    field = _field(parent, path[-1])
    told = any(one.layer.kind == "defaults" for one in (node, *nodes))
    if field is not None and not field.required and not told and not sealed:
        yield Candidate(_default_origin(loaded, path), _text(field.default()))


def _value(value: Any, part: str | int, field: Field | None, text: str, shape: Shape | None) -> Any:
    if field is not None:
        return getattr(value, field.name)
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        found = getattr(value, str(part), None) if hasattr(value, "model_fields_set") else None
        if found is not None and str(part) in (value.model_extra or {}):
            return found
    from toriconfig._near import near

    known = list(shape.fields) if shape is not None and shape.fields else [str(key) for key in value] if isinstance(value, dict) else []
    candidate = near(str(part), known)
    raise KeyError(f"no key `{text}`" + (f"; did you mean `{candidate}`?" if candidate else ""))


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
        keys: tuple[str | int, ...] = field.keys if field is not None else (part,)
        node = next((found for key in keys if (found := node.find((key,))) is not None), None)
        shape = field.shape if field is not None else shape.child(part) if shape is not None else None
    return node


def _is_secret(shape: Shape | None) -> bool:
    return shape is not None and shape.kind == "secret"


def _text(value: Any) -> str:
    from toriconfig._frames import mask_line as scrub

    if isinstance(value, str):
        return scrub(value)
    if hasattr(value, "model_dump_json"):
        return scrub(str(value.model_dump_json()))
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return scrub(str(sorted(value) if isinstance(value, (set, frozenset)) else value))
