"""Providers for references to secrets: one key of a path, a whole path, or a text with several references."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from toriconfig._core.interpolation_syntax import Reference, formed
from toriconfig._core.markers import ParsedReference, Ref, issues, spelled, split_key
from toriconfig._core.origin import Origin
from toriconfig._core.path import Path, show
from toriconfig._core.tree import Node
from toriconfig._core.value import Value
from toriconfig._load.interpolate import LARGEST
from toriconfig._load.templates import Other, Template
from toriconfig._secrets.derived import Derived
from toriconfig._secrets.file import file_provider, is_file
from toriconfig._secrets.missing import Missing
from toriconfig._secrets.provider import EXACT, Provider, Reading, is_rounded
from toriconfig._secrets.registration import register_part
from toriconfig._secrets.secret import convert
from toriconfig.errors import MissingCredentialError, SecretError, SecretNotFound, VaultNotFound

Take = Callable[[Reading], Any]
_ABSENT: Any = object()


class Fetched(NamedTuple):
    """A piece of a composed secret that one provider supplies.

    Attributes:
        at: index of the provider.
        take: function that returns the piece of a `Reading` (the secret as the provider read it).
        name: name for messages.
        forms: names of the encodings to apply to the text of the piece, in order; (): none.
    """

    at: int
    take: Take
    name: str
    forms: tuple[str, ...]


Piece = str | Fetched


class Parts(Value):
    """Access to the providers of the references in the text of a secret.

    Attributes:
        vault_provider: function that returns the provider of a Vault path; None if Vault is not available.
        other: function that takes the path of a secret in the settings, and returns the provider of this secret.
        absent: the reason why Vault is not available, for messages.
        fetched: function that takes the scheme and the reference of another backend than Vault, and returns the
            provider; None if the load is offline.
    """

    vault_provider: Callable[[Ref], Provider] | None
    other: Callable[[Path], Provider]
    absent: str = "Vault is not configured"
    fetched: Callable[[str, str], Provider] | None = None


def _in_backends(place: Template) -> Iterator[Reference]:
    return (part for part in place.parts if isinstance(part, Reference) and part.fetched)


def asks_backend(template: Template) -> bool:
    """Return True if the template has a reference to a backend."""
    return any(True for _ in _in_backends(template))


def schemes_of(place: Template | Ref) -> list[str]:
    """Return the schemes of the backends to which `place` refers; [] if there is none."""
    return [place.scheme] if isinstance(place, Ref) else [part.kind for part in _in_backends(place)]


def source_text_of(place: Template | Ref) -> str:
    """Return the references of `place` to backends, joined by commas as messages show them; "" if there is none."""
    return ", ".join(dict.fromkeys(references_of(place)))


def written(place: Template | Ref) -> list[str]:
    """Return the references of `place` to backends, as a file spells them."""
    if isinstance(place, Ref):
        text = str(place.parsed) if place.scheme == "vault" else spelled(place.path, place.key)
        return [f"${{{place.scheme}:{text}}}"]
    return [part.written for part in _in_backends(place)]


def references_of(place: Template | Ref) -> tuple[str, ...]:
    """Return the references of `place` to backends, as messages show them."""
    return (place.shown,) if isinstance(place, Ref) else tuple(part.shown for part in _in_backends(place))


def provider_at(place: Template | Ref, parts: Parts, reference: str) -> Provider:
    """Return the provider that reads the secret of `place`, a reference or a text with references.

    `reference` names `place` in messages. Each backend to which `place` refers must be available.
    """
    if isinstance(place, Template):
        return template_provider(place, parts)
    if place.scheme == "vault":
        assert parts.vault_provider is not None
        provider = parts.vault_provider(place)
    else:
        assert parts.fetched is not None
        provider = parts.fetched(place.scheme, place.reference)
    if place.key is None:
        return provider
    take = _taker(place.key, _not_held(place.scheme, place.path, place.key))
    return Derived([provider], lambda readings: take(readings[0]), reference, place.key, place.key)


def template_provider(template: Template, parts: Parts) -> Provider:
    """Return the provider of a text with one or more references. Each Vault path is read once for all its keys."""
    inputs: list[Provider] = []
    pieces = _pieces(template, parts, inputs, {})
    only = pieces[0] if len(pieces) == 1 else ""
    if isinstance(only, Fetched) and only.take is _whole and not only.forms:
        return inputs[0]
    key = _key_of(template.parts[0]) if len(pieces) == 1 else ""
    return Derived(inputs, lambda readings: _joined(pieces, readings), source_text_of(template), key, template.parts)


def mapping_provider(node: Node, parts: Parts) -> Provider:
    """Return the provider of a mapping whose values are references or secret files: `{username: ${vault:p#u}}`.

    Each Vault path is read once for all its keys, so user name and password have the same version.
    """
    inputs: list[Provider] = []
    index: dict[Any, int] = {}
    build = _builder(node, parts, inputs, index)
    return Derived(inputs, build, "", plan=_planned(node))


def _planned(node: Node) -> object:
    """Return a description of the value of a node: references, file paths and plain values. Nothing is fetched.

    The values of two nodes with equal descriptions are composed in the same way.
    """
    if type(node.value) is dict:
        return {key: _planned(child) for key, child in node.value.items()}
    if isinstance(node.value, Template):
        return node.value.parts
    return node.at if is_file(node) else node.plain()


def _builder(
    node: Node, parts: Parts, inputs: list[Provider], index: dict[Any, int]
) -> Callable[[Sequence[Reading]], Any]:
    """Return a function that builds the value of `node` from the readings of `inputs`.

    New providers of `node` are appended to `inputs`. `index` has the positions of known providers.
    """
    if isinstance(node.value, Template):
        pieces = _pieces(node.value, parts, inputs, index)
        return lambda readings: _joined(pieces, readings)
    if type(node.value) is dict:
        below = {key: _builder(child, parts, inputs, index) for key, child in node.value.items()}
        return lambda readings: {key: make(readings) for key, make in below.items()}
    if is_file(node):
        at = len(inputs)
        inputs.append(file_provider(node.at, node.origin))
        return lambda readings: readings[at].value
    plain = node.plain()
    return lambda _: plain


def _pieces(template: Template, parts: Parts, inputs: list[Provider], index: dict[Any, int]) -> list[Piece]:
    pieces: list[Piece] = []
    for part in template.parts:
        if isinstance(part, str):
            pieces.append(part)
            continue
        provider, take, identity = _piece(part, parts)
        at = index.setdefault(identity, len(inputs))
        if at == len(inputs):
            inputs.append(provider)
        pieces.append(Fetched(at, take, _name(part), part.forms))
    return pieces


def _joined(pieces: Sequence[Piece], readings: Sequence[Reading]) -> Any:
    """Return the value of a single piece unchanged, or the values of several pieces joined to one text.

    Raises:
        SecretError: a piece is missing or cannot be a part of a text (the message names the piece), or the text is
            longer than `LARGEST` characters.
    """
    only = pieces[0]
    if len(pieces) == 1 and isinstance(only, Fetched) and not only.forms:
        return only.take(readings[only.at])
    texts = [piece if isinstance(piece, str) else _text(piece, readings) for piece in pieces]
    for piece, text in zip(pieces, texts, strict=True):
        if isinstance(piece, Fetched):  # masked on its own too, because a driver may log the piece alone
            register_part(text, piece.name.rpartition("#")[2], readings[piece.at])
    if sum(map(len, texts)) > LARGEST:
        raise SecretError(f"it is more than {LARGEST >> 20} MiB of text", help="refer to fewer or shorter values")
    return "".join(texts)


def _text(piece: Fetched, readings: Sequence[Reading]) -> str:
    value = piece.take(readings[piece.at])
    if isinstance(value, bytes) and piece.forms:
        return formed(value, piece.forms)
    text, wrong = convert(str, value)
    wrong = EXACT if is_rounded(value, readings[piece.at]) else wrong
    if not wrong:
        try:
            return formed(text, piece.forms)
        except ValueError:
            wrong = "text that can be encoded"
    said = "null" if value is None else "a mapping" if _is_mapping(value) else f"not {wrong}"
    help = "refer to one of its keys" if _is_mapping(value) else "store text there, or refer to another key"
    raise SecretError(f"{piece.name} is {said}, which cannot be a part of a text", reference=piece.name, help=help)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping) or hasattr(value, "model_fields_set")


def _name(part: Reference | Other) -> str:
    return part.name if isinstance(part, Reference) else f"the secret `{show((*part.path, *part.key))}`"


def _piece(part: Reference | Other, parts: Parts) -> tuple[Provider, Take, Any]:
    if isinstance(part, Other):
        take = _taker(".".join(map(str, part.key)), _not_in_secret(part)) if part.key else _whole
        return parts.other(part.path), take, part.path
    if part.kind == "file":
        return file_provider(os.path.expanduser(part.name), Origin("files", part.name)), _whole, ("file", part.name)
    if part.kind != "vault":
        return _in_other_backend(part, parts)
    ref = Ref(part.name)
    if parts.vault_provider is None:
        message = f"{parts.absent}, so {part.name} cannot be read"
        return Missing(part.name, message, "set VAULT_ADDR", Origin("vault", part.name)), _whole, ("vault", part.name)
    take = _whole if ref.key is None else _taker(ref.key, _not_held("vault", ref.path, ref.key))
    return parts.vault_provider(ref), take, ref.parsed.replaced(key=None)


def _in_other_backend(part: Reference, parts: Parts) -> tuple[Provider, Take, Any]:
    path, key = split_key(part.name)
    if parts.fetched is None:
        message = f"{part.kind} is not used (offline), so {part.shown} cannot be read"
        missing = Missing(part.shown, message, "load without `offline`", Origin("backend", part.shown))
        return missing, _whole, missing
    provider = parts.fetched(part.kind, part.name)
    return provider, _whole if key is None else _taker(key, _not_held(part.kind, path, key)), provider


def _taker(key: str, absent: SecretError) -> Take:
    """Return a function that takes a `Reading` (a secret that was read), and returns the value of `key` in the secret.

    If the secret has no key `key`, dots in `key` separate nested keys. If there is no nested key either, the
    function raises `absent`. If the secret is not a JSON object, the function raises another error.
    """

    def take(reading: Reading) -> Any:
        value = object_of(reading)
        is_text = absent.reference != "" and reading.origin.layer == "backend" and isinstance(value, (str, bytes))
        if isinstance(value, Mapping) and key in value:
            return value[key]
        for part in key.split("."):
            below = value if isinstance(value, Mapping) else _fields(value)
            value = below.get(part, _ABSENT)
        if value is not _ABSENT:
            return value
        raise _no_object(absent, key) if is_text else absent.at("")

    return take


def object_of(reading: Reading) -> Any:
    """Return the value of a reading. If a backend other than Vault returned a JSON object as text, return the dict."""
    value = reading.value
    if reading.origin.layer != "backend" or not isinstance(value, (str, bytes)):
        return value
    from pydantic_core import from_json

    try:
        found = from_json(value, allow_inf_nan=False)
    except ValueError:
        return value
    return found if isinstance(found, dict) else value


def _no_object(absent: SecretError, key: str) -> SecretError:
    """Return the error for a lookup of `key` in a secret whose text is not a JSON object.

    Args:
        absent: the error for a missing key, from which the reference to the secret is taken.
    """
    path = split_key(absent.reference.partition(":")[2])[0]
    return SecretNotFound(f"{path} is not a JSON object", reference=absent.reference, help=f"leave out `#{key}`")


def _fields(value: Any) -> Mapping[str, Any]:
    """Return a dict from field names to values if `value` is a model, else an empty dict."""
    return value.__dict__ if hasattr(value, "model_fields_set") else {}


def _not_held(scheme: str, path: str, key: str) -> SecretError:
    if scheme != "vault":
        message, help = f"{scheme} has {path} but no key `{key}` in it", f"store the key `{key}` there"
        return SecretNotFound(message, reference=f"{scheme}:{spelled(path, key)}", help=help)
    remedy = "check the spelling of the key" if issues(path) else f"store the key `{key}` there"
    reference = str(ParsedReference(path, key))
    return VaultNotFound(f"Vault has {path} but no key `{key}` in it", reference=reference, help=remedy)


def _not_in_secret(part: Other) -> SecretError:
    key = show(part.key)
    return MissingCredentialError(f"the secret `{show(part.path)}` has no `{key}`", help=f"add `{key}` to it")


def _key_of(part: Any) -> str:
    if isinstance(part, Other):
        return ".".join(map(str, part.key))
    if not isinstance(part, Reference) or not part.fetched:
        return ""
    return (Ref(part.name).key if part.kind == "vault" else split_key(part.name)[1]) or ""


def _whole(reading: Reading) -> Any:
    return reading.value
