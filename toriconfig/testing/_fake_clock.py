"""Clock that advances only when a test calls its methods."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from toriconfig._core.clean_call import clean_init


@clean_init
class FakeClock:
    """Thread-safe clock for tests: the time changes only when `advance` or `step` is called.

    Args:
        monotonic: start value of `monotonic()`, in seconds.
        time: start value of `time()`, in seconds since 1970; the default is 2026-01-01.

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
        """Return the seconds since an arbitrary start."""
        return self._monotonic

    def time(self) -> float:
        """Return the seconds since 1970 in UTC."""
        return self._time

    def advance(self, seconds: float) -> None:
        """Advance `monotonic()` and `time()`, then call the callbacks of `on_advance`.

        Args:
            seconds: the time to advance, at least 0.

        Raises:
            ValueError: `seconds` is negative.
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
        """Change `time()`, as an operator or NTP does with a clock. `monotonic()` does not change.

        Args:
            seconds: the seconds to add; negative: to subtract.
        """
        with self._lock:
            self._time += seconds

    def on_advance(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Register a callback that runs after each `advance`, on the advancing thread.

        Args:
            callback: a function without arguments.

        Returns:
            A function that removes the callback. Calling the function twice has no further effect.
        """
        with self._lock:
            self._callbacks.append(callback)

        def cancel() -> None:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        return cancel
