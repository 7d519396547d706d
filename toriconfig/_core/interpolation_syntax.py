"""Parser of `${...}`: `${env:NAME:-default}`, `${vault:path#key}`, `${other.key}`, `${profile}`, `${file:path}`.

`|url` before the closing brace percent-encodes the value: `${vault:secret/db#password|url}`. It may be given once,
in lower case; spaces around it are ignored. A segment of a path, file or key that contains `|` or `}` must be in
quotes: `${vault:secret/db#"a|b"}`. In the default of a variable, only a `|url` at the end is special.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from pydantic_core import to_jsonable_python

from toriconfig._core import path as paths
from toriconfig._core.markers import CHECKS, RESERVED, Check, known_schemes, unquoted
from toriconfig._core.problem import Code, Problem, Severity
from toriconfig._core.tree import Layer, Node
from toriconfig._core.value import Value

URL = "url"
"""Name of the form (encoding of a value) that percent-encodes a part of a URL."""
_FORMS = (URL,)
_FORM = "`|url`, once, which percent-encodes"

_BEGINS = {"": ".", "vault": ":/#=", "file": ":/"}
"""For each scheme, the characters before an opening quote; "" is a reference to a key. Others have `_IN_BACKEND`."""
_IN_BACKEND = ":/#"


_NOT_FETCHED = frozenset({"env", "file", "key", "profile"})


class Reference(Value):
    """One parsed reference `${...}`.

    Attributes:
        kind: `env`, `file`, `key`, `profile`, or the scheme of a backend.
        name: the name of the variable, the path of the file, or the key; for a backend, the text after its scheme.
        default: the text after `:-`, which replaces a variable that is not set; or None.
        hint: the text after `:?`, the remedy for a variable that is not set; or None.
        forms: names of the encodings to apply to the value, such as `url`; (): none.
    """

    kind: str
    name: str
    default: str | None = None
    hint: str | None = None
    forms: tuple[str, ...] = ()

    @property
    def fetched(self) -> bool:
        """True for a reference to a backend such as Vault; False for a variable, a file, a key or the profile."""
        return self.kind not in _NOT_FETCHED

    @property
    def shown(self) -> str:
        """The reference as messages show it. It includes the scheme of a backend, unless the backend is Vault."""
        return self.name if self.kind == "vault" or not self.fetched else f"{self.kind}:{self.name}"

    @property
    def written(self) -> str:
        """The reference to a value of a backend, as a settings file spells it."""
        return f"${{{self.kind}:{self.name}{''.join(f'|{form}' for form in self.forms)}}}"


class Malformed(Value):
    """A malformed `${...}`.

    Attributes:
        code: code of the problem.
        message: the error.
        expected: the expected syntax.
        help: the remedy.
    """

    code: str
    message: str
    expected: str
    help: str


Parts = list[str | Reference]


def parse(text: str, checks: Mapping[str, Check] = CHECKS) -> Parts | Malformed:
    """Return the literal parts and the references of a text, in order. `$${` is a literal `${`.

    Return a `Malformed` if a reference is invalid.

    Args:
        text: the text.
        checks: dict from each scheme of a backend to the function that checks its references.
    """
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
        end, bar = _end(text, start + 2, checks)
        if end < 0:
            return _unclosed(text, start)
        if "${" in text[start + 2 : end]:
            return Malformed(
                Code.MALFORMED_REFERENCE,
                "a reference inside another reference",
                "plain text as the default of a reference",
                "set the inner reference at a key of its own and refer to that key: `${other.key}`",
            )
        reference = _reference(text[start + 2 : end] if bar < 0 else text[start + 2 : bar], checks)
        if isinstance(reference, Malformed):
            return reference
        if bar >= 0:
            forms = tuple(form.strip() for form in text[bar + 1 : end].split("|"))
            wrong = next((form for form in forms if form not in _FORMS), None)
            if wrong is not None:
                return _unknown_form(wrong)
            if len(forms) > 1:
                return _repeated_form(forms[0])
            reference = reference.replaced(forms=forms)
        if literal:
            parts.append(literal)
            literal = ""
        parts.append(reference)
        at = end + 1
    if literal:
        parts.append(literal)
    cut = _cut_short(parts)
    return _ended_early(cut) if cut is not None else parts


def _cut_short(parts: Parts) -> Reference | None:
    """Return the first reference to a backend that is followed by text with an unmatched `}`; None if there is none.

    The key of such a reference probably contains the `}`, and should have been quoted.
    """
    depth = 0
    for before, part in zip(["", *parts], parts, strict=False):
        for char in part if isinstance(part, str) else "":
            depth += (char == "{") - (char == "}")
            if depth < 0 and isinstance(before, Reference) and before.fetched:
                return before
            depth = max(depth, 0)
    return None


def _ended_early(reference: Reference) -> Malformed:
    whose = "Vault" if reference.kind == "vault" else reference.kind
    return Malformed(
        Code.MALFORMED_REFERENCE,
        f"a `}}` follows a reference to {whose} that has already ended",
        "as many `{` as `}` beside references",
        f'where `}}` belongs to the key, put the key in quotes: `${{{reference.kind}:path#"a}}b"}}`',
    )


def formed(value: str | bytes, forms: tuple[str, ...]) -> str:
    """Return a value as text, with each of the encodings `forms` applied. Without `forms`, bytes are decoded as UTF-8.

    Raises:
        ValueError: the value cannot be encoded or decoded.
    """
    from urllib.parse import quote

    for _ in forms:  # `url` is the only form
        value = quote(value, safe="", errors="surrogateescape") if isinstance(value, str) else quote(value, safe="")
    return value if isinstance(value, str) else value.decode()


def _end(text: str, at: int, checks: Mapping[str, Check]) -> tuple[int, int]:
    """Return `(end, bar)` for the reference whose text begins at `at`.

    `end` is the position of the closing brace, or -1 if there is none. `bar` is the position of the `|` before the
    first encoding, or -1 if there is none. A `}` or `|` in quotes does not count, except in `${env:...}`.
    """
    while text.startswith(" ", at):
        at += 1
    scheme = next((kind for kind in (*RESERVED, *checks) if text.startswith(f"{kind}:", at)), "")
    if scheme == "env":
        end = text.find("}", at)
        return end, _bar_of_variable(text, at, end)
    bar, begins, opening = -1, True, _BEGINS.get(scheme, _IN_BACKEND)
    while at < len(text):
        char = text[at]
        if char == '"' and begins:
            try:
                at = paths.quoted(text, at + 1)[0]
            except ValueError:
                return -1, -1
            begins = False
            continue
        if char == "}":
            return at, bar
        if char == "|" and bar < 0:
            bar = at
        begins = char in opening
        at += 1
    return -1, -1


def _bar_of_variable(text: str, at: int, end: int) -> int:
    """Return the position of the `|` that begins the encodings of a reference to a variable; -1 without encodings.

    Examples are `${env:NAME|url}` and `${env:NAME:-default|url}`.
    """
    name = text[at:end].partition(":-")[0].partition(":?")[0]
    bar = name.find("|")
    if bar >= 0:
        return at + bar
    upto = end
    while (found := text.rfind("|", at, upto)) >= 0 and text[found + 1 : upto].strip().lower() in _FORMS:
        bar = upto = found
    return bar


def _unclosed(text: str, start: int) -> Malformed:
    if '"' in text[start:] and "}" in text[start:]:
        return Malformed(
            Code.MALFORMED_REFERENCE, "a quote in a reference is not closed", 'a second `"`', 'close it, or write `\\"`'
        )
    return Malformed(
        Code.MALFORMED_REFERENCE,
        "a reference is not closed",
        "`}` after `${`",
        "close it, or write `$${` for a literal `${`",
    )


def _unknown_form(form: str) -> Malformed:
    from toriconfig._core.suggest import near

    help = 'where `|` belongs to a key or a path, put it in quotes: `#"a|b"`'
    name, mark, _ = form.partition(":")
    if mark and name in _FORMS:
        help = f"`|{name}` belongs after the default, before the brace: `${{env:NAME:-default|{name}}}`"
    elif candidate := near(form.lower(), _FORMS):
        help = f"did you mean `|{candidate}`? {help}"
    return Malformed(Code.MALFORMED_REFERENCE, "unknown form after `|`", _FORM, help)


def _repeated_form(form: str) -> Malformed:
    help = f"write `|{form}` once; to encode a value twice, refer to a key that holds the encoded value: `${{other.key|{form}}}`"
    return Malformed(Code.MALFORMED_REFERENCE, f"`|{form}` is given twice", _FORM, help)


def _reference(body: str, checks: Mapping[str, Check]) -> Reference | Malformed:
    body = body.strip()
    if body == "profile":
        return Reference("profile", body)
    scheme, colon, rest = body.partition(":")
    if not colon or '"' in scheme:
        return _key(body)
    if scheme == "env":
        return _env(rest)
    if scheme in checks:
        return _in_backend(scheme, rest, checks[scheme])
    if scheme == "file":
        return _file(rest)
    from toriconfig._core.suggest import near

    candidate = near(scheme, ("env", *checks, "file"))
    backends = ", ".join(f"${{{name}:path#key}}" for name in checks)
    return Malformed(
        Code.UNKNOWN_REFERENCE,
        "unknown kind of reference",
        f"one of ${{env:NAME}}, {backends}, ${{file:path}}, ${{other.key}}, ${{profile}}",
        f"did you mean `${{{candidate}:...}}`?" if candidate else "write `$${` for a literal `${`",
    )


def _in_backend(scheme: str, rest: str, check: Check) -> Reference | Malformed:
    try:
        check(rest)
    except Exception as error:  # noqa: BLE001  (the check of a backend may raise anything)
        code, whose = (
            (Code.INVALID_SECRET_PATH, "place in Vault")
            if scheme == "vault"
            else (Code.MALFORMED_REFERENCE, f"reference to {scheme}")
        )
        why = error if isinstance(error, ValueError) else f"the `check` of its backend raised {type(error).__name__}"
        return Malformed(code, f"not a {whose}: {why}", f"`${{{scheme}:path#key}}`", "correct the path")
    return Reference(scheme, rest)


def _file(rest: str) -> Reference | Malformed:
    try:
        name = unquoted(rest)
    except ValueError as error:
        return Malformed(
            Code.MALFORMED_REFERENCE, f"not a reference to a file: {error}", "`${file:path}`", "correct the path"
        )
    if not name or "\0" in name:
        return Malformed(Code.MALFORMED_REFERENCE, "a file reference names no file", "`${file:path}`", "name the file")
    return Reference("file", name)


def _env(rest: str) -> Reference | Malformed:
    for mark in (":-", ":?"):
        name, found, tail = rest.partition(mark)
        if found and _is_variable(name):
            return Reference("env", name, tail if mark == ":-" else None, tail if mark == ":?" else None)
    if not _is_variable(rest):
        return Malformed(
            Code.MALFORMED_REFERENCE,
            "not a reference to a variable",
            "`${env:NAME}`, `${env:NAME:-default}` or `${env:NAME:?hint}`",
            "a name has letters, digits and `_`",
        )
    return Reference("env", rest)


def _key(body: str) -> Reference | Malformed:
    try:
        paths.parse(body)
    except ValueError:
        return Malformed(
            Code.MALFORMED_REFERENCE, "not a reference to a key", "`${other.key}`", "write `$${` for a literal `${`"
        )
    return Reference("key", body)


def _is_variable(name: str) -> bool:
    return name.isidentifier() and name.isascii()


def is_unresolved(text: str, layer: Layer | None = None) -> bool:
    """Return True if a text contains the start of a reference with a known scheme, such as `${env:` or `${vault:`.

    Args:
        text: the text.
        layer: the layer of the text; None: unknown. Text of the layer `vault`, and of a layer whose references were
            resolved, is literal: the result is False.
    """
    if layer is not None and (layer.resolved or layer.kind == "vault"):
        return False
    return "${" in text and any(f"${{{scheme}:" in text for scheme in (*RESERVED, *known_schemes()))


def unresolved(node: Node, path: paths.Path, why: str = "", *, severity: Severity = "error") -> Problem:
    """Return the problem for a text that contains a reference which was not resolved.

    Args:
        node: the node of the text.
        path: the path of the node.
        why: end of the message; "": "no reference is resolved here".
        severity: severity of the problem. Pass "error" if the text is the value of a secret.
    """
    return Problem(
        Code.UNRESOLVED_REFERENCE,
        paths.show(path),
        node.origin,
        expected="a value",
        help="write the reference in a settings file or in `overrides`, name the place with `Ref` in the schema, or set "
        "the value itself",
        message=f"`{paths.show(path)}` looks like a reference, and " + (why or "no reference is resolved here"),
        severity=severity,
    )


def plain(value: Any) -> Any:
    """Return a value as plain data that a settings file can hold. A value that cannot be converted is returned
    unchanged.
    """
    if isinstance(value, (str, int, float, type(None))) and not isinstance(value, Enum):
        return value
    try:
        return to_jsonable_python(value)
    except ValueError:
        return value


def as_text(value: Any) -> str:
    """Return a value as the text that replaces a reference inside a longer text: `true` for True, `null` for None."""
    if not isinstance(value, (bool, int, float, type(None))):
        return str(value)
    import json

    return json.dumps(value)
