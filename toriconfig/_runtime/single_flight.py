"""Single flight: one request in progress for all threads and tasks that wait for it."""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable
from typing import TYPE_CHECKING

from toriconfig._runtime.deadline import Deadline
from toriconfig._runtime.log import internal
from toriconfig.pipeline._permits import Permits

if TYPE_CHECKING:
    import asyncio

    from toriconfig._runtime.workers import Job
    from toriconfig.errors import SecretError

GRACE = 0.25
"""Grace period in seconds for an outcome that is being recorded at the deadline."""

Work = Callable[["Flight"], None]
"""Function that sends the request, records the outcome and finishes the flight. It should not raise."""

Failed = Callable[["SecretError | None"], None]
"""Function called with the error that ended a flight; None: the deadline ended the flight."""


class Flight:
    """One request in progress. The flight ends when its outcome is recorded, or at its deadline, whichever is first.

    Do not add a lock to this class. Garbage collection can close a waiting coroutine on any thread. A thread that
    already holds the lock would then block forever.

    Attributes:
        ended: True after the flight has ended.
        job: the job on the worker thread; None before it was submitted and after the end.

    Args:
        deadline: the deadline of the request.
        on_expiry: function called when the deadline ends the flight, before the waiting threads are woken.
    """

    __slots__ = ("_claims", "_on_expiry", "_waiters", "deadline", "ended", "job")

    def __init__(self, deadline: Deadline, on_expiry: Callable[[Flight], None]) -> None:
        self.deadline = deadline
        self.job: Job | None = None
        self.ended = False
        self._on_expiry: Callable[[Flight], None] | None = on_expiry
        self._claims = Permits()
        self._waiters: dict[object, Callable[[], object]] = {}

    def claim(self) -> bool:
        """Return True at the first call: the caller may record the outcome. Return False at every later call."""
        return self._claims.take()

    def finish(self) -> None:
        """Mark the flight as ended, and wake all waiting threads and coroutines.

        The caller must record the outcome before this call.
        """
        self.ended = True
        # the scheduler refers to the flight until its deadline, but must not keep these alive
        self._on_expiry = self.job = None
        for waiter in list(self._waiters):
            wake = self._waiters.pop(waiter, None)
            if wake is None:  # it no longer waits
                continue
            try:
                wake()
            except RuntimeError:  # the event loop was closed
                continue

    def join(self, seconds: float) -> bool:
        """Wait for the end of the flight, at most `seconds`. Return True if the flight has ended."""
        woken, waiter = allocate_lock(), object()
        woken.acquire()
        self._waiters[waiter] = woken.release
        try:
            if not self.ended:  # an end from here on wakes the waiter
                woken.acquire(True, max(0.0, seconds))
        finally:
            self._waiters.pop(waiter, None)
        return self.ended

    def expire(self) -> None:
        """End the flight at its deadline. Do nothing if the outcome was recorded, or is being recorded."""
        on_expiry = self._on_expiry
        if on_expiry is not None and self.claim():
            try:
                on_expiry(self)
            finally:
                self.finish()

    def run(self, work: Work, failed: Failed | None) -> None:
        """Call `work`. If `work` raises an exception, record the error and end the flight at once.

        Args:
            work: function that sends the request, records the outcome and finishes the flight.
            failed: function that records the error. None: the error is not recorded.
        """
        try:
            work(self)
        except BaseException as error:
            wrong = internal(error)
            if self.claim() or not self.ended:
                try:
                    if failed is not None:
                        failed(wrong)
                finally:
                    self.finish()
            if not isinstance(error, Exception):
                raise

    def wait(self) -> None:
        """Block until the flight ends, or end the flight at its deadline.

        If the outcome is being recorded at the deadline, wait at most `GRACE` more seconds instead.
        """
        if not self.join(self.deadline.remaining()):
            self.expire()
            self.join(GRACE)

    async def await_end(self) -> None:
        """Wait in a coroutine until the flight has ended. At the deadline, end the flight."""
        import asyncio

        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        waiter = object()
        self._waiters[waiter] = lambda: loop.call_soon_threadsafe(_resolve, future)
        timer = loop.call_later(self.deadline.remaining(), _resolve, future)
        try:
            if not self.ended:
                await future
        finally:
            timer.cancel()
            self._waiters.pop(waiter, None)
        if not self.ended:
            self.expire()


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
