"""Text as pieces that overlap, cut between words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document.

    Attributes:
        page: the page on which it begins, from 1.
        text: at most as long as was asked for.
    """

    page: int
    text: str


def chunks_of(pages: Sequence[str], size: int, overlap: int) -> Iterator[Chunk]:
    """Cut the text of a document.

    Args:
        pages: the text of each page.
        size: characters of a chunk at most.
        overlap: characters that a chunk shares with the one before; less than `size`.

    >>> [chunk.text for chunk in chunks_of(["one two three", "four"], size=8, overlap=2)]
    ['one two', 'wo three', 'ee four']
    """
    text = " ".join(pages)
    beginnings = [0, *accumulate(len(page) + 1 for page in pages)]
    start = 0
    while start < len(text):
        end = _cut(text, start, size, overlap)
        yield Chunk(bisect_right(beginnings, start), text[start:end])
        if end == len(text):
            return
        start = end - overlap


def _cut(text: str, start: int, size: int, overlap: int) -> int:
    """Return the end of the chunk: between two words when one ends in its second half, and beyond the overlap."""
    end = start + size
    if end >= len(text):
        return len(text)
    between = text.rfind(" ", start + max(size // 2, overlap + 1), end + 1)
    return end if between < 0 else between
