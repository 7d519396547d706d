"""References to a place in Vault: `secret/tori#api_key`, `secret/tori?version=3#api_key`, `database/creds/tori`."""

from __future__ import annotations

import re

from toriconfig._value import Value

_PATH = re.compile(r"[^\x00-\x20\x7f%?#\\{}]+\Z")


class Ref(Value):
    """A place in Vault; in `Annotated[Secret[str], Ref("secret/x#k")]` it is the field's own place.

    Args:
        reference: `path`, `path#key`, `path?version=N` or `path?version=N#key`. For KV engines the path is
            the logical one (`secret/tori`, not `secret/data/tori`).
        max_age: seconds after which the secret is due for `toriconfig rotate --due`, or None.

    Raises:
        ValueError: the text is no such reference; the message says what is wrong with it.
    """

    reference: str
    max_age: float | None = None

    def __post_init__(self) -> None:
        split(self.reference)

    @property
    def path(self) -> str:
        """The path alone."""
        return split(self.reference)[0]

    @property
    def key(self) -> str | None:
        """The key at that path, or None for the whole path."""
        return split(self.reference)[1]

    @property
    def version(self) -> int | None:
        """The pinned version, or None for the newest."""
        return split(self.reference)[2]

    def __str__(self) -> str:
        return self.reference


def split(reference: str) -> tuple[str, str | None, int | None]:
    """Take a reference apart into path, key and version; refuse what must never reach Vault.

    Raises:
        ValueError: an empty, absolute or dotted path, a control character, an unknown parameter.

    >>> split("secret/tori?version=3#api_key")
    ('secret/tori', 'api_key', 3)
    """
    rest, hash_, key = reference.partition("#")
    if hash_ and not key:
        raise ValueError("the key after `#` is missing")
    path, question, query = rest.partition("?")
    version: int | None = None
    if question:
        name, _, number = query.partition("=")
        if name != "version" or not number.isdecimal() or int(number) < 1:
            raise ValueError("after `?` only `version=N` with N from 1 is understood")
        version = int(number)
    check_path(path)
    return path, key or None, version


def check_path(path: str) -> None:
    """Refuse a path that Vault, or a proxy before it, could read as another one.

    Raises:
        ValueError: with the reason.
    """
    if not path:
        raise ValueError("the path is missing")
    if not _PATH.match(path):
        raise ValueError("the path holds a space, a control character or one of % ? # \\ { }")
    segments = path.split("/")
    if "" in segments:
        raise ValueError("the path starts or ends with `/` or holds `//`")
    if "." in segments or ".." in segments:
        raise ValueError("the path holds a `.` or `..` segment")
