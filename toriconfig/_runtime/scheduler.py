"""Timers of a process, on one thread, which starts work on other threads and never waits for it."""

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
    """Queue of callables that become due, on one clock.

    There is no lock, so that `at` may be called from a signal handler or a finalizer that runs in the middle of `at`.

    Args:
        clock: whose monotonic seconds count. For the clock of this machine there is a thread; for any other clock,
            tests call `tick`.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._threaded = clock is SYSTEM
        self._pause = 0.0
        self.reset()

    def reset(self) -> None:
        """Forget all timers and the thread, which belong to the parent of a forked child."""
        self._inbox: deque[_Entry] = deque()
        self._due: list[_Entry] = []
        self._numbers = count()
        self._thread = Permits()
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._asleep_until = _NEVER

    def after_fork(self) -> None:
        """In a forked child: `reset`, and start the next thread only after the at-fork hooks."""
        self.reset()
        self._pause = AFTER_FORK

    def at(self, due: float, run: Callable[[], object]) -> None:
        """Have `run` called once at `due` monotonic seconds. It must be quick. Never waits."""
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
        """Run the timers that are due; return the seconds until the next one, or None if there is none."""
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
    """Return the scheduler of the process for the clock of this machine; a new one for any other clock."""
    return _process if clock is SYSTEM else Scheduler(clock)
