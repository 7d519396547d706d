"""Explanation of a value: its origin, and the overridden values of other layers. Secrets are masked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticUndefined

from toriconfig._core.markers import scheme_of
from toriconfig._core.mask import MASK
from toriconfig._core.origin import Origin
from toriconfig._core.path import Path, show
from toriconfig._core.tree import Node
from toriconfig._load.lookup import default_origin, field_at, node_at, origin_at, path_of, shape_at, walked
from toriconfig._load.snapshot import Loaded
from toriconfig._masking.shown import masked, plain
from toriconfig._schema.shape import Shape
from toriconfig._secrets.secret import Secret, provider_of


@dataclass(frozen=True, slots=True)
class Candidate:
    """Value that one layer sets for a key.

    Attributes:
        origin: origin of the value.
        value: the value as text; the mask for a secret.
    """

    origin: Origin
    value: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Origin of a value, with the values that it overrides.

    Attributes:
        path: dotted key path.
        value: the value as text; the mask for a secret.
        origin: origin of the value.
        losers: the overridden values of lower layers, highest first; the default is last.
        secret: True for a secret. The attributes from `version` to `state` describe its value in memory.
        reference: reference of the secret, such as `secret/app#key` or `aws:db#password`; "" if it has none.
        version: version of the value in memory, or None.
        age: seconds since the value was last confirmed, or None before the first read.
        expires_at: expiry time in seconds since 1970, or None.
        state: "fresh": confirmed recently; "stale": usable, but not confirmed recently; "missing": no usable value;
            "unread": not read yet; "" for a plain value.
        description: description of the key in the schema, or "".
    """

    path: str
    value: str
    origin: Origin
    losers: tuple[Candidate, ...] = ()
    secret: bool = False
    reference: str = ""
    version: int | str | None = None
    age: float | None = None
    expires_at: float | None = None
    state: str = ""
    description: str = ""

    def __str__(self) -> str:
        from toriconfig._core.printable import clean

        rows = [(str(self.origin), self.value), *((str(loser.origin), loser.value) for loser in self.losers)]
        # Long addresses do not move the values of the other rows to the right.
        width = max((len(origin) for origin, _ in rows if len(origin) <= _COLUMN), default=0)
        lines = [f"{self.path} = {self.value}"]
        lines += [f"  {' ' if at else '>'} {origin:{width}}  {value}" for at, (origin, value) in enumerate(rows)]
        lines += [f"  {name + ':':10}{value}" for name, value in self._of_secret()] if self.secret else []
        lines += [f"  {line}" for line in self.description.splitlines()]
        return "\n".join(map(clean, lines))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Print the explanation in IPython."""
        printer.text(str(self))

    def _repr_html_(self) -> str:
        """Return an HTML table for notebooks, with the effective value first."""
        from toriconfig._render.html import table

        rows = [(self.origin, self.value), *((loser.origin, loser.value) for loser in self.losers)]
        return table(f"{self.path} = {self.value}", ("origin", "value"), rows)

    def _of_secret(self) -> Iterator[tuple[str, str]]:
        scheme = scheme_of(self.reference)
        if self.reference:
            yield (
                scheme,
                self.reference if scheme == "vault" else f", {self.reference}".replace(f", {scheme}:", ", ")[2:],
            )
        if self.version is not None:
            yield "version", str(self.version)
        yield "age", f"{self.age:.0f} s" if self.age is not None else "not read yet"
        if self.expires_at is not None:
            from datetime import UTC, datetime

            yield "expires", datetime.fromtimestamp(self.expires_at, UTC).isoformat(timespec="seconds")
        yield "state", self.state


_COLUMN = 60


def explain_in(loaded: Loaded, text: str) -> Explanation:
    """Return the explanation of the key at a dotted path.

    Raises:
        KeyError: the schema does not have the key; the message names the most similar one.
    """
    return explain_at(loaded, path_of(loaded, text), text)


def explain_at(loaded: Loaded, path: Path, text: str) -> Explanation:
    """Return the explanation of the key at a path, whose parts are names of fields.

    Args:
        loaded: the load.
        path: the path.
        text: the path as text, for messages.

    Raises:
        KeyError: the schema does not have the key; the message names the most similar one.
    """
    value, field, shape, keys = walked(loaded, path, text)
    node = node_at(loaded, path)
    description = field.info.description or "" if field is not None else ""
    if isinstance(value, Secret):
        provider = provider_of(value)
        return Explanation(
            show(path),
            MASK,
            value.origin,
            tuple(_losers(node, path, loaded, sealed=True)),
            True,
            value.reference or ", ".join(loaded.snapshot.declared.get(keys, ())),
            value.version,
            provider.age,
            value.expires_at,
            value.state,
            description,
        )
    shown = _text(path[-1], value)
    losers = tuple(_losers(node, path, loaded, sealed=_is_secret(shape) or shown == MASK))
    return Explanation(show(path), shown, origin_at(loaded, path), losers, description=description)


def _losers(node: Node | None, path: Path, loaded: Loaded, *, sealed: bool) -> Iterator[Candidate]:
    from toriconfig._schema.shape import ANY, confidential

    if node is None:
        return
    shape = shape_at(loaded.snapshot.shape, path) or ANY
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
    parent = shape_at(loaded.snapshot.shape, path[:-1])
    field = field_at(parent, path[-1])
    told = any(one.layer.kind == "defaults" for one in (node, *nodes))
    default = field.default() if field is not None and not (field.required or told or sealed) else PydanticUndefined
    if default is not PydanticUndefined:
        yield Candidate(default_origin(loaded, path), _text(path[-1], default))


def _is_secret(shape: Shape | None) -> bool:
    return shape is not None and shape.kind == "secret"


def _text(key: str | int, value: Any) -> str:
    shown = masked(key, plain(value))
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)
