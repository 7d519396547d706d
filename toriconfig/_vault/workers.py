"""A bounded set of daemon threads that do the waiting, so that nobody who must not wait does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from toriconfig._vault.log import internal

LEASE, DEMAND, POLL = 0, 1, 2
"""Who goes first: what keeps credentials alive, then what somebody waits for, then polls."""

IDLE = 300.0
"""Seconds after which a thread without work ends; long, so that the number of threads is steady."""

LOST = 32
"""How many abandoned threads are replaced; beyond that work queues, so that a hang cannot eat the process."""


class Job:
    """One piece of work: `run` must not raise; it may be abandoned while it runs."""

    __slots__ = ("abandoned", "crew", "replaced", "run", "started")

    def __init__(self, run: Callable[[], Any], crew: Crew | None = None) -> None:
        self.run = run
        self.crew = crew
        self.started = False
        self.abandoned = False
        self.replaced = False


class Workers:
    """At most `limit` threads, started as needed; safe from any thread.

    Args:
        limit: how many run at once, abandoned ones not counted.
        name: of the threads, for people who look at them.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._crew = Crew(limit, name)

    def submit(self, priority: int, run: Callable[[], Any]) -> Job:
        """Have `run` done by a thread; by this one where no thread can be started (interpreter exit)."""
        return self._crew.submit(priority, run)

    def abandon(self, job: Job) -> None:
        """Stop counting on `job`: unstarted it is dropped, else its thread is replaced."""
        if job.crew is not None:
            job.crew.abandon(job)

    def reset(self) -> None:
        """Forget all threads and work: in a forked child there are none."""
        self._crew = Crew(self._limit, self._name)

    def dismiss(self, *, drop: bool = True) -> None:
        """Let every thread end when its work does.

        Args:
            drop: whether work that has not begun is done no more.
        """
        crew, self._crew = self._crew, Crew(self._limit, self._name)
        crew.dismiss(drop=drop)


class Crew:
    """The threads that one process has at one time."""

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._change = threading.Condition(threading.Lock())
        self._queue: list[tuple[int, int, Job]] = []
        self._count = self._threads = self._idle = self._lost = 0
        self._dismissed = False

    def submit(self, priority: int, run: Callable[[], Any]) -> Job:
        job = Job(run, self)
        with self._change:
            self._count += 1
            heappush(self._queue, (priority, self._count, job))
            if self._idle >= len(self._queue):
                self._change.notify()
                return job
            if self._threads >= self._limit:
                return job
            self._threads += 1
        if not self._start() and not self._threads:
            self._drain()
        return job

    def abandon(self, job: Job) -> None:
        with self._change:
            if job.abandoned:
                return
            job.abandoned = True
            if not job.started or self._lost >= LOST:
                return
            job.replaced = True
            self._lost += 1
            self._threads -= 1
            if not self._queue or self._threads >= self._limit:
                return
            self._threads += 1
        self._start()

    def dismiss(self, *, drop: bool) -> None:
        with self._change:
            self._dismissed = True
            if drop:
                self._queue.clear()
            self._change.notify_all()

    def _start(self) -> bool:
        try:
            threading.Thread(target=self._work, name=self._name, daemon=True).start()
        except RuntimeError:
            with self._change:
                self._threads -= 1
            return False
        return True

    def _drain(self) -> None:
        while True:
            with self._change:
                if not self._queue:
                    return
                job = heappop(self._queue)[2]
            _run(job)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            if job.started:
                _run(job)
            if job.replaced:
                with self._change:
                    self._lost -= 1
                return
            del job  # what it holds is not kept alive while the next one is waited for

    def _next(self) -> Job | None:
        """The next job, waited for; None when this thread is not needed any more."""
        with self._change:
            while not self._queue:
                woken = True
                if not self._dismissed:
                    self._idle += 1
                    woken = self._change.wait(IDLE)
                    self._idle -= 1
                if not self._queue and (self._dismissed or not woken):
                    self._threads -= 1
                    return None
            job = heappop(self._queue)[2]
            job.started = not job.abandoned
            return job


def _run(job: Job) -> None:
    try:
        job.run()
    except (Exception, SystemExit) as error:  # noqa: BLE001  (work that fails must not end the thread)
        internal(error)
