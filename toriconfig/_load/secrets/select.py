"""Choice of the provider of one secret, without network access: a backend, a layer's value, both in order, or nothing.

The reference to a backend comes from a layer, or else from the field (`Ref`), or else from the option
`vault_path`. A value of a layer above `vault` has precedence over the reference. A value of a lower layer is
used while the backend has no value or does not answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from toriconfig._core.interpolation_syntax import is_unresolved, unresolved
from toriconfig._core.markers import CHECKS, Ref, check_reference, origin_of, scheme_of, split
from toriconfig._core.mask import MASK
from toriconfig._core.origin import Origin
from toriconfig._core.path import Path, show
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Node
from toriconfig._load.secrets.compose import (
    Parts,
    asks_backend,
    mapping_provider,
    provider_at,
    references_of,
    schemes_of,
    source_text_of,
    template_provider,
    written,
)
from toriconfig._load.secrets.query import Absence, Choice, Query
from toriconfig._load.templates import Template, failed
from toriconfig._schema.shape import Shape
from toriconfig._secrets.fallback import Fallback
from toriconfig._secrets.file import file_provider, is_file
from toriconfig._secrets.missing import Missing
from toriconfig._secrets.provider import Fixed, Provider
from toriconfig._secrets.secret import Secret, convert, provider_of, typed
from toriconfig.errors import SecretError

_NOWHERE = Origin("defaults", "nothing")


def choose(node: Node | None, shape: Shape, path: Path, query: Query, parts: Parts) -> Choice:
    """Return the provider of the secret at `path`, with the findings about it.

    Args:
        node: the node of the secret with its overridden nodes; None if no layer sets the secret.
        query: the inputs of the load that may supply the secret.
        parts: functions that return the providers of references.
    """
    place, literal = _candidates(node)
    wrong: list[Problem] = []
    if "vault" not in query.layers:
        place = None
    elif place is None:
        place = _own_place(shape, path, query, wrong)
    declared = (*(references_of(place) if place is not None else ()), *_within(literal))
    above = place is not None and literal is not None and _ranks_above_vault(literal, query)
    base = Choice(
        declared=tuple(dict.fromkeys(declared)) if "vault" in query.layers else (),
        source_text=_source_text(place if place is not None and not above else literal),
        problems=tuple(wrong),
    )
    absent = query.absence(schemes_of(place)) if place is not None else None
    if literal is None and (place is None or absent):
        return _missing(base, source_text_of(place) if place is not None else "", shape, path, query, absent)
    lower = _lower(literal, shape, path, query, parts) if literal is not None else None
    if isinstance(lower, Problem):
        base, lower = base.replaced(problems=(*wrong, lower)), None
    if place is None or above:
        return base.replaced(provider=lower)
    reference = source_text_of(place)
    if absent:
        if lower is None:
            return base
        if absent.presumed:
            unread = Missing(reference, str(absent), "load without `offline`", origin_of(reference), "unread")
            return base.replaced(provider=Fallback(unread, _provider(lower), lambda _: None))
        instead = f"`{show(path)}` comes from {lower.origin} instead of {reference}"
        remedy = f" ({absent.remedy})" if absent.remedy and scheme_of(reference) != "vault" else ""
        return base.replaced(provider=lower, warning=f"{absent.reason}{remedy}, so {instead}")
    first = provider_at(place, parts, reference)
    if lower is None:
        return base.replaced(provider=first)
    return base.replaced(provider=Fallback(first, _provider(lower), _outage(lower, reference, path, query)))


def _provider(source: Provider | Secret[Any]) -> Provider:
    return provider_of(source) if isinstance(source, Secret) else source


def _candidates(node: Node | None) -> tuple[Template | Ref | None, Node | None]:
    """Return `(place, literal)`: the highest reference to a backend, and the highest other value. Each may be None.

    Nodes that a null overrides, and failed nodes, are ignored.
    """
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
    """Yield the references to backends in the value of `node`, or in the values of its mapping at any depth."""
    if node is None or isinstance(node.value, Secret):
        return
    if isinstance(node.value, Template):
        yield from references_of(node.value)
    elif type(node.value) is dict:
        for child in node.value.values():
            yield from _within(child)


def _source_text(source: Template | Ref | Node | None) -> Any:
    """Return the references of a secret as a file spells them: as one text, or as a dict for a mapping.

    Return None if a part of the secret is not a reference to a backend.
    """
    if isinstance(source, (Ref, Template)):
        references = written(source)
        return "".join(references) if isinstance(source, Ref) or len(references) == len(source.parts) else None
    value = source.value if source is not None else None
    if type(value) is dict:
        below = {key: _source_text(child) for key, child in value.items()}
        return below if below and None not in below.values() else None
    return _source_text(value) if isinstance(value, Template) else None


def _own_place(shape: Shape, path: Path, query: Query, problems: list[Problem]) -> Ref | None:
    if shape.ref is not None:
        wrong = _wrong_reference(shape.ref, path, query)
        problems += [wrong] if wrong is not None else []
        return shape.ref if wrong is None else None
    if query.vault_path is None or shape.models or any(isinstance(part, int) for part in path):
        return None
    return Ref(str(split(query.vault_path).replaced(key=".".join(map(str, path)))))


def _wrong_reference(ref: Ref, path: Path, query: Query) -> Problem | None:
    """Return a problem if `ref`, the reference of a field, has an unknown scheme or is invalid for its backend.

    Return None for a valid reference.
    """
    own = next((one for one in query.backends if one.scheme == ref.scheme), None)
    if own is None and ref.scheme not in CHECKS:
        message = f"`{show(path)}` names a secret in `{ref.scheme}`, and no backend has that scheme"
        remedy = "give the backend in the option `backends`, or correct `scheme` in the field's `Ref`"
        return Problem(Code.UNKNOWN_REFERENCE, show(path), None, "the scheme of a backend", remedy, message)
    try:
        check_reference(ref.reference, own.check) if own is not None else CHECKS[ref.scheme](ref.reference)
    except ValueError as error:
        message, remedy = f"not a reference to {ref.scheme}: {error}", "correct the field's `Ref`"
        return Problem(Code.MALFORMED_REFERENCE, show(path), None, "a path of that backend", remedy, message)
    return None


def _ranks_above_vault(node: Node, query: Query) -> bool:
    order = list(query.layers)
    return node.layer.rank in order and order.index(node.layer.rank) < order.index("vault")


def _lower(node: Node, shape: Shape, path: Path, query: Query, parts: Parts) -> Provider | Secret[Any] | Problem:
    """Return the provider or the secret for the value that a layer sets, or the problem of this value."""
    value = node.value
    if isinstance(value, Secret):
        reading = provider_of(value).reading
        if reading is not None and isinstance(provider_of(value), Fixed) and _is_unresolved(reading.value):
            return unresolved(node, path, "a value given in code is not scanned")
        secret, wrong = typed(value, shape.inner, show(path))
        return secret if secret is not None and not wrong else _of_other_type(wrong, node, shape, path)
    if isinstance(value, Template):
        return template_provider(value, parts)
    if is_file(node):
        return file_provider(node.at, node.origin)
    if isinstance(value, str) and is_unresolved(value, node.layer):
        return unresolved(node, path)
    masked = next(_masked(node), None)
    if masked is not None:
        message = "the mask of a secret was given as its value"
        return _wrong(Code.MASK_AS_VALUE, masked, path, "the secret itself", message)
    if _is_composed(node):
        return mapping_provider(node, parts)
    if type(value) in (dict, list):
        value = node.plain()
    elif shape.inner in (str, bytes) and not isinstance(value, (str, bytes)):
        text = query.text_of(node)
        value = value if text is None else text
    wrong = convert(shape.inner, value)[1]
    return _of_other_type(wrong, node, shape, path) if wrong else Fixed(value, node.origin)


def _of_other_type(expected: str, node: Node, shape: Shape, path: Path) -> Problem:
    code = Code.INCOMPLETE_SECRET if shape.models else Code.WRONG_TYPE
    return _wrong(code, node, path, expected, f"`{show(path)}` is not {expected}")


def _is_unresolved(value: Any) -> bool:
    return isinstance(value, str) and is_unresolved(value)


def _masked(node: Node) -> Any:
    if type(node.value) is dict:
        for child in node.value.values():
            yield from _masked(child)
    elif isinstance(node.value, str) and node.value == MASK:
        yield node


def _is_composed(node: Node) -> bool:
    """Return True if the value of `node` contains a reference, or is the content of a file in a secrets folder.

    If the value is a mapping, return True if this applies to one of its values at any depth.
    """
    if type(node.value) is dict:
        return any(map(_is_composed, node.value.values()))
    return isinstance(node.value, Template) or is_file(node)


def _outage(
    lower: Provider | Secret[Any], reference: str, path: Path, query: Query
) -> Callable[[SecretError | None], None]:
    warn = query.warn

    def tell(error: SecretError | None) -> None:
        instead = f"`{show(path)}` comes from {lower.origin} instead of {reference}"
        warn(path, "outage", f"{instead}: {error.message}" if error is not None else "")

    return tell


def _missing(base: Choice, reference: str, shape: Shape, path: Path, query: Query, absent: Absence | None) -> Choice:
    if shape.nullable and not (reference and query.presumed):
        return base
    variable = query.how_to_set(path)
    in_vault = scheme_of(reference) == "vault"
    whose = "Vault " if in_vault else ""
    first = absent if reference and not in_vault and absent is not None and absent.remedy else None
    why = f" ({absent})" if first is None else ""
    looked = [*([f"{whose}{reference}{why}"] if reference else []), *query.looked(path)]
    remedy = f"set {variable}" if variable else "set it in a layer, or refer to it with `${vault:path#key}`"
    if first is not None:
        remedy = f"{first.remedy}, or {remedy}"
    elif reference:
        remedy += f", or {'configure Vault and ' if in_vault else ''}store it at {reference}"
    message = f"{first or 'the secret is not set'}; looked in: {', '.join(looked) or 'no layer at all'}"
    unasked = query.offline and bool(reference)  # a backend may have it: no request was sent
    origin = origin_of(reference) if reference else _NOWHERE
    missing = Missing(reference, message, remedy, origin, "unread" if unasked else "missing")
    base = base.replaced(provider=missing, unsupplied=(reference, remedy))
    if not query.complete:
        return base  # an input that could not be read may supply it
    if shape.models and not reference:
        expected = "a reference, a `Ref` or the whole value in one layer"
        wrong = f"nothing supplies the secret `{show(path)}`"
        problem = Problem(Code.SECRET_WITHOUT_VALUE, show(path), None, expected, remedy, wrong)
        return base.replaced(problems=(*base.problems, problem))
    return base.replaced(warning=f"`{show(path)}`: {message}; {remedy}")


def _wrong(code: str, node: Node, path: Path, expected: str, message: str) -> Problem:
    return Problem(code, show(path), node.origin, expected, f"correct it in {node.origin}", message)
