"""Callbacks of users, run away from the threads that refresh secrets, each subscriber's in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from weakref import WeakSet

from toriconfig._runtime.workers import DEMAND, Workers
from toriconfig.pipeline._permits import Permits

LIMIT = 16
"""Callbacks that may run at once: beyond that many hanging ones, later ones wait."""

BACKLOG = 1000
"""Callbacks of one subscriber that may wait; the oldest are dropped beyond it."""


class Strand:
    """The callbacks of one subscriber: one at a time, in the order in which they were put."""

    def __init__(self) -> None:
        self.reset()
        _strands.add(self)

    def reset(self) -> None:
        """Forget what waits: in a forked child the thread that would have called it is not there."""
        self._waiting: deque[Callable[[], object]] = deque(maxlen=BACKLOG)
        self._turn = Permits()

    def put(self, run: Callable[[], object]) -> None:
        """Have `run` called soon, after those put before it."""
        self._waiting.append(run)
        if self._turn.take():
            _callbacks.submit(DEMAND, self._run)

    def _run(self) -> None:
        while True:
            try:
                run = self._waiting.popleft()
            except IndexError:
                self._turn.give_back()
                if not self._waiting or not self._turn.take():  # what was put just before is for this thread
                    return
                continue
            try:
                run()
            except BaseException as error:  # noqa: BLE001  (a callback that raises, `SystemExit` too, stops nobody)
                from toriconfig._runtime.log import logger

                logger().error("a callback failed: %s", type(error).__name__)


def dispatch(run: Callable[[], object], strand: Strand | None = None) -> None:
    """Have `run` called soon on another thread; it may be slow, hang or raise without harm to anybody.

    Args:
        run: what to call.
        strand: of its subscriber, for order; None: no order is kept.
    """
    (strand or Strand()).put(run)


_callbacks = Workers(LIMIT, "toriconfig-callback")
_strands: WeakSet[Strand] = WeakSet()


def _after_fork() -> None:
    _callbacks.reset()
    for strand in list(_strands):
        strand.reset()


os.register_at_fork(after_in_child=_after_fork)
