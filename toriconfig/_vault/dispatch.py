"""Callbacks of users, run away from the threads that refresh secrets, each subscriber's in order."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from weakref import WeakSet

from toriconfig._vault.workers import DEMAND, Workers

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
        self._lock = threading.Lock()
        self._waiting: deque[Callable[[], object]] = deque(maxlen=BACKLOG)
        self._running = False

    def put(self, run: Callable[[], object]) -> None:
        """Have `run` called soon, after those put before it."""
        with self._lock:
            self._waiting.append(run)
            if self._running:
                return
            self._running = True
        _callbacks.submit(DEMAND, self._run)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._running = False
                    return
                run = self._waiting.popleft()
            try:
                run()
            except BaseException as error:  # noqa: BLE001  (a callback that raises, `SystemExit` too, stops nobody)
                from toriconfig._vault.log import logger

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
