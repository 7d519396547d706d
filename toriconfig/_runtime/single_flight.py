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
"""Sends the request, records the outcome and finishes the flight. It should not raise."""

Failed = Callable[["SecretError | None"], None]
"""Called with the error that ended a flight; None: the deadline ended it."""


class Flight:
    """A request that ends once: by its outcome, or at its deadline, whichever is first.

    There is no lock, because a coroutine that is collected while it waits ends in the middle of any code.

    Attributes:
        ended: the outcome has been recorded.
        job: of the worker thread, after it was submitted.

    Args:
        deadline: of the request.
        on_expiry: called when the deadline ends the flight, before the waiting threads are woken.
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
        """Take the right to record the outcome; return False if it is taken already."""
        return self._claims.take()

    def finish(self) -> None:
        """Wake all that wait, after the outcome was recorded."""
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
        """Wait for the end of the flight, without ending it; return True if it has ended."""
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
        """End the flight, because its deadline has passed."""
        on_expiry = self._on_expiry
        if on_expiry is not None and self.claim():
            try:
                on_expiry(self)
            finally:
                self.finish()

    def run(self, work: Work, failed: Failed | None) -> None:
        """Run the work; if it raises, end the flight with that error at once.

        Args:
            work: sends the request.
            failed: records the error; None: nothing is recorded.
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
        """Block until the flight has ended, at most until its deadline."""
        if not self.join(self.deadline.remaining()):
            self.expire()
            self.join(GRACE)

    async def await_end(self) -> None:
        """Wait for the end in a coroutine, without a thread."""
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
