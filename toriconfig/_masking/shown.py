"""Conversion of plain values to JSON data, with credentials masked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic_core import to_jsonable_python

from toriconfig._core.mask import MASK
from toriconfig._masking.frames import mask_line
from toriconfig._masking.mask import LONGEST_LINE
from toriconfig._masking.sensitive import looks_secret


class Verbatim(str):
    """Text that is shown as the file contains it: a reference, which names a secret but does not contain it."""

    __slots__ = ()


def plain(value: Any) -> Any:
    """Return the value as JSON data. Numbers stay numbers, including infinite ones. A set becomes a sorted list.

    An object that JSON cannot represent becomes its text.
    """
    found = to_jsonable_python(value, fallback=str, inf_nan_mode="constants")
    return sorted(found, key=str) if isinstance(value, (set, frozenset)) else found


_OVERLAP = 1000
"""Characters by which the parts of a long line overlap, so that a name stays beside its value."""


def conceals(key: str | int, value: Any) -> bool:
    """Return True if a value must not be shown: text at a key with a secret name, or text that `mask_line` would mask.

    A list or mapping that contains such text must not be shown. `Verbatim` text (a reference), empty text and
    values of other types may be shown.

    >>> conceals("password", "hunter2"), conceals("max_tokens", 4096), conceals("host", "postgres://u:p@db/x")
    (True, False, True)
    """
    if isinstance(value, Verbatim):
        return False
    if isinstance(value, str):
        named = isinstance(key, str) and looks_secret(key)
        return bool(value) and (named or value == MASK or any(mask_line(line) != line for line in _lines(value)))
    if isinstance(value, list):
        return any(conceals(key, item) for item in value)
    if isinstance(value, dict):
        return any(conceals(key, item) or conceals(name, item) for name, item in value.items())
    return False


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text. A very long line is split into overlapping parts."""
    for line in text.splitlines():
        for start in range(0, max(len(line) - _OVERLAP, 1), LONGEST_LINE - _OVERLAP):
            yield line[start : start + LONGEST_LINE]


def masked(key: str | int, value: Any) -> Any:
    """Return the value with a mask for each part for which `conceals` is True.

    >>> masked("database", {"host": "db", "password": "hunter2"})
    {'host': 'db', 'password': '**********'}
    """
    if isinstance(value, list):
        return [masked(key, item) for item in value]
    if isinstance(value, dict):
        return {name: MASK if conceals(key, item) else masked(name, item) for name, item in value.items()}
    return MASK if conceals(key, value) else value
