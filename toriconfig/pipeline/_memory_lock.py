"""Lock for code that only accesses memory. The garbage collector is disabled while the lock is held."""

from __future__ import annotations

import gc
import threading
from types import TracebackType


class MemoryLock:
    """Re-entrant lock for memory access only. The holder must not start a thread, call a callback, log or wait.

    A garbage collection may run finalizers at any point, and those of asyncio write log lines. A holder that logs could
    wait for a logging handler whose thread waits for this lock, so that both wait forever. The collector is therefore
    disabled while the lock is held. If two threads use locks at once, one thread may enable the collector too early.

    The lock is re-entrant, because a signal handler may interrupt the holder and take the lock again.
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
