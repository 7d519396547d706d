"""Tables for notebooks: escaped text, without external resources."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from toriconfig._core.printable import clean


def table(caption: str, head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return an HTML table with a caption, a head and rows. All text is escaped."""
    body = "".join(f"<tr>{_cells(row, 'td')}</tr>" for row in rows)
    return f"<table><caption>{_text(caption)}</caption><tr>{_cells(head, 'th')}</tr>{body}</table>"


def _cells(row: Iterable[object], tag: str) -> str:
    return "".join(f'<{tag} style="text-align: left">{_text(cell)}</{tag}>' for cell in row)


def _text(cell: object) -> str:
    return escape(clean("" if cell is None else str(cell)))
