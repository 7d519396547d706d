"""The protocol of a clock, and the clock of the operating system."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Source of time. Tests can pass their own clock.

    Intervals and ages are measured with `monotonic`, which a change of the system time does not affect. Dates come from
    `time`.
    """

    def monotonic(self) -> float:
        """Return the seconds since an arbitrary start. The result never decreases."""
        ...

    def time(self) -> float:
        """Return the seconds since 1970-01-01 00:00 UTC."""
        ...


class SystemClock:
    """Clock of the operating system."""

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)

    def __reduce__(self) -> str:
        # a pickled or deeply copied clock is the same object again: there is one per process
        return "SYSTEM"


SYSTEM: Clock = SystemClock()


def check_age(max_age: object) -> None:
    """Check that an age is None, or a number of seconds that is at least 0.

    Raises:
        ValueError: the age is invalid.
    """
    number = isinstance(max_age, (int, float)) and not isinstance(max_age, bool)
    if max_age is not None and not (number and max_age >= 0):  # type: ignore[operator]
        raise ValueError("max_age must be a number of seconds from 0, such as 90 * 24 * 60 * 60 for 90 days")
