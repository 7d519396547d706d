"""Field markers and the syntax of secret references.

`Ref` declares a reference to Vault or to another backend. `Merge` declares the rule that merges the values of several
layers. Examples of references: `secret/tori#api_key`, `secret/tori?version=3#api_key`, `database/creds/tori`,
`pki/issue/tori?common_name=tori.internal`. Quotes hold text with special characters: `secret/"my app"#"a}b"`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal

from toriconfig._core.origin import Origin
from toriconfig._core.path import quote, quoted
from toriconfig._core.value import Value

_REFUSED = frozenset("\x7f%?#\\{}") | frozenset(map(chr, range(0x21)))
_ISSUING = frozenset({"issue", "sign", "sign-verbatim", "creds", "sts"})
"""Segments before the name of the role in a path at which Vault issues credentials."""
_PARAMETERS = "use `?name=value&name=value`, each name once; put a value with a space or one of ? # { } | in quotes"
_UNSENDABLE = frozenset("\\") | frozenset(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
_HIDES_PATHS = ("%2e", "%2f", "%5c")
"""Encoded `.`, `/` and backslash. A proxy that decodes a path twice would interpret these characters."""


class ParsedReference(Value):
    """A parsed reference.

    Attributes:
        path: the logical path.
        key: the key at the path, or None for the whole path.
        version: the pinned version, or None for the newest version.
        parameters: names and values of request parameters, for a path that issues credentials.
    """

    path: str
    key: str | None = None
    version: int | None = None
    parameters: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        query = [f"version={self.version}"] if self.version is not None else []
        query += [f"{name}={value if _is_plain(value) else quote(value)}" for name, value in self.parameters]
        parts = [part if _is_plain_segment(part) else quote(part) for part in self.path.split("/")]
        if ":" in parts[0] and parts[0].partition(":")[0] in _known:
            parts[0] = quote(parts[0])
        key = f"#{self.key if _is_plain_key(self.key) else quote(self.key)}" if self.key else ""
        return "/".join(parts) + ("?" + "&".join(query) if query else "") + key


class Ref(Value):
    """Reference to a secret in Vault or in another backend.

    `Annotated[Secret[str], Ref("secret/x#k")]` declares the reference of a field.

    Args:
        reference: `path`, `path#key`, `path?version=N` or `path?version=N#key`. The path of a KV engine has no
            `data` segment: `secret/tori`, not `secret/data/tori`. A certificate needs its parameters:
            `pki/issue/tori?common_name=tori.internal&ttl=72h`. A segment, a parameter value or the key may be
            quoted: `secret/"my app"#"a#b"`. A quote inside the quotes follows a backslash.
        max_age: age in seconds, at least 0, at which `toriconfig rotate --due` rotates the secret; None: at no age.
        scheme: scheme of the backend: `Ref("db#password", scheme="memory")` means `${memory:db#password}`. If the
            scheme is not "vault", the reference is `path` or `path#key`, and the backend decides which paths are
            valid.

    Raises:
        ValueError: the reference or `max_age` is invalid; the message names the error.
    """

    reference: str
    max_age: float | None = None
    scheme: str = "vault"

    def __post_init__(self) -> None:
        self.parsed  # noqa: B018  (raises for an invalid reference)
        if self.max_age is not None:
            from toriconfig._core.clock import check_age

            check_age(self.max_age)

    @property
    def parsed(self) -> ParsedReference:
        """The parsed reference."""
        return split(self.reference) if self.scheme == "vault" else ParsedReference(*split_key(self.reference))

    @property
    def shown(self) -> str:
        """The reference as messages show it. It includes the scheme, unless the backend is Vault."""
        return self.reference if self.scheme == "vault" else f"{self.scheme}:{self.reference}"

    @property
    def path(self) -> str:
        """The path, without key and version."""
        return self.parsed.path

    @property
    def key(self) -> str | None:
        """The key at the path, or None for the whole path."""
        return self.parsed.key

    @property
    def version(self) -> int | None:
        """The pinned version, or None for the newest version."""
        return self.parsed.version

    def __str__(self) -> str:
        return self.reference


def split(reference: str) -> ParsedReference:
    """Parse a reference to Vault. A path that Vault or a proxy could read as another path is rejected.

    Raises:
        ValueError: the path, the key or a parameter is invalid, or the scheme of a backend stands before the path.

    >>> split("secret/tori?version=3#api_key")
    ParsedReference(path='secret/tori', key='api_key', version=3, parameters=())
    """
    path, plain, at = _part(reference, 0, "?#")
    scheme, colon, _ = plain.partition(":")
    if colon and scheme in _known:
        form = "" if scheme == "vault" else f', scheme="{scheme}"'
        raise ValueError(f'`{scheme}:` is no part of a path: write Ref("PATH#KEY"{form}), or ${{{scheme}:PATH#KEY}}')
    _check_plain(plain)
    check_named(path)
    parameters: list[tuple[str, str]] | None = None
    if reference[at : at + 1] == "?":
        at, parameters = _query(reference, at + 1)
    key = _key(reference[at + 1 :]) if at < len(reference) else None
    if parameters is None:
        return ParsedReference(path, key)
    if issues(path) and [name for name, _ in parameters] != ["version"]:
        names = {
            name for name, value in parameters if value and name.isascii() and name.isidentifier() and name.islower()
        }
        if len(names) < len(parameters):
            raise ValueError(_PARAMETERS)
        return ParsedReference(path, key, None, tuple(parameters))
    name, number = parameters[0] if len(parameters) == 1 else ("", "")
    if name != "version" or not (number.isascii() and number.isdecimal() and len(number) < 19 and int(number) > 0):
        raise ValueError("after `?` only `version=N` with N from 1 is understood")
    return ParsedReference(path, key, int(number))


def split_key(reference: str) -> tuple[str, str | None]:
    """Return `(path, key)` of a reference to a backend other than Vault. Without a `#`, the key is None.

    Only quotes and `#` are special characters.

    Raises:
        ValueError: the path is missing or holds a control character, no key follows the `#`, or a quote is
            misplaced or not closed.

    >>> split_key('prod/"my app"#api_key')
    ('prod/my app', 'api_key')
    """
    path, _, at = _part(reference, 0, "#")
    if not path:
        raise ValueError("the path is missing")
    if not path.isprintable():
        raise ValueError("the path holds a control character")
    return path, _key(reference[at + 1 :]) if at < len(reference) else None


def spelled(path: str, key: str | None) -> str:
    """Return a reference to a backend other than Vault, as a settings file spells it, without the scheme.

    >>> spelled("prod/my app?stage=AWSPREVIOUS", "a}b")
    'prod/my app?stage=AWSPREVIOUS#"a}b"'
    """
    whole = "/".join(part if _is_plain_part(part) else quote(part) for part in path.split("/"))
    return whole + (f"#{key if _is_plain_key(key) else quote(key)}" if key else "")


def issues(path: str) -> bool:
    """Return True if Vault issues credentials at a path, as at `pki/issue/tori`. Such a path takes parameters."""
    return not _ISSUING.isdisjoint(path.split("/")[1:][-2:-1])


def unquoted(path: str) -> str:
    """Return a path without its quotes.

    Raises:
        ValueError: a quote is not closed, or encloses only a part of a segment.
    """
    return _part(path, 0, "")[0]


def _part(text: str, at: int, stops: str) -> tuple[str, str, int]:
    """Return `(whole, plain, end)` for the part of `text` from `at` to the first unquoted character of `stops`.

    `whole` is this part without enclosing quotes. `plain` is this part with `_` in place of each quoted text. `end`
    is the position after this part.
    """
    whole, plain, begin = "", "", at
    while at < len(text) and text[at] not in stops:
        if text[at] == '"' and (at == begin or text[at - 1] == "/"):
            at, inside = quoted(text, at + 1)
            if not inside or (at < len(text) and text[at] not in f"/{stops}"):
                raise ValueError("quotes must enclose a whole segment, value or key")
            whole += inside
            plain += "_"
        else:
            whole += text[at]
            plain += text[at]
            at += 1
    return whole, plain, at


def _query(text: str, at: int) -> tuple[int, list[tuple[str, str]]]:
    found: list[tuple[str, str]] = []
    while True:
        name, _, at = _part(text, at, "=&#")
        value = ""
        if text[at : at + 1] == "=":
            value, plain, at = _part(text, at + 1, "&#")
            if not _is_plain(plain):
                raise ValueError(_PARAMETERS)
        found.append((name, value))
        if text[at : at + 1] != "&":
            return at, found
        at += 1


def _key(text: str) -> str:
    key = text
    if text.startswith('"'):
        end, key = quoted(text, 1)
        if end < len(text):
            raise ValueError("quotes must enclose a whole segment, value or key")
    if not key:
        raise ValueError("the key after `#` is missing")
    return key


def _is_plain(value: str) -> bool:
    return bool(value) and value.isprintable() and _is_bare(value) and not any(mark in value for mark in " ?#{}&")


def _is_plain_segment(text: str) -> bool:
    return _REFUSED.isdisjoint(text) and _is_bare(text)


def _is_plain_part(text: str) -> bool:
    return _is_bare(text) and not any(mark in text for mark in "#{}") and text.strip() == text


def _is_plain_key(text: str) -> bool:
    return _is_bare(text) and "}" not in text and text.strip() == text


def _is_bare(text: str) -> bool:
    """Return True if a text does not begin with a quote and does not contain `|`."""
    return not text.startswith('"') and "|" not in text


def _check_plain(path: str) -> None:
    if not path:
        raise ValueError("the path is missing")
    if not _REFUSED.isdisjoint(path):
        raise ValueError(
            "the path holds a space, a control character or one of % ? # \\ { }; "
            'put the segment in quotes if that is its name: `secret/"my app"#key`'
        )


def check_named(path: str) -> None:
    """Reject a path that Vault or a proxy could interpret as another path, even if the path is sent percent-encoded.

    Raises:
        ValueError: the path is invalid; the message is the reason.
    """
    if not _UNSENDABLE.isdisjoint(path) or any("\ud800" <= char <= "\udfff" for char in path):
        raise ValueError("the path holds a control character or `\\`")
    segments = path.split("/")
    if "" in segments:
        raise ValueError("the path starts or ends with `/` or holds `//`")
    if "." in segments or ".." in segments:
        raise ValueError("the path holds a `.` or `..` segment")
    lower = path.lower()
    while "%25" in lower:
        lower = lower.replace("%25", "%")
    if any(code in lower for code in _HIDES_PATHS):
        raise ValueError("the path holds an encoded `.`, `/` or `\\`, which is not sent")


def check_path(path: str) -> None:
    """Reject a path that needs quotes in a reference, or that Vault or a proxy could interpret as another path.

    Raises:
        ValueError: the path is invalid; the message is the reason.
    """
    _check_plain(path)
    check_named(path)


BACKENDS: dict[str, str] = {
    "vault": "",
    "aws": "toriconfig.backends.aws:SecretsManager",
}
"""The backends of this package: the scheme of each, and its class as "module:Class", created at the first use.

