"""Timers of a process, run by one thread."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from queue import Empty, SimpleQueue

from toriconfig._core.clock import SYSTEM, Clock
from toriconfig._runtime.log import logger
from toriconfig.pipeline._permits import Permits
from toriconfig.pipeline._threads import start

LONGEST = 60.0
"""Seconds that the thread sleeps, at most, so that a lost wake-up has little effect."""

AFTER_FORK = 0.05
"""Seconds before the thread of a forked child starts, so that other at-fork hooks have replaced their locks."""

_NEVER = float("-inf")
_Entry = tuple[float, int, Callable[[], object]]


class Scheduler:
    """Timers: each function is called once, at its time.

    There must be no lock, because a signal handler or a finalizer may call `at` during another call of `at`.

    Args:
        clock: source of the monotonic seconds. With the system clock, a thread runs the timers. With any other
            clock, tests call `tick`.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._threaded = clock is SYSTEM
        self._pause = 0.0
        self.reset()

    def reset(self) -> None:
        """Remove all timers, and forget the thread."""
        self._inbox: deque[_Entry] = deque()
        self._due: list[_Entry] = []
        self._numbers = count()
        self._thread = Permits()
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._asleep_until = _NEVER

    def after_fork(self) -> None:
        """In a forked child: remove all timers, and forget the thread, which exists only in the parent.

        The next call of `at` starts a thread after `AFTER_FORK` seconds, when all at-fork hooks should have run.
        """
        self.reset()
        self._pause = AFTER_FORK

    def at(self, due: float, run: Callable[[], object]) -> None:
        """Arrange that `run` is called once, at `due` monotonic seconds. This method does not block.

        `run` must be quick, because it delays all other timers.
        """
        self._inbox.append((due, next(self._numbers), run))
        if due < self._asleep_until:
            self._bell.put(None)
        if self._threaded and self._thread.take():
            pause, self._pause = self._pause, 0.0
            try:
                start(self._obey, "toriconfig-scheduler", pause=pause)
            except RuntimeError:  # the interpreter is ending
                self._thread.give_back()

    def tick(self) -> float | None:
        """Run the timers that are due. Return the seconds until the next timer, or None if there is no timer."""
        while True:
            entry = self._next()
            if entry is None:
                return None
            left = entry[0] - self._clock.monotonic()
            if left > 0:
                heappush(self._due, entry)
                return left
            try:
                entry[2]()
            except Exception as error:  # noqa: BLE001  (a timer that fails must not end the thread)
                logger().error("internal error in the scheduler: %s", type(error).__name__)

    def _next(self) -> _Entry | None:
        while self._inbox:
            try:
                heappush(self._due, self._inbox.popleft())
            except IndexError:  # another thread in `tick` was first
                break
        try:
            return heappop(self._due)
        except IndexError:
            return None

    def _obey(self) -> None:
        inbox, bell = self._inbox, self._bell
        while self._inbox is inbox:
            left = self.tick()
            left = LONGEST if left is None else min(left, LONGEST)
            self._asleep_until = self._clock.monotonic() + left
            if not inbox:  # entries that came before the line above woke no thread
                with suppress(Empty):
                    bell.get(timeout=left)
            self._asleep_until = _NEVER


_process = Scheduler(SYSTEM)
os.register_at_fork(after_in_child=_process.after_fork)


def scheduler_for(clock: Clock) -> Scheduler:
    """Return the shared scheduler of the process for the system clock; a new scheduler for any other clock."""
    return _process if clock is SYSTEM else Scheduler(clock)
