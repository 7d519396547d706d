"""Reads `${...}` in a string: `${env:NAME:-default}`, `${vault:path#key}`, `${other.key}`, `${profile}`, `${file:path}`.

`|url` before the brace percent-encodes what the reference yields: `${vault:secret/db#password|url}`. It stands once, in
lower case; spaces around it are ignored. In a path, a file or a key, quotes at the start of a segment keep `|` and `}`
as they are: `${vault:secret/db#"a|b"}`. The default of a variable is free text: there only `|url` at its very end, in
whatever case, is a form.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from pydantic_core import to_jsonable_python

from toriconfig._core import path as paths
from toriconfig._core.markers import CHECKS, RESERVED, Check, known_schemes, unquoted
from toriconfig._core.problem import Problem, Severity
from toriconfig._core.tree import Layer, Node
from toriconfig._core.value import Value

URL = "url"
"""The form that percent-encodes, for a part of a URL."""
_FORMS = (URL,)
_FORM = "`|url`, once, which percent-encodes"

_BEGINS = {"": ".", "vault": ":/#=", "file": ":/"}
"""After which characters of a reference a quote may open; `_IN_BACKEND` for the other backends."""
_IN_BACKEND = ":/#"


_NOT_FETCHED = frozenset({"env", "file", "key", "profile"})


class Reference(Value):
    """One `${...}`.

    Attributes:
        kind: `env`, `file`, `key` or `profile`; else the scheme of a backend.
        name: what it names.
        default: the text that a variable has when it is not set, or None.
        hint: what to do when the variable is not set, or None.
        forms: the forms that its text is given.
    """

    kind: str
    name: str
    default: str | None = None
    hint: str | None = None
    forms: tuple[str, ...] = ()

    @property
    def fetched(self) -> bool:
        """True if a backend holds what it names."""
        return self.kind not in _NOT_FETCHED

    @property
    def shown(self) -> str:
        """The name in messages: of Vault without its scheme, of other backends with it."""
        return self.name if self.kind == "vault" or not self.fetched else f"{self.kind}:{self.name}"

    @property
    def written(self) -> str:
        """Text of the reference in a settings file, for a value that a backend holds."""
        return f"${{{self.kind}:{self.name}{''.join(f'|{form}' for form in self.forms)}}}"


class Malformed(Value):
    """A `${...}` that is none, with the code of the problem and what would have been right."""

    code: str
    message: str
    expected: str
    help: str


Parts = list[str | Reference]


def parse(text: str, checks: Mapping[str, Check] = CHECKS) -> Parts | Malformed:
    """The literal pieces and references of `text`, in order; `$${` stands for a literal `${`.

    Args:
        checks: the schemes of the backends, each with the check of its references.
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
                "TC306",
                "a reference stands inside another one",
                "plain text as the default of a reference",
                "give the inner one a key of its own and refer to that: `${other.key}`",
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
    """The reference to a backend that is followed by a brace that none has opened: it belongs to the key, probably."""
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
        "TC306",
        f"a `}}` follows a reference to {whose} that has ended before it",
        "as many `{` as `}` beside references",
        f'where `}}` belongs to the key, write that in quotes: `${{{reference.kind}:path#"a}}b"}}`',
    )


def formed(value: str | bytes, forms: tuple[str, ...]) -> str:
    """A text in the forms that a reference asks for.

    Raises:
        ValueError: it is not text that can be encoded.
    """
    from urllib.parse import quote

    for _ in forms:  # there is but one
        value = quote(value, safe="", errors="surrogateescape") if isinstance(value, str) else quote(value, safe="")
    return value if isinstance(value, str) else value.decode()


def _end(text: str, at: int, checks: Mapping[str, Check]) -> tuple[int, int]:
    """Return the end of the reference that begins at `at`, and the position of the `|` of its first form; -1 for none.

    Quotes are read where a segment may begin, except in the free text of `${env:...}`.
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
    """The first `|` of the name of a variable, else that of the forms at the end of its free text."""
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
        return Malformed("TC306", "a quote in a reference is not closed", 'a second `"`', 'close it, or write `\\"`')
    return Malformed(
        "TC306", "a reference is not closed", "`}` after `${`", "close it, or write `$${` for a literal `${`"
    )


def _unknown_form(form: str) -> Malformed:
    from toriconfig._core.suggest import near

    help = 'where `|` belongs to a key or a path, write that in quotes: `#"a|b"`'
    name, mark, _ = form.partition(":")
    if mark and name in _FORMS:
        help = f"`|{name}` stands behind the default, before the brace: `${{env:NAME:-default|{name}}}`"
    elif candidate := near(form.lower(), _FORMS):
        help = f"did you mean `|{candidate}`? {help}"
    return Malformed("TC306", "unknown form after `|`", _FORM, help)


def _repeated_form(form: str) -> Malformed:
    help = f"write `|{form}` once; to encode what is encoded already, refer to a key that holds it: `${{other.key|{form}}}`"
    return Malformed("TC306", f"`|{form}` stands twice", _FORM, help)


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
        "TC301",
        "unknown kind of reference",
        f"one of ${{env:NAME}}, {backends}, ${{file:path}}, ${{other.key}}, ${{profile}}",
        f"did you mean `${{{candidate}:...}}`?" if candidate else "write `$${` for a literal `${`",
    )


def _in_backend(scheme: str, rest: str, check: Check) -> Reference | Malformed:
    try:
        check(rest)
    except Exception as error:  # noqa: BLE001  (the check of a backend is anybody's code)
        code, whose = ("TC404", "place in Vault") if scheme == "vault" else ("TC306", f"reference to {scheme}")
        why = error if isinstance(error, ValueError) else f"the `check` of its backend raised {type(error).__name__}"
        return Malformed(code, f"not a {whose}: {why}", f"`${{{scheme}:path#key}}`", "correct the path")
    return Reference(scheme, rest)


def _file(rest: str) -> Reference | Malformed:
    try:
        name = unquoted(rest)
    except ValueError as error:
        return Malformed("TC306", f"not a reference to a file: {error}", "`${file:path}`", "correct the path")
    if not name or "\0" in name:
        return Malformed("TC306", "a file reference names no file", "`${file:path}`", "name the file")
    return Reference("file", name)


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
        paths.parse(body)
    except ValueError:
        return Malformed("TC306", "not a reference to a key", "`${other.key}`", "write `$${` for a literal `${`")
    return Reference("key", body)


def _is_variable(name: str) -> bool:
    return name.isidentifier() and name.isascii()


def is_left(text: str, layer: Layer | None = None) -> bool:
    """True if text that nobody resolves looks like a reference of a known scheme.

    Args:
        text: the text.
        layer: the layer that says it; one whose references were resolved may hold such text on purpose, as may Vault.
    """
    if layer is not None and (layer.resolved or layer.kind == "vault"):
        return False
    return "${" in text and any(f"${{{scheme}:" in text for scheme in (*RESERVED, *known_schemes()))


def left(node: Node, path: paths.Path, why: str = "", *, severity: Severity = "error") -> Problem:
    """The problem of such text: an error for a secret, of which it would become the value."""
    return Problem(
        "TC307",
        paths.show(path),
        node.origin,
        expected="a value",
        help="write the reference in a settings file or in `overrides`, name the place with `Ref` in the schema, or set "
        "the value itself",
        message=f"`{paths.show(path)}` looks like a reference, and " + (why or "no reference is resolved here"),
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
