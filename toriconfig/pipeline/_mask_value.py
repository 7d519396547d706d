"""Masking of values of any type for logs: text, containers, and the text of any other object."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from toriconfig.pipeline._redact import MASK, SHORTEST, mask

DEEPEST = 100
"""Maximum depth of nested containers that are searched; deeper ones are masked as one text."""

WITHHELD = "<redaction failed>"
"""Placeholder for a value that could not be masked."""

CIRCULAR = "<circular>"
"""Placeholder for a container inside itself, in the copy of a container that holds a secret."""

_PLAIN = frozenset({bool, int, float, type(None)})
_OPEN: Any = object()


def mask_text(text: str) -> str:
    """Return the text without registered secrets, or a placeholder if masking fails."""
    try:
        return mask(text)
    except Exception:  # noqa: BLE001 - after any error, the raw text must not appear
        return WITHHELD


def mask_value(value: Any) -> Any:
    """Return the value without registered secrets. The function never raises.

    If there is no secret, the result is `value` itself; otherwise a masked copy or masked text.

    Args:
        value: any object. Mappings, lists, tuples, sets, and fields of dataclasses and pydantic models are
            searched.
    """
    if type(value) in _PLAIN:
        return _masked_number(value)
    if isinstance(value, str):
        return _masked_str(value)
    walk = _Walk()
    shown = walk.masked(value, 0)
    if walk.circular and shown is not value:  # the copy may hold containers that lead back to the original
        return _Walk(cut=True).masked(value, 0)
    return shown


class _Walk:
    """One walk over a value. Each container is searched once, even if it occurs several times.

    Args:
        cut: True: a container inside itself is replaced by `CIRCULAR`. False: the inner container is not replaced.
    """

    def __init__(self, *, cut: bool = False) -> None:
        self.circular = False
        self._cut = cut
        self._seen: dict[int, tuple[Any, Any]] = {}
        """Value and its masked form by the id of the value. The value is kept so that its id is not reused."""

    def masked(self, value: Any, depth: int) -> Any:
        """Return the masked form of a value that is inside `depth` containers."""
        if type(value) in _PLAIN:
            return _masked_number(value)
        if isinstance(value, str):
            return _masked_str(value)
        if depth >= DEEPEST:
            return _by_text(value)
        _, shown = self._seen.get(id(value), (None, None))
        if shown is _OPEN:
            self.circular = True
            return CIRCULAR if self._cut else value
        if id(value) in self._seen:
            return shown
        self._seen[id(value)] = (value, _OPEN)
        try:
            shown = self._looked_into(value, depth + 1)
        except Exception:  # noqa: BLE001 - a container of an unknown class, or one that another thread is changing
            shown = _by_text(value)
        self._seen[id(value)] = (value, shown)
        return shown

    def _looked_into(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            pairs = [(key, item, self.masked(key, depth), self.masked(item, depth)) for key, item in _items(value)]
            same = all(key is new_key and item is new for key, item, new_key, new in pairs)
            return value if same else {_hashable(new_key): new for _, _, new_key, new in pairs}
        if isinstance(value, (list, tuple, set, frozenset)):
            items = list(value)
            new = [self.masked(item, depth) for item in items]
            same = all(one is other for one, other in zip(items, new, strict=True))
            return value if same else _like(value, new)
        shown = _by_text(value)
        held = _fields_of(value) if shown is value else None
        if held and any(self.masked(item, depth) is not item for item in held):
            # The `repr` omits this field, but structured handlers write it.
            return mask_text(str(value))
        return shown


def _masked_str(value: str) -> str:
    shown = mask_text(value)
    return value if shown == value else shown


def _masked_number(value: bool | float | None) -> Any:
    """Return the mask if the text of `value` contains a registered secret; otherwise return `value`."""
    text = repr(value)
    return value if len(text) < SHORTEST or mask_text(text) == text else MASK


def _items(value: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    return list(value.items())  # in one step: another thread may be changing it


def _fields_of(value: Any) -> list[Any]:
    """Return the values of the fields of a dataclass or a pydantic model; an empty list for any other object."""
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, one.name, None) for one in fields(value)]
    return list(vars(value).values()) if hasattr(type(value), "model_fields") else []


def _like(value: Any, items: list[Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(items)
    if isinstance(value, list):
        return items
    hashable = map(_hashable, items)
    return frozenset(hashable) if isinstance(value, frozenset) else set(hashable)


def _hashable(shown: Any) -> Hashable:
    """Return a masked key, or its text if the masked key cannot be hashed."""
    try:
        hash(shown)
    except TypeError:
        return mask_text(str(shown))
    key: Hashable = shown
    return key


def _by_text(value: Any) -> Any:
    """Return `value`, or the masked `str(value)` if `str(value)` or `repr(value)` contains a secret.

    For bytes, use `repr(value)` instead of `str(value)`. If `str` or `repr` raises an exception, return the
    placeholder `WITHHELD`.
    """
    try:
        texts = [repr(value)] if isinstance(value, (bytes, bytearray)) else [str(value), repr(value)]
    except Exception:  # noqa: BLE001 - `__str__` is user code
        return WITHHELD
    shown = [mask_text(text) for text in texts]
    return value if shown == texts else shown[0]
