"""Registration of secret values, so that logs mask them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_NOT_SECRET = frozenset({"username", "user", "name", "host", "hostname", "port", "dbname", "database"})
_MOST = 10_000
"""Maximum number of containers and objects that are searched in one value."""


def register_value(value: Any) -> None:
    """Register a value, so that logs mask it.

    Text, bytes and numbers are registered. In any other object, each text is registered, except names of users and
    hosts.

    Args:
        value: any object; its mappings, lists and attributes are searched at any depth.
    """
    from toriconfig.pipeline._redact import register

    if isinstance(value, (int, float)) and not isinstance(value, bool):
        register(str(value))
    for text in _texts(value):
        register(text)
        bare = text.strip()
        if bare != text:  # a line that was stored with its line end
            register(bare)


def register_part(value: str, key: str) -> None:
    """Register a text that becomes part of a longer text, such as the password in a URL, so that logs mask it.

    Args:
        value: the text.
        key: the key at which the text is stored. Text at a key for user names or hosts is not registered.
    """
    if key.lower() not in _NOT_SECRET:
        register_value(value)


def _texts(value: Any) -> Iterator[str | bytes]:
    waiting, seen = [value], {id(value): value}
    while waiting:
        one = waiting.pop()
        if isinstance(one, (str, bytes)):
            yield one
            continue
        for part in _list_of_parts(one):
            if isinstance(part, (str, bytes)):
                yield part
            elif id(part) not in seen and len(seen) < _MOST:
                seen[id(part)] = part
                waiting.append(part)


def _list_of_parts(value: Any) -> list[Any]:
    try:
        return list(_parts(value))
    except Exception:  # noqa: BLE001 - a container of somebody else that cannot be looked into
        return []


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple, set, frozenset)):
        yield from value
        return
    for key, part in (value if isinstance(value, Mapping) else _attributes(value)).items():
        if str(key).lower() not in _NOT_SECRET or not isinstance(part, (str, bytes)):
            yield part


def _attributes(value: Any) -> dict[str, Any]:
    """Return the attributes of an object, including slots. The attributes of a `Secret` do not lead to its value."""
    if isinstance(value, type) or value is None:
        return {}
    found = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                found[name] = getattr(value, name)
    return found
