"""Progress counter with exact counts and a limited number of reports."""

from __future__ import annotations

import math
import operator
import os
import sys
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import get_ident
from types import TracebackType
from typing import TYPE_CHECKING, Literal, NoReturn, Self
from weakref import WeakSet

from toriconfig._core.clean_call import clean_init
from toriconfig._core.printable import clean
from toriconfig.pipeline._report import Report

if TYPE_CHECKING:
    import logging

_PERCENT = 10**8
"""100 percent in millionths of a percent: the steps of `min_change` are integers, so that 0.1 is exactly a tenth."""

_UNKNOWN_TOTAL_SECONDS = 1.0
_SMOOTHING = 0.3

_live: WeakSet[ProgressTracker] = WeakSet()


@clean_init
class ProgressTracker:
    """Counter of items that reports the progress, limited by change and by time.

    A report is due when the percentage has reached the next multiple of `min_change`, and `min_seconds` have passed
    since the last report. The first report (0 %) is made at the entry of a `with` or `async with` block, or without
    a block at the first update. The final report is made at `total` items (100 %), or else at the exit of the
    block. After a normal exit, the final report has 100 % and the actual count. After an exception, the final
    report has the percentage and the count at the exception.

    The tracker is thread-safe and may be shared by coroutines. Reports are made one at a time, in increasing order.
    An update never waits for a report of another thread.

    Args:
        total: number of expected items. None: unknown; counts are then reported every `min_seconds` (0: every
            second).
        min_change: percentage points between two reports, 0 to 100; 0 allows a report at each update.
        min_seconds: minimum seconds between two reports, at least 0.
        on_report: called with each report, on the updating thread, so the function should be fast. The function may
            update and read the tracker. If `on_report` raises, the exception is logged, and `on_report` is not
            called again. None: log one line per report at level INFO to `get_logger("toriconfig.progress")`.
        clock: function that returns monotonic seconds.
        description: name of the work, at the start of each line.
        bar: True: draw a bar instead of lines if standard error is a terminal (extra `bar`).

    Raises:
        ValueError: an argument is negative, or `min_change` is above 100.

    >>> with ProgressTracker(4, min_change=50, on_report=lambda report: print(report.percent)) as progress:
    ...     for _ in range(4):
    ...         _ = progress.update_sync()
    0.0
    50.0
    100.0
    """

    __slots__ = (
        "__weakref__",
        "_begun",
        "_clock",
        "_closing",
        "_count",
        "_counting",
        "_description",
        "_due",
        "_end",
        "_hold",
        "_last",
        "_on_report",
        "_overrun",
        "_pause",
        "_rate",
        "_reporting",
        "_state",
        "_step",
        "_total",
        "_turn",
    )

    def __init__(
        self,
        total: int | None,
        min_change: float = 1.0,
        min_seconds: float = 0.0,
        *,
        on_report: Callable[[Report], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        description: str = "",
        bar: bool = False,
    ) -> None:
        if total is not None and operator.index(total) < 0:
            raise ValueError(f"total is a number of items, 0 or more, not {total}")
        if not 0 <= min_change <= 100:
            raise ValueError(f"min_change is a number of percent from 0 to 100, not {min_change}")
        if not min_seconds >= 0:
            raise ValueError(f"min_seconds is a number of seconds, 0 or more, not {min_seconds}")
        if bar and on_report is None:
            from toriconfig.pipeline._bar import bar_on_terminal

            on_report = bar_on_terminal(total, description)
        self._total = None if total is None else operator.index(total)
        self._end: float = math.inf if total is None else operator.index(total)
        self._step = 0 if total is None else round(min_change * 10**6)
        self._pause = min_seconds if total is not None or min_seconds else _UNKNOWN_TOTAL_SECONDS
        self._on_report = on_report
        self._clock = clock
        self._description = description
        self._count = 0
        self._due: float = 0
        self._hold = -math.inf
        self._begun = clock()
        self._last = (self._begun, 0)
        self._rate = 0.0
        self._state: Literal["new", "running", "ended"] = "new"
        self._closing: Literal["", "clean", "stopped"] = ""
        self._overrun = False
        self._counting = threading.Lock()
        self._open_turn()
        _live.add(self)

    @property
    def count(self) -> int:
        """Number of items counted by all threads."""
        return self._count

    @property
    def total(self) -> int | None:
        """Number of expected items; None: unknown."""
        return self._total

    @property
    def percent(self) -> float | None:
        """Percentage, 0 to 100, never rounded up. 100: the work is done. None: not done, and `total` is None."""
        count, total = self._count, self._total
        ended_well = self._state == "ended" and self._closing != "stopped"
        return self._percent(count, ended_well or (total is not None and 0 < count >= total))

    # With the GIL no thread is switched between reading and writing `_count` below: there is no call and no jump
    # backwards in between. Builds without the GIL get the locked variants at the end of this module.

    def update_sync(self, n: int = 1) -> float | None:
        """Count more items.

        Args:
            n: number of items, at least 0.

        Returns:
            The percentage in the last report that this call made. None if this call made no report, or if the report
            has no percentage, because `total` is None.

        Raises:
            ValueError: `n` is negative.
        """
        if n < 0:
            raise ValueError(f"progress cannot go back: n is {n}")
        count = self._count = self._count + n
        if count < self._due:
            return None
        if count < self._end and self._clock() < self._hold:
            return None
        return self._pump(wait=False)

    async def update(self, n: int = 1) -> float | None:
        """Count more items; coroutine version of `update_sync`.

        If a report is due and no other thread is reporting, the report is made before the method returns.

        Args:
            n: number of items, at least 0.

        Returns:
            The percentage in the last report that this call made. None: this call made no report, or the report has
            no percentage, because `total` is None.

        Raises:
            ValueError: `n` is negative.
        """
        if n < 0:
            raise ValueError(f"progress cannot go back: n is {n}")
        count = self._count = self._count + n
        if count < self._due:
            return None
        if count < self._end and self._clock() < self._hold:
            return None
        return self._pump(wait=False)

    def __enter__(self) -> Self:
        if self._state == "new":
            self._begun = self._clock()
            self._last = (self._begun, 0)
            self._pump(wait=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = "clean" if kind is None else "stopped"
        # The garbage collector may close a generator during any code: then do not wait.
        self._pump(wait=kind is not GeneratorExit)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def _pump(self, wait: bool) -> float | None:
        """Make the reports that are due, and return the percentage of the last report; None if no report was made.

        Args:
            wait: True: wait while another thread is reporting. False: leave the reports to that thread, which
                checks again after its report.
        """
        percent = None
        while self._take_turn(wait):
            try:
                while (report := self._next()) is not None:
                    percent = report.percent
                    self._emit(report)
            finally:
                self._turn.put(None)
                self._reporting.discard(get_ident())
            if not self._is_due():
                break
        return percent

    def _take_turn(self, wait: bool) -> bool:
        """Take the turn to report, and return True. Return False if this thread is already reporting.

        If another thread has the turn, wait if `wait` is True; otherwise return False. The turn is an item of a
        queue instead of a lock, because a report calls other code.
        """
        me = get_ident()
        if me in self._reporting:  # an update made by a callback: the outer report sends it
            return False
        self._reporting.add(me)
        try:
            self._turn.get(wait)
        except Empty:
            self._reporting.discard(me)
            return False
        return True

    def _is_due(self) -> bool:
        if self._closing and self._state != "ended":
            return True
        count = self._count
        return count >= self._due and (count >= self._end or self._clock() >= self._hold)

    def _next(self) -> Report | None:
        """Return the report that is due now, and record that it was made; None if no report is due."""
        count, total, now = self._count, self._total, self._clock()
        if self._state == "new":
            self._state = "running"
            return self._made(0, now)
        if self._state == "ended":
            self._warn_of_overrun(count)
            return None
        if (total is not None and 0 < count >= total) or self._closing == "clean":
            self._state = "ended"
            return self._made(count, now, done=True)
        if self._closing:
            self._state = "ended"
            return self._made(count, now, stopped=True)
        if count >= self._due and now >= self._hold:
            return self._made(count, now)
        return None

    def _made(self, count: int, now: float, done: bool = False, stopped: bool = False) -> Report:
        self._due = self._next_due(count)
        self._hold = now + self._pause
        before, counted = self._last
        if now > before and count > counted:
            rate = (count - counted) / (now - before)
            self._rate = self._rate + _SMOOTHING * (rate - self._rate) if self._rate else rate
            self._last = (now, count)
        total, rate = self._total, self._rate
        left = None if total is None or not rate or done or stopped else max(0, total - count) / rate
        percent = self._percent(count, done)
        return Report(percent, count, total, now - self._begun, rate, left, done, stopped, self._description)

    def _next_due(self, count: int) -> float:
        """Return the smallest count at which another report can be due."""
        total, step = self._total, self._step
        if self._state == "ended":
            return math.inf if total is None or self._overrun else total + 1
        if not total or not step:
            return count + 1
        reached = count * _PERCENT // (step * total)
        return min(total, -(-(reached + 1) * step * total // _PERCENT))

    def _percent(self, count: int, done: bool) -> float | None:
        if done:
            return 100.0
        if self._total is None:
            return None
        return min(100 * count / self._total, math.nextafter(100.0, 0.0)) if self._total else 0.0

    def _warn_of_overrun(self, count: int) -> None:
        if self._total is not None and count > self._total and not self._overrun:
            self._overrun = True
            self._due = math.inf
            _logger().warning("%smore items than expected: %d of %d", self._lead(), count, self._total)

    def _emit(self, report: Report) -> None:
        try:
            if self._on_report is None:
                _logger().info("%s", report)
            else:
                self._on_report(report)
        except Exception:  # noqa: BLE001 - the work continues, and the error is logged once
            self._on_report = _silent
            _logger().exception("%son_report raised and is not called again", self._lead())

    def _lead(self) -> str:
        return clean(f"{self._description}: ") if self._description else ""

    def _after_fork(self) -> None:
        """Reset all locks in a forked child, because other threads of the parent do not exist in the child."""
        self._counting = threading.Lock()
        self._open_turn()

    def _open_turn(self) -> None:
        self._reporting: set[int] = set()
        """The threads that report, or wait for their turn."""
        self._turn: SimpleQueue[None] = SimpleQueue()
        """Holds one item while no thread reports."""
        self._turn.put(None)

    def __repr__(self) -> str:
        return f"ProgressTracker({self._count} of {'unknown' if self._total is None else self._total})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a ProgressTracker is not pickled: count in the process that has it, and send counts there")


def _silent(_report: Report) -> None:
    return None


def _logger() -> logging.Logger:
    from toriconfig.pipeline._logging import get_logger

    return get_logger("toriconfig.progress")


def _update_locked(self: ProgressTracker, n: int = 1) -> float | None:
    if n < 0:
        raise ValueError(f"progress cannot go back: n is {n}")
    with self._counting:
        count = self._count = self._count + n
    if count < self._due or (count < self._end and self._clock() < self._hold):
        return None
    return self._pump(wait=False)


async def _async_update_locked(self: ProgressTracker, n: int = 1) -> float | None:
    return _update_locked(self, n)


if not getattr(sys, "_is_gil_enabled", lambda: True)():
    ProgressTracker.update_sync = _update_locked  # type: ignore[method-assign]
    ProgressTracker.update = _async_update_locked  # type: ignore[method-assign]


def _forget_in_child() -> None:
    for tracker in tuple(_live):
        tracker._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
