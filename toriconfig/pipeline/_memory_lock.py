"""A lock for a few lines that touch memory alone, with no garbage collection inside."""

from __future__ import annotations

import gc
import threading
from types import TracebackType


class MemoryLock:
    """A re-entrant lock over memory alone: nothing is started, called back, logged or waited for inside.

    A collection runs finalizers of anybody, in the middle of any code; those of asyncio, for one, write log lines. A
    thread that holds this lock and waits there for a logging handler would stop a second thread that is in the handler
    and wants this lock. So the collector is off inside. Two threads at once can only turn it on too early.

    Re-entrant, because a signal handler may come in the middle too.
    """

    __slots__ = ("_collects", "_depth", "_lock")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._collects = False

    def __enter__(self) -> None:
        collects = gc.isenabled()
        gc.disable()
        self._lock.acquire()
        self._depth += 1
        self._collects = self._collects or collects or gc.isenabled()
        gc.disable()  # who held the lock before may just have turned it on

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        collects = self._collects and not self._depth
        if collects:
            self._collects = False
        self._lock.release()
        if collects:
            gc.enable()
