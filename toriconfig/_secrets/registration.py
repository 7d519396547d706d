"""Registration of secret values, so that logs mask them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from toriconfig._secrets.provider import Reading, Registered, unregister

_NOT_SECRET = frozenset({"username", "user", "name", "host", "hostname", "port", "dbname", "database"})
FORMER = 20
"""Number of replaced values of one secret that logs mask without a limit of time."""

_MOST = 10_000
"""Maximum number of containers and objects that are searched in one value."""

_MOST_COMPARED = 1 << 28
"""Maximum number of comparisons of one character when parts of a new value are searched for."""


def register_value(value: Any, reading: Reading | None = None) -> None:
    """Register a value, so that logs mask it.

    Of a container or any other object, the texts in it are registered, except names of users and hosts.

    Args:
        value: text, bytes, a number, or an object that is searched at any depth.
        reading: the `Reading` (value and origin) of `value`. The masking ends some time after the `Reading` is
            replaced. None: the masking ends with the process.
    """
    from toriconfig.pipeline._redact import register

    registered: Registered = _owner(reading).registered if reading is not None else {}
    for text in _forms(value):
        end = _end_of(text)
        if registered.setdefault(text, end) is end:  # once for all handles of the reading
            register(text)


def register_part(value: str, key: str, reading: Reading) -> None:
    """Register a text that becomes part of a longer text, such as the password in a URL, so that logs mask the part.

    Args:
        value: the part.
        key: the key at which the part is stored. Nothing is registered for a key of user names or hosts.
        reading: the `Reading` that the part belongs to.
    """
    if key.lower() not in _NOT_SECRET:
        register_value(value, reading)


class Former:
    """Replaced values of one secret, which are still masked in logs.

    A value with an expiry is masked until one hour after the expiry. Of the other values, the newest `FORMER` (a
    number) stay masked. Older values are masked for one more hour.
    """

    __slots__ = ("_former",)

    def __init__(self) -> None:
        self._former: deque[Registered] = deque()

    def add(self, old: Reading, new: Reading | None, time: float) -> None:
        """Add a replaced reading. Its registered texts that `new` also contains are moved to `new`.

        Args:
            old: the replaced reading.
            new: the reading that replaces `old`; None: there is none.
            time: present seconds since 1970.
        """
        if new is not None:
            _hand_over(old.registered, new)
        if old.expires_at is not None:
            unregister(old.registered, old.expires_at - time)
        elif old.registered:
            # Without an expiry the old value may still be valid, so the newest stay masked.
            self._former.append(old.registered)
            if len(self._former) > FORMER:
                unregister(self._former.popleft(), 0.0)


def _hand_over(registered: Registered, new: Reading) -> None:
    """Move from `registered` to `new.registered` each text that occurs in the value of `new`.

    Logs then mask the text at least until `new` is replaced.
    """
    whole = set(_forms(new.value))
    texts = "\0".join(one for one in whole if isinstance(one, str))
    data = b"\0".join(one for one in whole if isinstance(one, bytes))
    search = len(registered) * (len(texts) + len(data)) < _MOST_COMPARED
    for text in list(registered):
        if text not in whole and not (search and (text in texts if isinstance(text, str) else text in data)):
            continue
        end = registered.pop(text, None)
        if end is not None and new.registered.setdefault(text, end) is not end:
            end(0.0)  # the new reading has registered the text itself


def _end_of(text: str | bytes) -> Callable[[float], None]:
    from toriconfig.pipeline._redact import KEEP, forget

    return lambda seconds: forget(text, KEEP + max(0.0, seconds))


def _owner(reading: Reading) -> Reading:
    """Return the newest reading that came from a source: `reading` itself, or one of its inputs at any depth.

    A reading from a source has no inputs. A reading with an expiry is preferred to a newer reading without an expiry.
    """
    if not reading.inputs:
        return reading
    return max(map(_owner, reading.inputs), key=lambda one: (one.expires_at is not None, one.number))


def _forms(value: Any) -> Iterator[str | bytes]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield str(value)
    for text in _texts(value):
        yield text
        bare = text.strip()
        if bare != text:  # a line that was stored with its line end
            yield bare


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
    except Exception:  # noqa: BLE001 - a container of an unknown class that cannot be read
        return []


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple, set, frozenset)):
        yield from value
        return
    for key, part in (value if isinstance(value, Mapping) else _attributes(value)).items():
        if str(key).lower() not in _NOT_SECRET or not isinstance(part, (str, bytes)):
            yield part


def _attributes(value: Any) -> dict[str, Any]:
    """Return the attributes of an object, including slots; an empty dict for a class or None."""
    if isinstance(value, type) or value is None:
        return {}
    found = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                found[name] = getattr(value, name)
    return found
