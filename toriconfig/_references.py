"""Reads `${...}` in a string: `${env:NAME:-default}`, `${vault:path#key}`, `${other.key}`, `${profile}`, `${file:path}`."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal

from pydantic_core import to_jsonable_python

from toriconfig import _path
from toriconfig._reference import split
from toriconfig._tree import Layer, Node
from toriconfig._value import Value
from toriconfig.errors import Problem, Severity

RefKind = Literal["env", "vault", "file", "key", "profile"]
SCHEMES = ("env", "vault", "file")


class Reference(Value):
    """One `${...}`: its kind, what it names, and what to do when that is not set."""

    kind: RefKind
    name: str
    default: str | None = None
    hint: str | None = None


class Malformed(Value):
    """A `${...}` that is none, with the code of the problem and what would have been right."""

    code: str
    message: str
    expected: str
    help: str


Parts = list[str | Reference]


def parse(text: str) -> Parts | Malformed:
    """The literal pieces and references of `text`, in order; `$${` stands for a literal `${`."""
    parts: Parts = []
    literal = ""
    at = 0
    while True:
        start = text.find("${", at)
        if start < 0:
            literal += text[at:]
            break
        if start > at and text[start - 1] == "$":
            literal += text[at : start - 1] + "${"
            at = start + 2
            continue
        literal += text[at:start]
        end = text.find("}", start)
        if end < 0:
            return Malformed(
                "TC306", "a reference is not closed", "`}` after `${`", "close it, or write `$${` for a literal `${`"
            )
        if "${" in text[start + 2 : end]:
            return Malformed(
                "TC306",
                "a reference stands inside another one",
                "plain text as the default of a reference",
                "give the inner one a key of its own and refer to that: `${other.key}`",
            )
        reference = _reference(text[start + 2 : end])
        if isinstance(reference, Malformed):
            return reference
        if literal:
            parts.append(literal)
            literal = ""
        parts.append(reference)
        at = end + 1
    if literal:
        parts.append(literal)
    return parts


def _reference(body: str) -> Reference | Malformed:
    body = body.strip()
    if body == "profile":
        return Reference("profile", body)
    scheme, colon, rest = body.partition(":")
    if not colon:
        return _key(body)
    if scheme == "env":
        return _env(rest)
    if scheme == "vault":
        try:
            split(rest)
        except ValueError as error:
            return Malformed("TC404", f"not a place in Vault: {error}", "`${vault:path#key}`", "correct the path")
        return Reference("vault", rest)
    if scheme == "file":
        if not rest or "\0" in rest:
            return Malformed("TC306", "a file reference names no file", "`${file:path}`", "name the file")
        return Reference("file", rest)
    from toriconfig._near import near

    candidate = near(scheme, SCHEMES)
    return Malformed(
        "TC301",
        "unknown kind of reference",
        "one of ${env:NAME}, ${vault:path#key}, ${file:path}, ${other.key}, ${profile}",
        f"did you mean `${{{candidate}:...}}`?" if candidate else "write `$${` for a literal `${`",
    )


def _env(rest: str) -> Reference | Malformed:
    for mark in (":-", ":?"):
        name, found, tail = rest.partition(mark)
        if found and _is_variable(name):
            return Reference("env", name, tail if mark == ":-" else None, tail if mark == ":?" else None)
    if not _is_variable(rest):
        return Malformed(
            "TC306",
            "not a reference to a variable",
            "`${env:NAME}`, `${env:NAME:-default}` or `${env:NAME:?hint}`",
            "a name has letters, digits and `_`",
        )
    return Reference("env", rest)


def _key(body: str) -> Reference | Malformed:
    try:
        _path.parse(body)
    except ValueError:
        return Malformed("TC306", "not a reference to a key", "`${other.key}`", "write `$${` for a literal `${`")
    return Reference("key", body)


def _is_variable(name: str) -> bool:
    return name.isidentifier() and name.isascii()


def is_left(text: str, layer: Layer | None = None) -> bool:
    """Whether text that nobody resolves looks like a reference of a known scheme.

    Args:
        text: the text.
        layer: the layer that says it; one whose references were resolved may hold such text on purpose, as may Vault.
    """
    if layer is not None and (layer.resolved or layer.kind == "vault"):
        return False
    return any(f"${{{scheme}:" in text for scheme in SCHEMES)


def left(node: Node, path: _path.Path, why: str = "", *, severity: Severity = "error") -> Problem:
    """The problem of such text: an error for a secret, of which it would become the value."""
    return Problem(
        "TC307",
        _path.show(path),
        node.origin,
        expected="a value",
        help="write the reference in a settings file or in `overrides`, name the place with `Ref` in the schema, or set "
        "the value itself",
        message=f"`{_path.show(path)}` looks like a reference, and " + (why or "no reference is resolved here"),
        severity=severity,
    )


def plain(value: Any) -> Any:
    """A value that is an object as a file would say it; one that no file can say is left as it is."""
    if isinstance(value, (str, int, float, type(None))) and not isinstance(value, Enum):
        return value
    try:
        return to_jsonable_python(value)
    except ValueError:
        return value


def as_text(value: Any) -> str:
    """A value within a longer text."""
    if not isinstance(value, (bool, int, float, type(None))):
        return str(value)
    import json

    return json.dumps(value)
