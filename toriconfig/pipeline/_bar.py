"""Progress as a bar on a terminal, drawn by tqdm."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from toriconfig._core.printable import clean
from toriconfig.pipeline._report import Report


def can_draw() -> bool:
    """Return True if standard error is a terminal and tqdm is installed."""
    from importlib.util import find_spec

    return sys.stderr is not None and sys.stderr.isatty() and find_spec("tqdm") is not None


def bar_on_terminal(total: int | None, description: str) -> Callable[[Report], None] | None:
    """Return a function that draws a progress report as a bar; None if standard error is not a terminal.

    Args:
        total: number of items; None: unknown.
        description: name of the work; "": no name.

    Raises:
        ImportError: tqdm is not installed; the message names the extra.
    """
    try:
        from tqdm import tqdm
    except ImportError as error:
        raise ImportError("a bar needs tqdm: pip install 'toriconfig[bar]'") from error
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    bar: Any = None

    def draw(report: Report) -> None:
        nonlocal bar
        if bar is None:
            # The tracker decides when to draw, so tqdm's own throttle and its monitor thread stay off.
            bar = tqdm(total=total, desc=clean(description) or None, mininterval=0, maxinterval=0, file=sys.stderr)
        bar.n = report.count
        if report.done and report.count:
            bar.total = report.count  # 100 % of the true count, also if it is less than the expected count
        bar.refresh()
        if report.done or report.stopped:
            bar.close()

    return draw
