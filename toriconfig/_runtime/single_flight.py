"""One request under way, however many threads and tasks wait for it."""

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
"""Seconds that a waiter gives the one who is just recording the outcome, before it goes on without it."""

Work = Callable[["Flight"], None]
"""Records the outcome and finishes the flight; it should not raise."""

Failed = Callable[["SecretError | None"], None]
"""Told the error that ended a flight; None: its deadline did."""


class Flight:
    """A request that ends once: by its outcome, or at its deadline, whichever claims it first.

    There is no lock: a coroutine that is collected while it waits leaves in the middle of any code.

    Attributes:
        ended: whether the outcome stands.
        job: the work, once it was handed to the workers.

    Args:
        deadline: the budget.
        on_expiry: told when the deadline ends it, before anyone who waits is woken.
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
        """Take the right to record the outcome; False when somebody has it already."""
        return self._claims.take()

    def finish(self) -> None:
        """Wake everybody: the outcome has been recorded."""
        self.ended = True
        # the scheduler holds it until its deadline, and shall not hold with it what it was for
        self._on_expiry = self.job = None
        for waiter in list(self._waiters):
            wake = self._waiters.pop(waiter, None)
            if wake is None:  # it left by itself
                continue
            try:
                wake()
            except RuntimeError:  # that loop was closed: nobody waits there any more
                continue

    def join(self, seconds: float) -> bool:
        """Wait for its end at most that long, without ending it; whether it has ended."""
        woken, waiter = allocate_lock(), object()
        woken.acquire()
        self._waiters[waiter] = woken.release
        try:
            if not self.ended:  # whoever ends it from here on finds the waiter
                woken.acquire(True, max(0.0, seconds))
        finally:
            self._waiters.pop(waiter, None)
        return self.ended

    def expire(self) -> None:
        """End it now because its deadline has passed."""
        on_expiry = self._on_expiry
        if on_expiry is not None and self.claim():
            try:
                on_expiry(self)
            finally:
                self.finish()

    def carry(self, work: Work, failed: Failed | None) -> None:
        """Do the work; when it raises, end the flight with that error at once.

        Args:
            work: what to do.
            failed: records the error when it does; None: nothing is recorded.
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
        """Block until it has ended, at most until its deadline."""
        if not self.join(self.deadline.remaining()):
            self.expire()
            self.join(GRACE)

    async def await_end(self) -> None:
        """The same for coroutines; costs no thread."""
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
