"""A self-contained HTML page of settings: one row per key, one column per layer. The page loads no external resource.

`FILE.html#words` opens the page with a search for these words.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from toriconfig._core.printable import clean


class Cell(NamedTuple):
    """Value that one layer sets for a key.

    Attributes:
        value: the value as text; the mask for a secret.
        origin: file, line and column, or variable.
        wins: True for the effective value.
    """

    value: str
    origin: str
    wins: bool


class Bar(NamedTuple):
    """A number of seconds, drawn as a bar.

    Attributes:
        label: text beside the bar, such as "age 30 s".
        seconds: the number.
        most: the number at which the bar is full.
        ending: True if the remaining time is short, as for a lease that ends soon.
    """

    label: str
    seconds: float
    most: float
    ending: bool = False


class Row(NamedTuple):
    """One row of the page: a key and its values.

    Attributes:
        key: dotted key path.
        cells: dict from the name of a column to the cells of this column, with the effective value first.
        description: description in the schema, or "".
        note: reference and state of a secret, or "".
        bars: age and remaining time of a secret.
    """

    key: str
    cells: dict[str, list[Cell]]
    description: str = ""
    note: str = ""
    bars: tuple[Bar, ...] = ()


def render_page(title: str, columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Return the page as HTML. All text is escaped, and the page has a security policy that forbids external resources.

    Args:
        title: name of the settings class.
        columns: names of the layers, highest first.
        rows: the keys, in the order of the schema.
    """
    policy = f"default-src 'none'; style-src '{_hash(_STYLE)}'; script-src '{_hash(_SCRIPT)}'"
    head = "".join(f"<th scope=col>{_text(column)}</th>" for column in columns)
    body = "\n".join(_row(row, columns) for row in rows)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
{_MARK}
<meta name="viewport" content="width=device-width">
<title>{_text(title)}</title>
<style>{_STYLE}</style>
<h1>{_text(title)}</h1>
<p><input id="search" type="search" placeholder="search keys, values and origins" aria-label="search"> <output id="count"></output></p>
<div><table>
<thead><tr><th scope=col>key</th>{head}</tr></thead>
<tbody>
{body}
</tbody>
</table></div>
<script>{_SCRIPT}</script>
</html>
"""


_MARK = '<meta name="generator" content="toriconfig show --html">'


def is_page(text: str) -> bool:
    """Return True if a text is a page that `render_page` has returned."""
    return _MARK in text


def _row(row: Row, columns: Sequence[str]) -> str:
    about = f"<small>{_text(row.description)}</small>" if row.description else ""
    note = f"<small>{_text(row.note)}</small>" if row.note else ""
    bars = "".join(map(_bar, row.bars))
    cells = "".join(f"<td>{''.join(map(_cell, row.cells.get(column, ())))}</td>" for column in columns)
    return f"<tr><th scope=row>{_text(row.key)}{about}{note}{bars}</th>{cells}</tr>"


def _cell(cell: Cell) -> str:
    value = f"<{'b' if cell.wins else 's'}>{_text(cell.value)}</{'b' if cell.wins else 's'}>"
    return f"<div>{value}<small>{_text(cell.origin)}</small></div>"


def _bar(bar: Bar) -> str:
    kind = ' class="ending"' if bar.ending else ""
    most = max(bar.most, bar.seconds, 1.0)
    return f'<label{kind}>{_text(bar.label)} <progress max="{most:.0f}" value="{bar.seconds:.0f}"></progress></label>'


def _text(text: str) -> str:
    return escape(clean(text))


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


_STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d0d4da, #3b424c); --quiet: light-dark(#5c6570, #9aa4b0);
  --win: light-dark(#e3f2e6, #17371f); --head: light-dark(#f3f5f7, #1d232b); }
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem; }
h1 { font-size: 1.4rem; }
input { font: inherit; padding: .35rem .6rem; width: min(30rem, 70vw); }
div { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top; font-weight: normal; }
thead th { background: var(--head); position: sticky; top: 0; font-weight: 600; }
tbody th { font-family: ui-monospace, monospace; }
td div { padding: .1rem .3rem; border-radius: .25rem; overflow: visible; }
td div:has(b) { background: var(--win); }
b, s { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
s { color: var(--quiet); }
small, label { display: block; color: var(--quiet); font: 12px/1.35 system-ui, sans-serif; }
progress { width: 9rem; height: .6rem; vertical-align: middle; }
.ending { color: light-dark(#b3261e, #ff8a80); }
.ending progress { accent-color: light-dark(#b3261e, #ff8a80); }
"""

_SCRIPT = """
const rows = [...document.querySelectorAll("tbody tr")], count = document.getElementById("count");
const search = document.getElementById("search");
function show() {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    shown += !row.hidden;
  }
  count.textContent = `${shown} of ${rows.length} keys`;
}
function follow() {
  try { search.value = decodeURIComponent(location.hash.slice(1)); } catch { search.value = ""; }
  show();
}
search.addEventListener("input", show);
addEventListener("hashchange", follow);
follow();
"""
