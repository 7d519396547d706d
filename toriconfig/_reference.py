"""The markers of fields: `Ref`, a place in Vault, and `Merge`, the rule by which layers meet.

References are `secret/tori#api_key`, `secret/tori?version=3#api_key`, `database/creds/tori`,
`pki/issue/tori?common_name=tori.internal`.
"""

from __future__ import annotations

from typing import Literal

from toriconfig._value import Value

_REFUSED = frozenset("\x7f%?#\\{}") | frozenset(map(chr, range(0x21)))

ISSUES = "issue"
"""The segment that stands before the role in a path that issues certificates."""


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
        query += [f"{name}={value}" for name, value in self.parameters]
        return self.path + ("?" + "&".join(query) if query else "") + (f"#{self.key}" if self.key else "")


class Ref(Value):
    """A place in Vault; in `Annotated[Secret[str], Ref("secret/x#k")]` it is the field's own place.

    Args:
        reference: `path`, `path#key`, `path?version=N` or `path?version=N#key`. For KV engines the path is
            the logical one (`secret/tori`, not `secret/data/tori`). A certificate is asked for with its
            parameters: `pki/issue/tori?common_name=tori.internal&ttl=72h`.
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
    rest, hash_, key = reference.partition("#")
    if hash_ and not key:
        raise ValueError("the key after `#` is missing")
    path, question, query = rest.partition("?")
    check_path(path)
    if not question:
        return Place(path, key or None)
    name, _, number = query.partition("=")
    if issues(path) and (name != "version" or "&" in query):
        return Place(path, key or None, None, _parameters(query))
    if name != "version" or not number.isdecimal() or int(number) < 1:
        raise ValueError("after `?` only `version=N` with N from 1 is understood")
    return Place(path, key or None, int(number))


def issues(path: str) -> bool:
    """Whether a path issues certificates: `pki/issue/tori`."""
    return path.split("/")[-2:-1] == [ISSUES]


def _parameters(query: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if not (name.isidentifier() and name.isascii() and name.islower()) or not _is_plain(value) or name in found:
            raise ValueError("after `?` of a certificate stands `name=value&name=value`, each name once")
        found[name] = value
    return tuple(found.items())


def _is_plain(value: str) -> bool:
    return bool(value) and value.isprintable() and not any(mark in value for mark in " ?#{}")


def check_path(path: str) -> None:
    """Refuse a path that Vault, or a proxy before it, could read as another one.

    Raises:
        ValueError: with the reason.
    """
    if not path:
        raise ValueError("the path is missing")
    if not _REFUSED.isdisjoint(path):
        raise ValueError("the path holds a space, a control character or one of % ? # \\ { }")
    segments = path.split("/")
    if "" in segments:
        raise ValueError("the path starts or ends with `/` or holds `//`")
    if "." in segments or ".." in segments:
        raise ValueError("the path holds a `.` or `..` segment")


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
