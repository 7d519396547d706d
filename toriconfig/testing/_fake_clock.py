"""A clock that stands still until it is told to go on."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from toriconfig._core.clean_call import clean_init


@clean_init
class FakeClock:
    """A `Clock` for tests: a day of waiting in no time, the same in each run. Safe to use from threads.

    Args:
        monotonic: what `monotonic()` starts from, seconds.
        time: what `time()` starts from, seconds since 1970; the default is 2026-01-01.

    >>> clock = FakeClock()
    >>> before = clock.monotonic()
    >>> clock.advance(90)
    >>> clock.monotonic() - before
    90.0
    """

    def __init__(self, *, monotonic: float = 1000.0, time: float = 1_767_225_600.0) -> None:
        self._lock = Lock()
        self._monotonic = monotonic
        self._time = time
        self._callbacks: list[Callable[[], object]] = []

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return self._monotonic

    def time(self) -> float:
        """Seconds since 1970 in UTC."""
        return self._time

    def advance(self, seconds: float) -> None:
        """Let time pass, then call what `on_advance` was given.

        Raises:
            ValueError: `seconds` is negative; a monotonic clock never goes back.
        """
        if seconds < 0:
            raise ValueError("a monotonic clock never goes back; `step` moves the wall clock")
        with self._lock:
            self._monotonic += seconds
            self._time += seconds
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    def step(self, seconds: float) -> None:
        """Set the wall clock forward or back, as an operator or NTP does; `monotonic()` does not move."""
        with self._lock:
            self._time += seconds

    def on_advance(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Have `callback` called after each `advance`, on its thread; for loops that sleep until a moment.

        Returns:
            A function that cancels it; calling it again does nothing.
        """
        with self._lock:
            self._callbacks.append(callback)

        def cancel() -> None:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        return cancel
