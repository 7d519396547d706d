"""Calls of callbacks on separate threads, in order for each subscriber."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from weakref import WeakSet

from toriconfig._runtime.workers import DEMAND, Workers
from toriconfig.pipeline._permits import Permits

LIMIT = 16
"""Number of callbacks that run concurrently, at most. Further ones wait."""

BACKLOG = 1000
"""Number of waiting callbacks of one subscriber, at most. Beyond it the oldest are dropped."""


class SerialQueue:
    """The callbacks of one subscriber, which run one after the other."""

    def __init__(self) -> None:
        self.reset()
        _queues.add(self)

    def reset(self) -> None:
        """In a forked child: remove the waiting callbacks, because the thread that would run them does not exist."""
        self._waiting: deque[Callable[[], object]] = deque(maxlen=BACKLOG)
        self._turn = Permits()

    def put(self, run: Callable[[], object]) -> None:
        """Add `run` to the queue. `run` is called after all callbacks that were added before."""
        self._waiting.append(run)
        if self._turn.take():
            _callbacks.submit(DEMAND, self._run)

    def _run(self) -> None:
        while True:
            try:
                run = self._waiting.popleft()
            except IndexError:
                self._turn.give_back()
                if not self._waiting or not self._turn.take():  # this thread runs what was put just before
                    return
                continue
            try:
                run()
            except BaseException as error:  # noqa: BLE001  (a callback that raises, also `SystemExit`, stops no other)
                from toriconfig._runtime.log import logger

                logger().error("a callback failed: %s", type(error).__name__)


def dispatch(run: Callable[[], object], queue: SerialQueue | None = None) -> None:
    """Arrange that `run` is called soon on another thread.

    A callback that is slow, hangs or raises an exception does not affect the callbacks of other subscribers.

    Args:
        run: the callback.
        queue: queue of the subscriber. None: `run` is called without waiting for other callbacks.
    """
    (queue or SerialQueue()).put(run)


_callbacks = Workers(LIMIT, "toriconfig-callback")
_queues: WeakSet[SerialQueue] = WeakSet()


def _after_fork() -> None:
    _callbacks.reset()
    for queue in list(_queues):
        queue.reset()


os.register_at_fork(after_in_child=_after_fork)
