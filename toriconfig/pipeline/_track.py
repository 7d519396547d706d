"""Progress reports of a loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

from toriconfig._core.clean_call import clean_call
from toriconfig.pipeline._progress import ProgressTracker
from toriconfig.pipeline._report import Report

T = TypeVar("T")


@clean_call
def track(
    iterable: Iterable[T],
    total: int | None = None,
    min_change: float = 1.0,
    min_seconds: float = 0.0,
    *,
    on_report: Callable[[Report], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
    description: str = "",
    bar: bool = False,
) -> Iterator[T]:
    """Iterate over `iterable` and report the progress.

    An item counts as done when the loop requests the next one. A loop that ends early is reported as stopped.

    Args:
        iterable: the items.
        total: number of expected items; None: `len(iterable)`, or unknown if `iterable` has no length.
        min_change: as for `ProgressTracker`.
        min_seconds: as for `ProgressTracker`.
        on_report: as for `ProgressTracker`.
        clock: as for `ProgressTracker`.
        description: as for `ProgressTracker`.
        bar: as for `ProgressTracker`.

    Yields:
        The items.

    >>> for page in track("ab", on_report=lambda report: print(f"{report.percent:g} %")):
    ...     print(page)
    0 %
    a
    50 %
    b
    100 %
    """
    if total is None and isinstance(iterable, Sized):
        total = _length(iterable)
    progress = ProgressTracker(
        total, min_change, min_seconds, on_report=on_report, clock=clock, description=description, bar=bar
    )
    return _tracked(iterable, progress)


def _length(items: Sized) -> int | None:
    try:
        return len(items)
    except Exception:  # noqa: BLE001 - no length, or too large: the items are still iterated
        return None


def _tracked(iterable: Iterable[T], progress: ProgressTracker) -> Iterator[T]:
    with progress:
        for item in iterable:
            yield item
            progress.update_sync()
