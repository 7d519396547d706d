"""Width of each character on a terminal, and replacement of characters that a terminal cannot show."""

from __future__ import annotations

from toriconfig._core.printable import harmless

TAB = 4
"""Cells to the next tab stop in a drawn line."""


def draw(text: str, encoding: str | None = None) -> tuple[list[str], list[int]]:
    r"""Return two lists for a source line: each character as drawn, and the column at which each character starts.

    The second list also has the column after the last character. A tab is drawn as spaces. A control character, or
    one that `encoding` lacks, is drawn as `?`.

    >>> draw("a\tb")
    (['a', '   ', 'b'], [0, 1, 4, 5])
    """
    drawn: list[str] = []
    starts = [0]
    for char in text:
        at = starts[-1]
        if char == "\t":
            char = " " * (TAB - at % TAB)
            width = len(char)
        elif " " <= char <= "~":
            width = 1
        elif not harmless(char) or not _encodable(char, encoding):
            char, width = "?", 1
        else:
            width = _width(char)
        drawn.append(char)
        starts.append(at + width)
    return drawn, starts


def encodable(text: str, encoding: str | None) -> str:
    """Return `text` with a backslash escape for each character that `encoding` cannot encode. None: UTF-8."""
    name = encoding or "utf-8"
    return text.encode(name, "backslashreplace").decode(name)


def _encodable(char: str, encoding: str | None) -> bool:
    return char == encodable(char, encoding)


def _width(char: str) -> int:
    if char in "\u200c\u200d":
        return 0
    import unicodedata

    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
