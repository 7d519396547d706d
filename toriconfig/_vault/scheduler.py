"""One thread a process that knows what is due when; it only hands work on and never waits for it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from heapq import heappop, heappush

from toriconfig._clock import SYSTEM, Clock
from toriconfig._vault.log import logger

LONGEST = 60.0
"""Seconds that the thread sleeps at most, so that a lost wake-up costs little."""


class Scheduler:
    """What is due when, on one clock.

    Args:
        clock: whose monotonic seconds count. On the clock of this machine a thread obeys by itself;
            any other clock is driven by hand, with `tick`.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._threaded = clock is SYSTEM
        self.reset()

    def reset(self) -> None:
        """Forget everything: in a forked child there is no thread, and its work is its parent's."""
        self._change = threading.Condition(threading.Lock())
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0
        self._running = False

    def at(self, due: float, run: Callable[[], object]) -> None:
        """Have `run` called at `due` monotonic seconds; it must be quick and is not called twice."""
        with self._change:
            self._count += 1
            first = not self._due or due < self._due[0][0]
            heappush(self._due, (due, self._count, run))
            if first and self._running:
                self._change.notify()
            if self._running or not self._threaded:
                return
            self._running = True
        try:
            threading.Thread(target=self._obey, name="toriconfig-scheduler", daemon=True).start()
        except RuntimeError:  # the interpreter is ending
            self._running = False

    def tick(self) -> float | None:
        """Run what is due; returns seconds until the next is, or None when nothing is planned."""
        while True:
            with self._change:
                if not self._due:
                    return None
                left = self._due[0][0] - self._clock.monotonic()
                if left > 0:
                    return left
                run = heappop(self._due)[2]
            try:
                run()
            except Exception as error:  # noqa: BLE001  (one bad entry must not end the thread)
                logger().error("internal error in the scheduler: %s", type(error).__name__)

    def _obey(self) -> None:
        change = self._change
        while self._change is change:
            self.tick()
            with change:
                left = self._due[0][0] - self._clock.monotonic() if self._due else LONGEST
                if left > 0:
                    change.wait(min(left, LONGEST))


_process = Scheduler(SYSTEM)
os.register_at_fork(after_in_child=_process.reset)


def scheduler_for(clock: Clock) -> Scheduler:
    """The scheduler of the process for its own clock; a new one for any other."""
    return _process if clock is SYSTEM else Scheduler(clock)
