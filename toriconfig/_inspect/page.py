"""The HTML page of settings: each key with its values by layer, and each secret with its age and expiry."""

from __future__ import annotations

import time

from toriconfig._core.path import Path, show
from toriconfig._inspect.doctor import SHORT
from toriconfig._inspect.effective import leaves
from toriconfig._inspect.explain import Explanation, explain_at
from toriconfig._load.lookup import by_name
from toriconfig._load.snapshot import Loaded
from toriconfig._render.page import Bar, Cell, Row, render_page

_COLUMNS = {
    "source": "files",
    "backend": "vault",
}
"""Column for each layer that has no column of its own."""


def page_of(loaded: Loaded, below: Path = ()) -> str:
    """Return the settings at or below a path as one HTML page. Secrets are shown as the mask."""
    shape = loaded.snapshot.shape
    paths = dict.fromkeys(leaf.path for leaf in leaves(loaded, below))
    explained = [explain_at(loaded, by_name(path, shape), show(path)) for path in paths]
    now = time.time()
    oldest = max((one.age for one in explained if one.age is not None), default=0.0)
    longest = max((one.expires_at - now for one in explained if one.expires_at is not None), default=0.0)
    rows = [_row(one, now, oldest, longest) for one in explained]
    used = dict.fromkeys(column for row in rows for column in row.cells)
    order = [*loaded.snapshot.options.layers, *used, "defaults"]
    columns = [column for column in dict.fromkeys(order) if column in used and column != "defaults"]
    return render_page(type(loaded.model).__name__, [*columns, "defaults"], rows)


def _row(found: Explanation, now: float, oldest: float, longest: float) -> Row:
    cells: dict[str, list[Cell]] = {}
    values = [(found.origin, found.value), *((loser.origin, loser.value) for loser in found.losers)]
    for at, (origin, value) in enumerate(values):
        column = _COLUMNS.get(origin.layer, origin.layer)
        cells.setdefault(column, []).append(Cell(value, str(origin), wins=at == 0))
    if not found.secret:
        return Row(found.path, cells, found.description)
    bars = []
    if found.age is not None:
        bars.append(Bar(f"age {found.age:.0f} s", found.age, oldest))
    if found.expires_at is not None:
        left = max(0.0, found.expires_at - now)
        bars.append(Bar(f"{left:.0f} s left", left, longest, ending=left < SHORT))
    version = f", version {found.version}" if found.version is not None else ""
    note = f"{found.reference or 'secret'}: {found.state}{version}"
    return Row(found.path, cells, found.description, note, tuple(bars))
