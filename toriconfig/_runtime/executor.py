"""Worker threads, timers and random numbers of one backend. Each request has a deadline."""

from __future__ import annotations

import random
from collections.abc import Callable

from toriconfig._core.clock import Clock
from toriconfig._runtime.deadline import Deadline
from toriconfig._runtime.scheduler import Scheduler, scheduler_for
from toriconfig._runtime.single_flight import Failed, Flight, Work
from toriconfig._runtime.workers import Workers


class Executor:
    """Runner of requests on worker threads. Each request has a deadline. Thread-safe.

    Attributes:
        now: function that returns the monotonic time in seconds.
        time: function that returns the seconds since 1970.
        rnd: function that returns a random number from 0 to 1, for jitter.
        scheduler: the timers.
        workers: the threads.

    Args:
        clock: source of the time.
        workers: the threads.
    """

    def __init__(self, clock: Clock, workers: Workers) -> None:
        self.now = clock.monotonic
        self.time = clock.time
        self.scheduler: Scheduler = scheduler_for(clock)
        self.workers = workers
        self._seed()

    def _seed(self) -> None:
        # the program's own `random` may be seeded, and forked children must not share their jitter
        self.rnd = random.Random().random  # noqa: S311  (jitter, no secret)

    def deadline(self, seconds: float) -> Deadline:
        """Return a deadline that is `seconds` from now."""
        return Deadline(self.now() + seconds, self.now)

    def flight(self, seconds: float, expired: Callable[[bool], object]) -> Flight:
        """Create a `Flight` for a later `send`. Does no I/O, so the caller may hold a lock.

        Args:
            seconds: number of seconds until the deadline.
            expired: function called when the deadline ends the flight. The argument is True if a connection was being
                made.
        """
        deadline = self.deadline(seconds)

        def on_expiry(flight: Flight) -> None:
            job = flight.job
            if job is not None:
                self.workers.abandon(job)
            connecting = deadline.connecting
            deadline.cancel()
            expired(connecting)

        return Flight(deadline, on_expiry)

    def send(self, flight: Flight, priority: int, work: Work, failed: Failed | None) -> None:
        """Call `work(flight)` on a worker thread. Must not be called under a lock, because a thread may be started.

        Args:
            flight: the request with its deadline, created by `Executor.flight`.
            priority: LEASE, DEMAND or POLL.
            work: function that sends the request and records the outcome.
            failed: function called with the error if `work` raises an exception; None: the error is not recorded.
        """
        job = self.workers.submit(priority, lambda: flight.run(work, failed))
        if not flight.ended:
            flight.job = job
            self.scheduler.at(flight.deadline.at, flight.expire)

    def after_fork(self) -> None:
        """In a forked child: forget the threads and jobs of the parent, and create a new random generator."""
        self._seed()
        self.workers.reset()
