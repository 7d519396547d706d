"""Decides, without the network, what supplies one secret: a backend, the value of a layer, one behind the other, or nothing.

Vault is asked at the place that a reference in some layer names, else at the one that the field names (`Ref`), else
under the secret's own path at `vault_path`. A value of a layer above `vault` wins; one below stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from toriconfig._core.interpolation_syntax import is_left, left
from toriconfig._core.markers import CHECKS, Ref, check_reference, origin_of, scheme_of, split
from toriconfig._core.mask import MASK
from toriconfig._core.origin import Origin
from toriconfig._core.path import Path, show
from toriconfig._core.problem import Problem
from toriconfig._core.tree import Node
from toriconfig._load.secrets.compose import (
    Parts,
    asks_backend,
    mapping_supply,
    references_of,
    schemes_of,
    spelt,
    supply_at,
    template_supply,
    written,
)
from toriconfig._load.secrets.context import Places
from toriconfig._load.templates import Template, failed
from toriconfig._schema.shape import Shape
from toriconfig._secrets.derived import Fallback, Missing
from toriconfig._secrets.file import FileSupply, is_file
from toriconfig._secrets.provider import Fixed, Supply
from toriconfig._secrets.secret import Secret, convert, supply_of, typed
from toriconfig.errors import SecretError

_NOWHERE = Origin("defaults", "nothing")


def supplier(node: Node | None, shape: Shape, path: Path, places: Places, parts: Parts) -> Supply | Secret[Any] | None:
    """Return the supply of the secret at `path`; None when there is none.

    In that case the secret is optional, or the reason was recorded.
    """
    place, literal = _candidates(node)
    if "vault" not in places.layers:
        place = None
    elif place is None:
        place = _own_place(shape, path, places)
    declared = (*(references_of(place) if place is not None else ()), *_within(literal))
    if declared and "vault" in places.layers:
        places.declared[path] = tuple(dict.fromkeys(declared))
    above = place is not None and literal is not None and _ranks_above_vault(literal, places)
    said = _said(place if place is not None and not above else literal)
    if said is not None:
        places.spelt[path] = said
    absent = places.absence(schemes_of(place)) if place is not None else ""
    if literal is None and (place is None or absent):
        return _missing(spelt(place) if place is not None else "", shape, path, places, absent)
    lower = _lower(literal, shape, path, places, parts) if literal is not None else None
    if place is None or above:
        return lower
    reference = spelt(place)
    if absent:
        if lower is not None:
            instead = f"`{show(path)}` comes from {lower.origin} instead of {reference}"
            places.warn(path, "missing", f"{absent}, so {instead}")
        return lower
    first = supply_at(place, parts, reference)
    if lower is None:
        return first
    return Fallback(
        first, supply_of(lower) if isinstance(lower, Secret) else lower, _outage(lower, reference, path, places)
    )


def _candidates(node: Node | None) -> tuple[Template | Ref | None, Node | None]:
    """The highest place in Vault, and the highest value, that the layers name; a null hides what is below it."""
    place: Template | None = None
    literal: Node | None = None
    for candidate in [node, *node.losers()] if node is not None else []:
        if candidate.value is None:
            break
        if failed(candidate):
            continue
        if isinstance(candidate.value, Template) and asks_backend(candidate.value):
            place = place or candidate.value
        elif literal is None:
            literal = candidate
    return place, literal


def _within(node: Node | None) -> Iterator[str]:
    """The places in Vault that the values of a mapping name."""
    if node is None or isinstance(node.value, Secret):
        return
    if isinstance(node.value, Template):
        yield from references_of(node.value)
    elif type(node.value) is dict:
        for child in node.value.values():
            yield from _within(child)


def _said(source: Template | Ref | Node | None) -> Any:
    """Return a secret as a file sets it, if it consists of references to backends alone; None otherwise."""
    if isinstance(source, (Ref, Template)):
        references = written(source)
        return "".join(references) if isinstance(source, Ref) or len(references) == len(source.parts) else None
    value = source.value if source is not None else None
    if type(value) is dict:
        below = {key: _said(child) for key, child in value.items()}
        return below if below and None not in below.values() else None
    return _said(value) if isinstance(value, Template) else None


def _own_place(shape: Shape, path: Path, places: Places) -> Ref | None:
    if shape.ref is not None:
        return shape.ref if _can_be(shape.ref, path, places) else None
    if places.vault_path is None or shape.models or any(isinstance(part, int) for part in path):
        return None
    return Ref(str(split(places.vault_path).replaced(key=".".join(map(str, path)))))


def _can_be(ref: Ref, path: Path, places: Places) -> bool:
    """True if a backend may hold what a field names; else a problem says why none does."""
    if ref.scheme == "vault":
        return True
    own = next((one for one in places.backends if one.scheme == ref.scheme), None)
    if own is None and ref.scheme not in CHECKS:
        message = f"`{show(path)}` names a secret in `{ref.scheme}`, and no backend has that scheme"
        remedy = "give the backend in the option `backends`, or correct `scheme` in the field's `Ref`"
        places.problems.append(Problem("TC301", show(path), None, "the scheme of a backend", remedy, message))
        return False
    try:
        check_reference(ref.reference, own.check) if own is not None else CHECKS[ref.scheme](ref.reference)
    except ValueError as error:
        message, remedy = f"not a reference to {ref.scheme}: {error}", "correct the field's `Ref`"
        places.problems.append(Problem("TC306", show(path), None, "a path of that backend", remedy, message))
        return False
    return True


def _ranks_above_vault(node: Node, places: Places) -> bool:
    order = list(places.layers)
    return node.layer.kind in order and order.index(node.layer.kind) < order.index("vault")


def _lower(node: Node, shape: Shape, path: Path, places: Places, parts: Parts) -> Supply | Secret[Any] | None:
    """Return the supply, or the secret, that a layer sets itself; None after recording why it cannot be used."""
    value = node.value
    if isinstance(value, Secret):
        reading = supply_of(value).reading
        if reading is not None and isinstance(supply_of(value), Fixed) and _is_left(reading.value):
            places.problems.append(left(node, path, "a value given in code is not scanned"))
            return None
        secret, wrong = typed(value, shape.inner, show(path))
        return _judged(secret, wrong, node, shape, path, places)
    if isinstance(value, Template):
        return template_supply(value, parts)
    if is_file(node):
        return FileSupply(node.at, node.origin)
    if isinstance(value, str) and is_left(value, node.layer):
        places.problems.append(left(node, path))
        return None
    masked = next(_masked(node), None)
    if masked is not None:
        message = "the mask of a secret was given as its value"
        places.problems.append(_wrong("TC403", masked, path, "the secret itself", message))
        return None
    if _is_composed(node):
        return mapping_supply(node, parts)
    if type(value) in (dict, list):
        value = node.plain()
    elif shape.inner in (str, bytes) and not isinstance(value, (str, bytes)):
        text = places.text_of(node)
        value = value if text is None else text
    wrong = convert(shape.inner, value)[1]
    return _judged(Fixed(value, node.origin), wrong, node, shape, path, places)


def _judged(
    supply: Supply | Secret[Any] | None, wrong: str, node: Node, shape: Shape, path: Path, places: Places
) -> Supply | Secret[Any] | None:
    """`supply`, or None after telling what its value should have been."""
    if not wrong:
        return supply
    code = "TC402" if shape.models else "TC102"
    places.problems.append(_wrong(code, node, path, wrong, f"`{show(path)}` is not {wrong}"))
    return None


def _is_left(value: Any) -> bool:
    return isinstance(value, str) and is_left(value)


def _masked(node: Node) -> Any:
    if type(node.value) is dict:
        for child in node.value.values():
            yield from _masked(child)
    elif isinstance(node.value, str) and node.value == MASK:
        yield node


def _is_composed(node: Node) -> bool:
    """True if a value is put together when it is read, of what references and files say then."""
    if type(node.value) is dict:
        return any(map(_is_composed, node.value.values()))
    return isinstance(node.value, Template) or is_file(node)


def _outage(
    lower: Supply | Secret[Any], reference: str, path: Path, places: Places
) -> Callable[[SecretError | None], None]:
    warn = places.warn

    def tell(error: SecretError | None) -> None:
        instead = f"`{show(path)}` comes from {lower.origin} instead of {reference}"
        warn(path, "outage", f"{instead}: {error.message}" if error is not None else "")

    return tell


def _missing(reference: str, shape: Shape, path: Path, places: Places, absent: str) -> Supply | None:
    if shape.nullable and not (reference and places.presumed):
        return None
    variable = places.how_to_set(path)
    hint = "" if places.offline else ": set VAULT_ADDR"
    in_vault = scheme_of(reference) == "vault"
    whose = "Vault " if in_vault else ""
    looked = [*([f"{whose}{reference} ({absent}{hint})"] if reference else []), *places.looked(path)]
    remedy = f"set {variable}" if variable else "set it in a layer, or name its place with `${vault:path#key}`"
    if reference:
        remedy += f", or {'configure Vault and ' if in_vault else ''}store it at {reference}"
    message = f"the secret is not set; looked in: {', '.join(looked) or 'no layer at all'}"
    if not places.complete:
        pass  # what could not be read may well supply it
    elif shape.models and not reference:
        expected = "a reference, a `Ref` or the whole value in one layer"
        said = f"nothing supplies the secret `{show(path)}`"
        places.problems.append(Problem("TC401", show(path), None, expected, remedy, said))
    else:
        places.warn(path, "missing", f"`{show(path)}`: {message}; {remedy}")
    places.unsupplied[path] = (reference, remedy)
    unasked = places.offline and bool(reference)  # it may well be there: nobody has looked
    origin = origin_of(reference) if reference else _NOWHERE
    return Missing(reference, message, remedy, origin, "unread" if unasked else "missing")


def _wrong(code: str, node: Node, path: Path, expected: str, message: str) -> Problem:
    return Problem(code, show(path), node.origin, expected, f"correct it in {node.origin}", message)
