"""Lock for code that only accesses memory. The garbage collector is disabled while the lock is held."""

from __future__ import annotations

import gc
import threading
from types import TracebackType


class MemoryLock:
    """Re-entrant lock for memory access only. The holder must not start a thread, call a callback, log or wait.

    While the lock is held, the garbage collector is disabled: a finalizer could log, and then wait forever for a
    thread that waits for this lock. The lock is re-entrant, because a signal handler may interrupt the holder.
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
        gc.disable()  # the previous holder of the lock may just have enabled it

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        collects = self._collects and not self._depth
        if collects:
            self._collects = False
        self._lock.release()
        if collects:
            # If two threads hold different locks at once, this may enable the collector too early.
            gc.enable()
