"""Lock whose holder defers actions until the lock is released."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from toriconfig.pipeline._memory_lock import MemoryLock

Then = Callable[[Callable[[], object]], None]
"""Function that receives an action, such as a request or a log message, to call after the lock is released."""


class Transitions:
    """A lock for the attributes of one object. Actions passed to `then` are called after the lock is released.

    Inside the block of `with`, do not start a thread, wait, log or call a callback: the action may wait for another
    thread that waits for this lock (a deadlock). Pass the action to `then` instead.

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
