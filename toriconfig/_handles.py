"""Puts a sealed handle into the tree wherever the schema has a `Secret`, so that validation never sees a value.

For each one it is decided, without the network, where it will be looked for: in the place that a reference in some
layer names, else in the one that the field names (`Ref`), else under its own path at `vault_path`; and which value of
a layer stands above Vault, or stands in for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from toriconfig._defaults import DEFAULTS, from_model
from toriconfig._derived import Fallback, Missing
from toriconfig._file_supply import FileSupply
from toriconfig._origin import LayerKind, Origin
from toriconfig._path import Path, show
from toriconfig._reference import Ref
from toriconfig._resolve import Template, failed
from toriconfig._secret import MASK, Secret, convert, handle, supply_of
from toriconfig._shape import Shape
from toriconfig._supply import Fixed, Supply
from toriconfig._templates import Parts, asks_vault, mapping_supply, spelt, template_supply, vault_supply
from toriconfig._tree import Node
from toriconfig.errors import Problem, SecretError


@dataclass
class Places:
    """Where secrets may be looked for in this load.

    Attributes:
        schema: name of the schema, for messages.
        cell: the shared supply of one Vault path and version; None when Vault is not configured.
        vault_path: KV path whose keys feed secrets, or None.
        layers: the layers that count, highest first.
        how_to_set: the variable that sets the secret at a path, or None.
        looked: sentence fragments naming where a secret was looked for.
        warn: told of a secret that is missing, or that a lower layer stands in for.
        kept: identities of handles made by an earlier load, which stay as they are.
    """

    schema: str
    cell: Callable[[str, int | None], Supply] | None
    vault_path: str | None
    layers: Sequence[LayerKind]
    how_to_set: Callable[[Path], str | None]
    looked: Sequence[str]
    warn: Callable[[Path, str], None]
    kept: frozenset[int] = frozenset()
    problems: list[Problem] = field(default_factory=list)
    secrets: dict[Path, Secret[Any]] = field(default_factory=dict)
    unsupplied: dict[Path, str] = field(default_factory=dict)

    @property
    def parts(self) -> Parts:
        """Where the pieces of a template come from."""
        return Parts(self.cell, self.secrets)


_NOWHERE = Origin("defaults", "nothing")


def put_handles(root: Node, shape: Shape, places: Places) -> Node:
    """The tree with handles for every secret; problems and secrets are gathered in `places`."""
    node = _walk(root, shape, (), places, frozenset())
    assert node is not None
    return node


def has_secrets(shape: Shape, seen: frozenset[type] = frozenset()) -> bool:
    """Whether a secret may stand at or below this shape."""
    if shape.kind == "secret":
        return True
    if shape.kind == "model":
        if seen.issuperset(shape.models):
            return False
        below = seen | set(shape.models)
        return any(has_secrets(entry.shape, below) for entry in shape.fields.values())
    return shape.item is not None and has_secrets(shape.item, seen)


def _walk(node: Node | None, shape: Shape, path: Path, places: Places, seen: frozenset[type]) -> Node | None:
    if shape.kind == "secret":
        return _secret(node, shape, path, places)
    if node is not None and type(node.value) is list and shape.item is not None and has_secrets(shape.item):
        items = [_walk(item, shape.item, (*path, index), places, frozenset()) for index, item in enumerate(node.value)]
        return _with(node, [item for item in items if item is not None])
    if node is not None and type(node.value) is dict and shape.kind == "mapping" and shape.item is not None:
        if not has_secrets(shape.item):
            return node
        pairs = {key: _walk(child, shape.item, (*path, key), places, frozenset()) for key, child in node.value.items()}
        return _with(node, {key: child for key, child in pairs.items() if child is not None})
    if shape.kind != "model" or not has_secrets(shape) or (node is not None and type(node.value) is not dict):
        return node
    if node is None and (shape.nullable or len(shape.models) != 1 or seen.issuperset(shape.models)):
        return None
    return _model(node, shape, path, places, seen | set(shape.models))


def _model(node: Node | None, shape: Shape, path: Path, places: Places, seen: frozenset[type]) -> Node | None:
    values: dict[str, Node] = dict(node.value) if node is not None else {}
    done: set[int] = set()
    for entry in shape.fields.values():
        if id(entry) in done or not has_secrets(entry.shape):
            continue
        done.add(id(entry))
        key = next((key for key in entry.keys if key in values), entry.keys[0])
        child = values.get(key)
        if child is None and not entry.required:
            child = _default(entry.default(), entry.shape, f"{entry.owner.__name__}.{entry.name}")
        made = _walk(child, entry.shape, (*path, key), places, seen)
        if made is not None:
            values[key] = made
        elif key in values:
            del values[key]
    if node is None:
        return Node(values, DEFAULTS, show(path)) if values else None
    return _with(node, values)


def _default(default: Any, shape: Shape, name: str) -> Node | None:
    """The default of a field as a node; None when handles below it can be made without one."""
    if shape.kind == "model" and hasattr(default, "model_fields_set"):
        return from_model(default, name)
    return Node(default, DEFAULTS, name) if isinstance(default, Secret) else None


def _secret(node: Node | None, shape: Shape, path: Path, places: Places) -> Node | None:
    if node is not None and id(node.value) in places.kept:
        places.secrets[path] = node.value
        return node
    candidates = [node, *node.losers()] if node is not None else []
    if any(failed(candidate.value) for candidate in candidates[:1]):
        return node
    place: Template | Ref | None = None
    literal: Node | None = None
    for candidate in candidates:
        if isinstance(candidate.value, Template) and asks_vault(candidate.value):
            place = place or candidate.value
        elif literal is None and candidate.value is not None:
            literal = candidate
    if "vault" not in places.layers:
        place = None
    elif place is None:
        place = _own_place(shape, path, places)
    lower = _lower(literal, shape, path, places) if literal is not None else None
    supply = _supply(place, literal, lower, shape, path, places)
    if supply is None:
        return Node(None, node.layer, node.at) if node is not None and shape.nullable else None
    secret = supply if isinstance(supply, Secret) else handle(supply, shape.inner, show(path))
    places.secrets[path] = secret
    if node is None:
        return Node(secret, DEFAULTS, show(path))
    return _with(node, secret)


def _supply(
    place: Template | Ref | None, literal: Node | None, lower: Supply | Secret[Any] | None, shape: Shape, path: Path, places: Places
) -> Supply | Secret[Any] | None:
    above = literal is not None and (place is None or _ranks_above_vault(literal, places))
    if above or place is None:
        if lower is None and literal is None:
            return _missing(None, shape, path, places)
        return lower
    reference = spelt(place)
    if places.cell is None:
        if lower is None and literal is None:
            return _missing(reference, shape, path, places)
        if lower is not None and literal is not None:
            places.warn(path, f"Vault is not configured, so `{show(path)}` comes from {_origin(literal, lower)} "
                              f"instead of {reference}")
        return lower
    first = vault_supply(place, places.parts, reference)
    if lower is None:
        return first
    stand_in = supply_of(lower) if isinstance(lower, Secret) else lower

    def warn(error: SecretError) -> None:
        places.warn(path, f"`{show(path)}` comes from {stand_in.origin} instead of {reference}: {error.message}")

    return Fallback(first, stand_in, warn)


def _own_place(shape: Shape, path: Path, places: Places) -> Ref | None:
    if shape.ref is not None:
        return shape.ref
    if places.vault_path is None or shape.models or any(isinstance(part, int) for part in path):
        return None
    return Ref(f"{places.vault_path}#{'.'.join(map(str, path))}")


def _ranks_above_vault(node: Node, places: Places) -> bool:
    order = list(places.layers)
    return node.layer.kind in order and order.index(node.layer.kind) < order.index("vault")


def _lower(node: Node, shape: Shape, path: Path, places: Places) -> Supply | Secret[Any] | None:
    """What a layer itself says; None after telling why it cannot be used."""
    value = node.value
    if isinstance(value, Secret):
        return value
    if isinstance(value, Template):
        return template_supply(value, places.parts)
    if node.layer.kind == "secrets_dir" and isinstance(node.at, str):
        return FileSupply(node.at, node.origin)
    if type(value) is dict:
        if any(isinstance(child.value, Template) for child in value.values()):
            return mapping_supply(node, places.parts)
        value = node.plain()
    if value == MASK:
        places.problems.append(_wrong("TC403", node, path, "the secret itself", "the mask of a secret was given as its value"))
        return None
    wrong = convert(shape.inner, value)[1]
    if wrong:
        places.problems.append(_wrong("TC402" if shape.models else "TC102", node, path, wrong, f"`{show(path)}` is not {wrong}"))
        return None
    return Fixed(value, node.origin)


def _missing(reference: str | None, shape: Shape, path: Path, places: Places) -> Supply | None:
    if shape.nullable:
        return None
    variable = places.how_to_set(path)
    looked = [*([f"Vault {reference} (Vault is not configured: set VAULT_ADDR)"] if reference else []), *places.looked]
    remedy = f"set {variable}" if variable else "set it in a layer, or name its place with `${vault:path#key}`"
    if reference:
        remedy += f", or configure Vault and store it at {reference}"
    message = f"the secret is not set; looked in: {', '.join(looked) or 'no layer at all'}"
    if shape.models and reference is None:
        places.problems.append(
            Problem("TC401", show(path), None, "a reference, a `Ref` or the whole value in one layer", remedy,
                    f"nothing supplies the secret `{show(path)}`")
        )
    else:
        places.warn(path, f"`{show(path)}`: {message}; {remedy}")
    places.unsupplied[path] = remedy
    return Missing(reference or "", message, remedy, Origin("vault", reference) if reference else _NOWHERE)


def _wrong(code: str, node: Node, path: Path, expected: str, message: str) -> Problem:
    return Problem(code, show(path), node.origin, expected, f"correct it in {node.origin}", message)


def _origin(node: Node, lower: Supply | Secret[Any]) -> Origin:
    return lower.origin if isinstance(lower, Secret) else node.origin


def _with(node: Node, value: Any) -> Node:
    return Node(value, node.layer, node.at, node.key_at, node.under)
