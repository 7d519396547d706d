"""One request under way, however many threads and tasks wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from toriconfig._vault.call import Call
from toriconfig._vault.log import internal

if TYPE_CHECKING:
    import asyncio

    from toriconfig._vault.workers import Job
    from toriconfig.errors import SecretError

GRACE = 0.25
"""Seconds that a waiter gives the one who is just recording the outcome, before it goes on without it."""


class Flight:
    """A request that ends once: by its outcome, or at its deadline, whichever claims it first.

    Attributes:
        job: the work, once it was handed to the workers.

    Args:
        call: the budget.
        on_expiry: told when the deadline ends it, before anyone who waits is woken.
    """

    __slots__ = ("_claimed", "_ended", "_futures", "_lock", "_on_expiry", "call", "job")

    def __init__(self, call: Call, on_expiry: Callable[[Flight], None]) -> None:
        self.call = call
        self.job: Job | None = None
        self._on_expiry: Callable[[Flight], None] | None = on_expiry
        self._lock = threading.Lock()
        self._claimed = False
        self._ended = threading.Event()
        self._futures: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    @property
    def ended(self) -> bool:
        """Whether the outcome stands."""
        return self._ended.is_set()

    def claim(self) -> bool:
        """Take the right to record the outcome; False when somebody has it already."""
        with self._lock:
            first, self._claimed = not self._claimed, True
        return first

    def finish(self) -> None:
        """Wake everybody: the outcome has been recorded."""
        with self._lock:
            self._ended.set()
            futures, self._futures = self._futures, []
        # the scheduler holds it until its deadline, and shall not hold with it what it was for
        self._on_expiry = self.job = None
        for loop, future in futures:
            try:
                loop.call_soon_threadsafe(_resolve, future)
            except RuntimeError:  # that loop was closed: nobody waits there any more
                continue

    def join(self, seconds: float) -> bool:
        """Wait for its end at most that long, without ending it; whether it has ended."""
        return self._ended.wait(seconds)

    def expire(self) -> None:
        """End it now because its deadline has passed."""
        on_expiry = self._on_expiry
        if on_expiry is not None and self.claim():
            try:
                on_expiry(self)
            finally:
                self.finish()

    def carry(self, work: Callable[[Flight], None], failed: Callable[[SecretError], None] | None) -> None:
        """Do the work; when it raises, end the flight with that error at once.

        Args:
            work: records the outcome and finishes the flight; it should not raise.
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
        if not self._ended.wait(self.call.remaining()):
            self.expire()
            self._ended.wait(GRACE)

    async def await_end(self) -> None:
        """The same for coroutines; costs no thread."""
        import asyncio

        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        with self._lock:
            if self._ended.is_set():
                return
            waiter = (loop, future)
            self._futures.append(waiter)
        timer = loop.call_later(self.call.remaining(), _resolve, future)
        try:
            await future
        finally:
            timer.cancel()
            with self._lock:
                if waiter in self._futures:
                    self._futures.remove(waiter)
        if not self._ended.is_set():
            self.expire()


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
