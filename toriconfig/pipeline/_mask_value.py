"""Masks values of any kind as logs show them: texts, containers of them, and whatever else has a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toriconfig.pipeline._redact import mask

DEEPEST = 20
"""Containers within containers that are looked into; what stands below is masked as one text."""

WITHHELD = "<redaction failed>"
"""What stands for a value that could not be masked: a line without it is better than one with a secret."""


def mask_text(text: str) -> str:
    """The text without registered secrets; withheld when masking fails."""
    try:
        return mask(text)
    except Exception:  # noqa: BLE001 - whatever went wrong, the raw text must not appear
        return WITHHELD


def mask_value(value: Any, depth: int = 0) -> Any:
    """The value without registered secrets: the same object where it holds none, else a copy or its masked text.

    Args:
        value: anything; mappings, lists, tuples and sets are looked into.
        depth: how deep the value stands in others.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value if type(value) in _PLAIN or mask_text(repr(value)) == repr(value) else mask_text(repr(value))
    if isinstance(value, str):
        shown = mask_text(value)
        return value if shown == value else shown
    if depth < DEEPEST:
        if isinstance(value, Mapping):
            pairs = [
                (key, item, mask_value(key, depth + 1), mask_value(item, depth + 1)) for key, item in value.items()
            ]
            same = all(key is new_key and item is new for key, item, new_key, new in pairs)
            return value if same else {new_key: new for _, _, new_key, new in pairs}
        if isinstance(value, (list, tuple, set, frozenset)):
            items = list(value)
            new = [mask_value(item, depth + 1) for item in items]
            same = all(one is other for one, other in zip(items, new, strict=True))
            return value if same else _like(value, new)
    return _by_text(value)


_PLAIN = frozenset({bool, int, float, type(None)})


def _like(value: Any, items: list[Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(items)
    return items if isinstance(value, list) else set(items)


def _by_text(value: Any) -> Any:
    """An object is shown by its `str` or by its `repr`, whichever a handler takes."""
    try:
        texts = [repr(value)] if isinstance(value, (bytes, bytearray)) else [str(value), repr(value)]
    except Exception:  # noqa: BLE001 - a foreign `__str__`
        return WITHHELD
    shown = [mask_text(text) for text in texts]
    return value if shown == texts else shown[0]
