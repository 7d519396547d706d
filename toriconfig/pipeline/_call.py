"""One call of `run_sync`: a coroutine on the loop thread, and the thread that waits for its result."""

from __future__ import annotations

import asyncio
import sys
from _thread import allocate_lock
from collections.abc import Coroutine
from typing import Any

from toriconfig.pipeline._library_logger import library_logger

_log = library_logger("toriconfig.pipeline.run_sync")

_SLICE = 0.1
"""Seconds of one wait on Windows, where Ctrl-C cannot interrupt a wait for a lock. A long wait is split."""


class Call:
    """A coroutine and its result.

    The end of the coroutine and a shutdown may happen at the same time. Only the thread that removes the call from
    `calls` sets the result.

    Args:
        coro: the coroutine.
        calls: the set of unfinished calls.
    """

    __slots__ = ("abandoned", "calls", "cancelled", "coro", "done", "error", "started", "task", "value")

    def __init__(self, coro: Coroutine[Any, Any, Any], calls: set[Call]) -> None:
        self.coro = coro
        self.calls = calls
        self.done = allocate_lock()
        self.done.acquire()
        self.task: asyncio.Task[None] | None = None
        self.value: Any = None
        self.error: BaseException | None = None
        self.started = False
        self.cancelled = False
        self.abandoned = False

    @property
    def name(self) -> str:
        return getattr(self.coro, "__qualname__", type(self.coro).__name__)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the coroutine in a copy of the caller's context. Only the loop thread calls this method.

        If the attribute `abandoned` is True, because the caller no longer waits, close the coroutine instead.
        """
        if self.abandoned:  # given up while the loop was blocked
            self.coro.close()
            self.settle(None, asyncio.CancelledError())
            return
        self.started = True  # before the task: an eager one runs its first step while it is made
        if sys.version_info >= (3, 12):
            self.task = asyncio.Task(self._drive(), loop=loop, eager_start=True)
        else:
            self.task = loop.create_task(self._drive())

    async def _drive(self) -> None:
        try:
            value = await self.coro
        except BaseException as error:  # noqa: BLE001 - a SystemExit is raised in the caller, not here
            self.settle(None, error)
        else:
            self.settle(value, None)

    def settle(self, value: Any, error: BaseException | None) -> None:
        try:
            self.calls.remove(self)
        except KeyError:
            return
        if self.abandoned:
            _log.debug("%s, abandoned before, has ended now: %s", self.name, ending(error))
        else:
            self.value = value
            self.error = error
        self.done.release()

    def cancel(self) -> None:
        """Cancel the coroutine. Only the loop thread calls this method, after `start`."""
        if self not in self.calls or self.task is None:
            return
        self.cancelled = True
        # A task that is cancelled before its first step never enters `_drive`.
        self.task.add_done_callback(self._never_ran)
        self.task.cancel()

    def _never_ran(self, task: asyncio.Task[None]) -> None:
        self.coro.close()
        self.settle(None, asyncio.CancelledError())

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the call, at most `seconds` (-1: without limit). Return True if the call has ended."""
        if sys.platform == "win32":
            while seconds < 0 or seconds > _SLICE:
                if self.done.acquire(True, _SLICE):
                    return True
                if seconds > 0:
                    seconds -= _SLICE
        return self.done.acquire(True, seconds)


def ending(error: BaseException | None) -> str:
    """Return a description of the end of a coroutine, without its result and the text of its error.

    Args:
        error: exception of the coroutine; None: the coroutine returned a result.
    """
    if error is None:
        return "it returned"
    if isinstance(error, asyncio.CancelledError):
        return "it was cancelled"
    return f"it raised {type(error).__name__}"
