"""Time, asked for in one place, so that tests and simulations can pass their own."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Interface of a clock, as the library uses it.

    Schedules and ages follow `monotonic`, so a step of the wall clock moves nothing;
    `time` only serves to show dates to people.
    """

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...

    def time(self) -> float:
        """Seconds since 1970 in UTC."""
        ...


class SystemClock:
    """The clock of this machine."""

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)

    def __reduce__(self) -> str:
        # there is one a process: what is done by itself on it is done for whoever came pickled or deeply copied too
        return "SYSTEM"


SYSTEM: Clock = SystemClock()
