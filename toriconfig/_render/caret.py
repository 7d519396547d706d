"""Drawing of a source line and the marks below it, cut to the width of the terminal."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from toriconfig._core.mask import MASK
from toriconfig._core.origin import Origin
from toriconfig._core.printable import clean, commands_as
from toriconfig._render.cells import draw

_CUT = "..."


class Mark(NamedTuple):
    """A mark below a source line.

    Attributes:
        origin: position of the marked characters.
        label: text beside the signs.
        sign: character that is drawn below each marked character, such as `^`.
    """

    origin: Origin
    label: str
    sign: str


class Row(NamedTuple):
    """A line of an excerpt, without the line number and the `|` at its left."""

    indent: str
    text: str
    sign: str


def rows_of(text: str, marks: Sequence[Mark], room: int, encoding: str | None = None) -> Iterator[Row]:
    """Yield the row of the source line, and then the rows of each mark on this line.

    Args:
        text: the line, masked.
        marks: the marks on this line.
        room: available columns of the terminal; a longer line is cut around the first mark.
        encoding: encoding of the terminal; None: UTF-8.
    """
    drawn, starts = _drawn(text, encoding)
    spans = [_span(text, mark.origin) for mark in marks]
    low, high = _window(starts, min((start for start, _ in spans), default=0), room)
    lead, tail = _CUT if low else "", _CUT if high < len(drawn) else ""
    shown = commands_as("?#", "".join(drawn[low:high]))
    yield Row("", f"{lead}{shown}{tail}".rstrip(), "")
    shift = starts[low] - len(lead)
    last = starts[high] - shift + len(tail)
    for (start, end), mark in zip(spans, marks, strict=True):
        left = min(max(starts[start] - shift, 0), max(last, 0))
        wide = max(min(starts[end] - shift, last) - left, 1)
        yield from _pointed(mark, left, wide, room)


@lru_cache(maxsize=1)
def _drawn(text: str, encoding: str | None) -> tuple[list[str], list[int]]:
    """Return `draw(text, encoding)`. The last result is cached."""
    return draw(text, encoding)


def _pointed(mark: Mark, left: int, wide: int, room: int) -> Iterator[Row]:
    indent, signs, label = " " * left, mark.sign * wide, clean(mark.label)
    if not label or left + wide + 1 + len(label) <= room:
        yield Row(indent, f"{signs} {label}".rstrip(), mark.sign)
        return
    yield Row(indent, signs, mark.sign)
    indent = indent[: room // 3]
    for part in wrapped(label, room - len(indent)):
        yield Row(indent, part, mark.sign)


def _span(text: str, origin: Origin) -> tuple[int, int]:
    """Return the indices `(start, end)` of the characters of `text` to underline; `end` is exclusive.

    `text` is already masked. A position before the masked part is exact. For a position inside or after the masked
    part, the whole masked part is underlined.
    """
    if origin.column is not None:
        start = min(origin.column - 1, len(text))
        here = origin.end_line in (None, origin.line)
        end = (origin.end_column or origin.column + 1) - 1 if here else len(text)
    elif origin.name and origin.name in text:
        start = text.index(origin.name)
        end = start + len(origin.name)
    else:
        start, end = len(text) - len(text.lstrip()), len(text)
    masked = text.find(MASK)
    if 0 <= masked < end:
        start, end = min(start, masked), masked + len(MASK)
    return start, max(start, min(end, len(text)))


def _window(starts: Sequence[int], first: int, room: int) -> tuple[int, int]:
    """Return the indices `(start, end)` of the characters that fit into `room` cells. They include `first`."""
    characters = len(starts) - 1
    if starts[-1] <= room:
        return 0, characters
    low = 0
    if starts[first] > room * 2 // 3:
        low = bisect_left(starts, starts[first] - room // 3)
    reach = starts[low] + room - len(_CUT) * (2 if low else 1)
    return low, bisect_right(starts, reach) - 1


def wrapped(text: str, room: int) -> list[str]:
    """Return `text` as lines of at most `room` cells, split at spaces. A longer word gets a line of its own."""
    if len(text) <= room:
        return [text]
    from textwrap import wrap

    return wrap(text, room, break_long_words=False, break_on_hyphens=False)
