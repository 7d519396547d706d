"""A bounded set of daemon threads that do the waiting, so that nobody who must not wait does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from toriconfig._vault.log import logger

LEASE, DEMAND, POLL = 0, 1, 2
"""Who goes first: what keeps credentials alive, then what somebody waits for, then polls."""

IDLE = 300.0
"""Seconds after which a thread without work ends; long, so that the number of threads is steady."""

LOST = 32
"""How many abandoned threads are replaced; beyond that work queues, so that a hang cannot eat the process."""


class Job:
    """One piece of work: `run` must not raise; it may be abandoned while it runs."""

    __slots__ = ("abandoned", "replaced", "run", "started")

    def __init__(self, run: Callable[[], Any]) -> None:
        self.run = run
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
        self.limit = limit
        self.name = name
        self.reset()

    def reset(self) -> None:
        """Forget all threads and work: in a forked child there are none."""
        self._change = threading.Condition(threading.Lock())
        self._queue: list[tuple[int, int, Job]] = []
        self._count = self._threads = self._idle = self._lost = 0

    def submit(self, priority: int, run: Callable[[], Any]) -> Job:
        """Have `run` done by a thread; by this one where no thread can be started (interpreter exit)."""
        job = Job(run)
        with self._change:
            self._count += 1
            heappush(self._queue, (priority, self._count, job))
            if self._idle >= len(self._queue):
                self._change.notify()
                return job
            if self._threads >= self.limit:
                return job
            self._threads += 1
        if not self._start():
            with self._change:
                self._threads -= 1
                orphaned = self._threads == 0
            if orphaned:
                self._drain()
        return job

    def abandon(self, job: Job) -> None:
        """Stop counting on `job`: unstarted it is dropped, else its thread is replaced."""
        with self._change:
            if job.abandoned:
                return
            job.abandoned = True
            if not job.started or self._lost >= LOST:
                return
            job.replaced = True
            self._lost += 1
            self._threads -= 1
            replace = bool(self._queue) and self._threads < self.limit
            if replace:
                self._threads += 1
        if replace and not self._start():
            with self._change:
                self._threads -= 1

    def _start(self) -> bool:
        try:
            threading.Thread(target=self._work, name=self.name, daemon=True).start()
        except RuntimeError:
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
        change = self._change
        while True:
            with change:
                while not self._queue:
                    self._idle += 1
                    woken = change.wait(IDLE)
                    self._idle -= 1
                    if not woken and not self._queue:
                        self._threads -= 1
                        return
                job = heappop(self._queue)[2]
                job.started = not job.abandoned
            if job.started:
                _run(job)
            with change:
                if job.replaced:
                    self._lost -= 1
                    return


def _run(job: Job) -> None:
    try:
        job.run()
    except Exception as error:  # noqa: BLE001  (work that fails must not end the thread)
        logger().error("internal error in a worker: %s", type(error).__name__)