Vault has no class here: the load connects to it, with the options named `vault…` and the variables of the Vault tools.
"""

RESERVED = ("env", "file")
"""Schemes that are not backends."""

Check = Callable[[str], object]
"""Function that takes a reference without its scheme, and raises a ValueError if the reference is invalid."""

_shipped: dict[str, Any] = {}


def shipped(scheme: str) -> Any:
    """Return the backend of this package for a scheme. The backend is created at the first call, once per process."""
    known = _shipped.get(scheme)
    if known is None:
        from importlib import import_module

        module, _, name = BACKENDS[scheme].partition(":")
        known = _shipped.setdefault(scheme, getattr(import_module(module), name)())
    return known


def _checked_by_class(scheme: str) -> Check:
    return lambda reference: check_reference(reference, shipped(scheme).check)


def check_reference(reference: str, check_path: Check) -> None:
    """Check the quotes and the key of a reference `path#key`, and call `check_path` with the path.

    Raises:
        ValueError: the reference is invalid; the message is the reason.
    """
    check_path(split_key(reference)[0])


CHECKS: Mapping[str, Check] = {scheme: _checked_by_class(scheme) for scheme in BACKENDS} | {"vault": split}
"""The check of references for each scheme of `BACKENDS`."""


def checks_with(backends: Iterable[Any]) -> Mapping[str, Check]:
    """Return a dict from each scheme to its check of references. `backends` take precedence over `BACKENDS`."""
    own = {one.scheme: partial(check_reference, check_path=one.check) for one in backends}
    return {**CHECKS, **own} if own else CHECKS


_known = set(BACKENDS)
"""Every scheme of a backend that was registered in this process."""


def know(schemes: Iterable[str]) -> None:
    """Register schemes of backends: `known_schemes`, `scheme_of` and `is_reference` then include these schemes."""
    _known.update(schemes)


def known_schemes() -> frozenset[str]:
    """Return every scheme of a backend that was registered in this process."""
    return frozenset(_known)


def scheme_of(reference: str) -> str:
    """Return the scheme of a reference such as `memory:db#password`; `vault` if it has no registered scheme."""
    scheme, colon, _ = reference.partition(":")
    return scheme if colon and scheme != "vault" and scheme in _known else "vault"


def origin_of(reference: str) -> Origin:
    """Return the origin of a value from a backend. `reference` is text such as `secret/app#key` or `memory:db#key`."""
    return Origin("vault" if scheme_of(reference) == "vault" else "backend", reference)


def is_reference(text: str) -> bool:
    """Return True if a text is exactly one reference to a backend with a registered scheme."""
    scheme = text[2:].partition(":")[0] if text.startswith("${") else ""
    return scheme in _known and text.find("}") == len(text) - 1


Rule = Literal["replace", "append", "prepend", "unique"]
_RULES = ("replace", "append", "prepend", "unique")


class Merge(Value):
    """Rule for merging the values of several layers. Without a rule, lists are replaced, and mappings are merged.

    Args:
        rule: "replace": the value of the highest layer is used.
            "append": the items of a higher layer follow the items of the lower layers.
            "prepend": the items of a higher layer precede the items of the lower layers.
            "unique": like "append", without items that are already present.
    """

    rule: Rule

    def __post_init__(self) -> None:
        if self.rule not in _RULES:
            raise ValueError(f"Merge() takes one of {', '.join(_RULES)}")
