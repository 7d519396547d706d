"""Progress bar that is shown while a `with` block runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from toriconfig.pipeline._bar import can_draw


@contextmanager
def drawn(total: int, description: str, *, wanted: bool) -> Iterator[Callable[[], object]]:
    """Draw a progress bar during a `with` block, and yield the function to call at the end of each item.

    The bar is closed at the end, also after an exception. Without a bar, the yielded function does nothing.

    Args:
        total: number of items.
        description: name of the work; never a value or a reference.
        wanted: True: draw a bar if `can_draw()` is true. False: draw no bar.
    """
    if not wanted or not can_draw():
        yield int
        return
    from toriconfig.pipeline._progress import ProgressTracker

    with ProgressTracker(total, bar=True, description=description) as progress:
        yield progress.update_sync
