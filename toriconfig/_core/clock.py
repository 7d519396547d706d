"""Source of time. Tests and simulations can pass their own clock."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Protocol of a clock.

    Schedules and ages use `monotonic`, so a step of the wall clock does not affect them. `time` is used only for dates
    in messages.
    """

    def monotonic(self) -> float:
        """Return the seconds since an arbitrary start; never decreases."""
        ...

    def time(self) -> float:
        """Return the seconds since 1970 in UTC."""
        ...


class SystemClock:
    """Clock of the operating system."""

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)

    def __reduce__(self) -> str:
        # there is one a process: what is done by itself on it is done for whoever came pickled or deeply copied too
        return "SYSTEM"


SYSTEM: Clock = SystemClock()
