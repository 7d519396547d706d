"""The markers of fields: `Ref`, a place in Vault, and `Merge`, the rule by which layers meet.

References are `secret/tori#api_key`, `secret/tori?version=3#api_key`, `database/creds/tori`,
`pki/issue/tori?common_name=tori.internal`; in quotes what would not be taken as it is: `secret/"my app"#"a}b"`.
"""

from __future__ import annotations

from typing import Literal

from toriconfig._core.path import quote, quoted
from toriconfig._core.value import Value

_REFUSED = frozenset("\x7f%?#\\{}") | frozenset(map(chr, range(0x21)))

_ISSUING = frozenset({"issue", "sign", "sign-verbatim", "creds", "sts"})
"""The segments of which one stands before the role in a path that issues something."""

_PARAMETERS = "after `?` stands `name=value&name=value`, each name once; a value with a space or one of ? # { } | stands in quotes"

_UNSENDABLE = frozenset("\\") | frozenset(map(chr, (*range(0x20), *range(0x7F, 0xA0))))

_HIDES_PATHS = ("%2e", "%2f", "%5c")
"""What a proxy that decodes twice would take for a dot or for the end of a segment."""


class Place(Value):
    """A reference, taken apart.

    Attributes:
        path: the logical one.
        key: at that path, or None for the whole path.
        version: the pinned one, or None for the newest.
        parameters: names and values of what is asked for, where a path issues something.
    """

    path: str
    key: str | None = None
    version: int | None = None
    parameters: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        query = [f"version={self.version}"] if self.version is not None else []
        query += [f"{name}={value if _is_plain(value) else quote(value)}" for name, value in self.parameters]
        path = "/".join(part if _is_plain_segment(part) else quote(part) for part in self.path.split("/"))
        key = f"#{self.key if _is_plain_key(self.key) else quote(self.key)}" if self.key else ""
        return path + ("?" + "&".join(query) if query else "") + key


class Ref(Value):
    """A place in Vault; in `Annotated[Secret[str], Ref("secret/x#k")]` it is the field's own place.

    Args:
        reference: `path`, `path#key`, `path?version=N` or `path?version=N#key`. For KV engines the path is
            the logical one (`secret/tori`, not `secret/data/tori`). A certificate is asked for with its
            parameters: `pki/issue/tori?common_name=tori.internal&ttl=72h`. Segments, values of parameters and the
            key may stand in quotes, with a backslash before a quote in them: `secret/"my app"#"a#b"`.
        max_age: seconds after which the secret is due for `toriconfig rotate --due`, or None.

    Raises:
        ValueError: the text is no such reference; the message says what is wrong with it.
    """

    reference: str
    max_age: float | None = None

    def __post_init__(self) -> None:
        split(self.reference)

    @property
    def place(self) -> Place:
        """The reference, taken apart."""
        return split(self.reference)

    @property
    def path(self) -> str:
        """The path alone."""
        return self.place.path

    @property
    def key(self) -> str | None:
        """The key at that path, or None for the whole path."""
        return self.place.key

    @property
    def version(self) -> int | None:
        """The pinned version, or None for the newest."""
        return self.place.version

    def __str__(self) -> str:
        return self.reference


def split(reference: str) -> Place:
    """Take a reference apart; refuse what must never reach Vault.

    Raises:
        ValueError: an empty, absolute or dotted path, a control character, an unknown parameter.

    >>> split("secret/tori?version=3#api_key")
    Place(path='secret/tori', key='api_key', version=3, parameters=())
    """
    path, plain, at = _part(reference, 0, "?#")
    _check_plain(plain)
    check_named(path)
    parameters: list[tuple[str, str]] | None = None
    if reference[at : at + 1] == "?":
        at, parameters = _query(reference, at + 1)
    key = _key(reference[at + 1 :]) if at < len(reference) else None
    if parameters is None:
        return Place(path, key)
    if issues(path) and [name for name, _ in parameters] != ["version"]:
        names = {
            name for name, value in parameters if value and name.isascii() and name.isidentifier() and name.islower()
        }
        if len(names) < len(parameters):
            raise ValueError(_PARAMETERS)
        return Place(path, key, None, tuple(parameters))
    name, number = parameters[0] if len(parameters) == 1 else ("", "")
    if (
        name != "version"
        or not (number.isascii() and number.isdecimal())
        or not 1 <= len(number) < 19
        or int(number) < 1
    ):
        raise ValueError("after `?` only `version=N` with N from 1 is understood")
    return Place(path, key, int(number))


def issues(path: str) -> bool:
    """Whether a path may issue something to parameters: `pki/issue/tori`, `kubernetes/creds/tori`, `aws/sts/tori`."""
    return not _ISSUING.isdisjoint(path.split("/")[1:][-2:-1])


def unquoted(path: str) -> str:
    """A path without its quotes.

    Raises:
        ValueError: a quote is not closed, or stands around a part of a segment.
    """
    return _part(path, 0, "")[0]


def _part(text: str, at: int, stops: str) -> tuple[str, str, int]:
    """The part that begins at `at` and goes up to one of `stops`; the same without what stands in quotes; its end."""
    whole, plain, begin = "", "", at
    while at < len(text) and text[at] not in stops:
        if text[at] == '"' and (at == begin or text[at - 1] == "/"):
            at, inside = quoted(text, at + 1)
            if not inside or (at < len(text) and text[at] not in f"/{stops}"):
                raise ValueError("what stands in quotes is a whole segment, value or key")
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
            raise ValueError("what stands in quotes is a whole segment, value or key")
    if not key:
        raise ValueError("the key after `#` is missing")
    return key


def _is_plain(value: str) -> bool:
    return bool(value) and value.isprintable() and _is_bare(value) and not any(mark in value for mark in " ?#{}&")


def _is_plain_segment(text: str) -> bool:
    return _REFUSED.isdisjoint(text) and _is_bare(text)


def _is_plain_key(text: str) -> bool:
    return _is_bare(text) and "}" not in text and text.strip() == text


def _is_bare(text: str) -> bool:
    """Whether a text in `${...}` ends where it ends: no quote opens in it, and no form is cut off."""
    return not text.startswith('"') and "|" not in text


def _check_plain(path: str) -> None:
    if not path:
        raise ValueError("the path is missing")
    if not _REFUSED.isdisjoint(path):
        raise ValueError(
            "the path holds a space, a control character or one of % ? # \\ { }; "
            'write the segment in quotes if it is called so: `secret/"my app"#key`'
        )


def check_named(path: str) -> None:
    """Refuse a path that Vault, or a proxy before it, could read as another one, though it is sent encoded.

    Raises:
        ValueError: with the reason.
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
    """Refuse a path, not quoted, that Vault, or a proxy before it, could read as another one.

    Raises:
        ValueError: with the reason.
    """
    _check_plain(path)
    check_named(path)


Rule = Literal["replace", "append", "prepend", "unique"]
_RULES = ("replace", "append", "prepend", "unique")


class Merge(Value):
    """How a field's value meets those of lower layers, where the usual rule will not do.

    Args:
        rule: "replace": the higher layer alone counts (for a mapping; lists do so anyway).
            "append", "prepend": a list goes behind, or before, the lower layers' items.
            "unique": appended, without the items that are there already.
    """

    rule: Rule

    def __post_init__(self) -> None:
        if self.rule not in _RULES:
            raise ValueError(f"Merge() takes one of {', '.join(_RULES)}")
