"""Supplies for references to secrets: one key of a path, a whole path, a text with several of them in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from toriconfig._derived import Derived, Missing
from toriconfig._file_supply import FileSupply
from toriconfig._origin import Origin
from toriconfig._path import Path
from toriconfig._reference import Ref
from toriconfig._references import Reference
from toriconfig._resolve import Template
from toriconfig._secret import Secret, convert, supply_of
from toriconfig._supply import Fixed, Reading, Supply
from toriconfig._tree import Node
from toriconfig.errors import VaultNotFound

Take = Callable[[Reading], Any]
_ABSENT: Any = object()


class Parts(NamedTuple):
    """Where the pieces of a template come from.

    Attributes:
        cell: the shared supply of one Vault path and version; None when Vault is not configured.
        secrets: the handles made so far, for references from one secret to another.
    """

    cell: Callable[[str, int | None], Supply] | None
    secrets: Mapping[Path, Secret[Any]]


def asks_vault(template: Template) -> bool:
    """Whether any piece is read from Vault."""
    return any(isinstance(part, Reference) and part.kind == "vault" for part in template.parts)


def spelt(place: Template | Ref) -> str:
    """The places in Vault that it names, as text."""
    if isinstance(place, Ref):
        return place.reference
    return ", ".join(part.name for part in place.parts if isinstance(part, Reference))


def vault_supply(place: Template | Ref, parts: Parts, reference: str) -> Supply:
    """The supply of a place in Vault; Vault is configured."""
    if isinstance(place, Template):
        return template_supply(place, parts)
    assert parts.cell is not None
    cell = parts.cell(place.path, place.version)
    if place.key is None:
        return cell
    take = _taker(place.path, place.key)
    return Derived([cell], lambda readings: take(readings[0]), reference, place.key)


def template_supply(template: Template, parts: Parts) -> Supply:
    """One supply for a text with secrets in it; each Vault path is read once for all its keys."""
    inputs: list[Supply] = []
    index: dict[Any, int] = {}
    pieces: list[str | tuple[int, Take]] = []
    for part in template.parts:
        if isinstance(part, str):
            pieces.append(part)
            continue
        supply, take, identity = _piece(part, parts)
        at = index.setdefault(identity, len(inputs))
        if at == len(inputs):
            inputs.append(supply)
        pieces.append((at, take))
    if len(pieces) == 1 and not isinstance(pieces[0], str):
        take = pieces[0][1]
        key = _key_of(template.parts[0])
        return inputs[0] if take is _whole else Derived(inputs, lambda r: take(r[0]), spelt(template), key)

    def build(readings: Sequence[Reading]) -> str:
        return "".join(p if isinstance(p, str) else str(convert(str, p[1](readings[p[0]]))[0]) for p in pieces)

    return Derived(inputs, build, spelt(template))


def mapping_supply(node: Node, parts: Parts) -> Supply:
    """One supply for a mapping whose values hold references: `{username: ${vault:p#u}, password: ${vault:p#p}}`."""
    supplies = {
        key: template_supply(child.value, parts)
        if isinstance(child.value, Template)
        else Fixed(child.plain(), child.origin)
        for key, child in node.value.items()
    }
    keys = list(supplies)
    return Derived(
        list(supplies.values()), lambda readings: {k: r.value for k, r in zip(keys, readings, strict=True)}, ""
    )


def _piece(part: Reference | Path, parts: Parts) -> tuple[Supply, Take, Any]:
    if not isinstance(part, Reference):
        return _Later(part, parts.secrets), _whole, part
    if part.kind == "file":
        return FileSupply(part.name, Origin("files", part.name)), _whole, part
    ref = Ref(part.name)
    if parts.cell is None:
        message = f"Vault is not configured, so {part.name} cannot be read"
        return Missing(part.name, message, "set VAULT_ADDR", Origin("vault", part.name)), _whole, part
    take = _whole if ref.key is None else _taker(ref.path, ref.key)
    return parts.cell(ref.path, ref.version), take, (ref.path, ref.version)


class _Later:
    """The supply of another secret, looked up when first used, since it may not have been made yet."""

    def __init__(self, path: Path, secrets: Mapping[Path, Secret[Any]]) -> None:
        self._path = path
        self._secrets = secrets

    def __getattr__(self, name: str) -> Any:
        return getattr(supply_of(self._secrets[self._path]), name)


def _taker(path: str, key: str) -> Take:
    def take(reading: Reading) -> Any:
        value = reading.value
        if isinstance(value, dict) and key in value:
            return value[key]
        for part in key.split("."):
            value = value.get(part, _ABSENT) if isinstance(value, dict) else _ABSENT
        if value is not _ABSENT:
            return value
        raise VaultNotFound(
            f"Vault has {path} but no key `{key}` in it", reference=f"{path}#{key}", help=f"store the key `{key}` there"
        )

    return take


def _key_of(part: Any) -> str:
    return Ref(part.name).key or "" if isinstance(part, Reference) and part.kind == "vault" else ""


def _whole(reading: Reading) -> Any:
    return reading.value
