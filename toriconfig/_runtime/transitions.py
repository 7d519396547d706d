"""A lock over memory alone: what is decided under it is done after it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from toriconfig.pipeline._memory_lock import MemoryLock

Then = Callable[[Callable[[], object]], None]
"""Takes what is to be done once the lock is open: a request, a timer, a callback, a line in the log."""


class Transitions:
    """The changes of one object's memory, one thread at a time.

    A thread that starts, waits, logs or calls back under a lock can wait for itself by way of a finalizer, a logging
    handler or a callback that wants the same lock. So the block decides, and hands over what is to be done.

    >>> transitions, done = Transitions(), []
    >>> with transitions as then:
    ...     then(lambda: done.append("outside"))
    ...     done.append("inside")
    >>> done
    ['inside', 'outside']
    """

    __slots__ = ("_depth", "_later", "_lock")

    def __init__(self) -> None:
        self._lock = MemoryLock()
        self._depth = 0
        self._later: list[Callable[[], object]] = []

    def __enter__(self) -> Then:
        self._lock.__enter__()
        self._depth += 1
        return self._later.append

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        later: list[Callable[[], object]] = []
        if not self._depth:
            later, self._later = self._later, later
        self._lock.__exit__(kind, error, trace)
        for action in later:
            action()
