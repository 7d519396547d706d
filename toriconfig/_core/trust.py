"""Metadata of the fields of `Vault` and of the login methods: secret or not, and allowed in settings files or not.

| metadata of the dataclass field   | a settings file may set it | `repr` shows it | a pickled lazy object holds it |
|---|---|---|---|
| `{"secret": False, "file": True}` | yes | yes | yes |
| `{"secret": False}` | with permission | yes | yes |
| `{"secret": True}` | with permission | masked | no |
| none | with permission | masked | no |

A field without metadata is treated as a secret. Code gives permission with `Vault(allow_file_address=True)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from types import MappingProxyType
from typing import Any

from toriconfig._core.mask import MASK

SECRET: Mapping[str, bool] = MappingProxyType({"secret": True})
"""Metadata of a field that holds a credential."""

PINNED: Mapping[str, bool] = MappingProxyType({"secret": False})
"""Metadata of a field that settings files may set only with permission: an address, a trust anchor, a file to read."""

TUNING: Mapping[str, bool] = MappingProxyType({"secret": False, "file": True})
"""Metadata of a field that settings files may set."""

TRUSTED_LAYERS = frozenset({"code", "env", "secrets_dir"})
"""The layers that may set every field. All other layers count as settings files."""


class Declared:
    """Base class of dataclasses. Their `repr` masks every field except those declared with `{"secret": False}`."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "__repr__" not in vars(cls):  # a dataclass does not replace an existing `__repr__`
            cls.__repr__ = masked_repr  # type: ignore[method-assign]


def masked_repr(value: Any) -> str:
    """Return the `repr` of a dataclass object. Secrets in it, and in dataclass objects in its fields, are masked."""
    parts = (f"{one.name}={_shown(one, getattr(value, one.name, None))}" for one in fields(value) if one.repr)
    return f"{type(value).__qualname__}({', '.join(parts)})"


def secrets_in(value: Any) -> Iterator[str]:
    """Yield the dotted name of each secret in a dataclass object and in the dataclass objects inside it.

    The following count as secrets:
    * a field without `"secret": False` in its metadata, if the value is neither None nor the default of the field;
    * a field whose value is a URL with a user name or password;
    * every attribute that is not a dataclass field.
    """
    for one in fields(value) if is_dataclass(value) else ():
        given = getattr(value, one.name, None)
        if is_dataclass(given) and not isinstance(given, type):
            yield from (f"{one.name}.{below}" for below in secrets_in(given))
        elif given is not None and ((_is_secret(one) and given is not one.default) or _has_login(given)):
            yield one.name
    if is_dataclass(value):  # attributes that are not fields, such as a `cached_property`
        names = {one.name for one in fields(value)}
        yield from (name for name in getattr(value, "__dict__", ()) if name not in names)


def file_may_set(kind: type[Any], name: str) -> bool:
    """Return True if a settings file may set the field `name` of the dataclass `kind`.

    Code must allow all other fields with `Vault(allow_file_address=True)`.
    """
    return any(one.name == name and one.metadata.get("file") is True and not _is_secret(one) for one in fields(kind))


def _is_secret(one: Field[Any]) -> bool:
    return one.metadata.get("secret") is not False


def _shown(one: Field[Any], given: Any) -> str:
    if is_dataclass(given) and not isinstance(given, type):
        return masked_repr(given)
    hidden = given is not None and (_is_secret(one) or _has_login(given))
    return repr(MASK) if hidden else repr(given)


def _has_login(given: Any) -> bool:
    """Return True if `given` is a URL with a user name or password."""
    return isinstance(given, str) and "@" in given.partition("://")[2].partition("/")[0]
