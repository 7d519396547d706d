"""Daemon threads, limited in number, that send requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from toriconfig._runtime.log import internal
from toriconfig.pipeline._permits import Permits
from toriconfig.pipeline._threads import start

LEASE, DEMAND, POLL = 0, 1, 2
"""Priorities: first leases, then requests that readers wait for, then polls."""

IDLE = 300.0
"""Seconds after which an idle thread ends. Long, so that the number of threads is steady."""

LOST = 32
"""Number of abandoned threads that are replaced, at most, so that hanging requests do not use up all threads."""


class Job:
    """One function for a worker thread. `run` should not raise an exception. The job may be abandoned while it runs."""

    __slots__ = ("ending", "pool", "run", "starting")

    def __init__(self, run: Callable[[], Any], pool: ThreadPool | None = None) -> None:
        self.run = run
        self.pool = pool
        self.starting = Permits()
        """Taken by the thread that starts the job, or by `abandon` before that."""
        self.ending = Permits()
        """Taken by the thread of the job at its end, or by `abandon` before that, which replaces the thread."""


class Workers:
    """At most `limit` threads, started when they are needed. Thread-safe.

    Args:
        limit: maximum number of threads; abandoned threads are not counted.
        name: name of the threads.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._pool = ThreadPool(limit, name)

    def submit(self, priority: int, run: Callable[[], Any]) -> Job:
        """Call `run` on a worker thread, and return the job.

        If no thread can be started, because the interpreter is ending, the calling thread calls `run`.
        """
        return self._pool.submit(priority, run)

    def abandon(self, job: Job) -> None:
        """Abandon a job. If the job has not started, the job never runs.

        If the job is running, the job continues, and one additional thread is allowed. At most `LOST` (a constant)
        additional threads are allowed at the same time.
        """
        if job.pool is not None:
            job.pool.abandon(job)

    def reset(self) -> None:
        """Forget all threads and jobs. Called in a forked child, where these threads do not exist."""
        self._pool = ThreadPool(self._limit, self._name)

    def dismiss(self, *, drop: bool = True) -> None:
        """Make every thread end. Running jobs are completed first.

        Args:
            drop: True: remove the jobs that have not started. False: complete these jobs too.
        """
        pool, self._pool = self._pool, ThreadPool(self._limit, self._name)
        pool.dismiss(drop=drop)


class ThreadPool:
    """Pool of worker threads, with one queue of jobs per priority.

    The methods take no lock, because a signal handler or a finalizer may call `submit` during another call of
    `submit`. Each step must be one atomic operation. A race can start a thread that is not needed.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._jobs: tuple[deque[Job], ...] = (deque(), deque(), deque())
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._places = Permits(limit)
        self._spare = Permits(LOST)
        self._idle: set[object] = set()
        self._dismissed = False

    @property
    def threads(self) -> int:
        """Number of threads; abandoned threads are not counted."""
        return self._limit - self._places.left

    def submit(self, priority: int, run: Callable[[], Any]) -> Job:
        job = Job(run, self)
        self._jobs[priority].append(job)
        self._wake.put(None)
        if len(self._idle) < sum(map(len, self._jobs)):
            self._grow()
        return job

    def abandon(self, job: Job) -> None:
        if not job.starting.take() and self._spare.take():
            if job.ending.take():
                self._places.give_back()
                if any(self._jobs):
                    self._grow()
            else:
                self._spare.give_back()

    def dismiss(self, *, drop: bool) -> None:
        self._dismissed = True
        if drop:
            for jobs in self._jobs:
                jobs.clear()
        for _ in range(self._limit):
            self._wake.put(None)

    def _grow(self) -> None:
        if not self._places.take():
            return
        try:
            start(self._work, self._name)
        except RuntimeError:
            self._places.give_back()
            if not self.threads:
                while (job := self._taken()) is not None:
                    _run(job)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            _run(job)
            if not job.ending.take():
                self._spare.give_back()
                return
            del job  # so that the job is collected while the thread waits for the next one

    def _next(self) -> Job | None:
        """Wait for the next job and return it. Return None if this thread is no longer needed."""
        while True:
            woken = self._woken()
            job = self._taken()
            if job is not None:
                return job
            if woken and not self._dismissed:
                continue
            self._places.give_back()
            # a job that was submitted just before may have found the limit reached, and started no thread
            if not any(self._jobs) or not self._places.take():
                return None

    def _woken(self) -> bool:
        """Wait for a job. Return True if there may be a job.

        Return False if no job came for `IDLE` seconds, or if the pool was dismissed.
        """
        try:
            self._wake.get_nowait()  # one entry per job
        except Empty:
            if self._dismissed:
                return False
        else:
            return True
        me = object()
        self._idle.add(me)
        try:
            self._wake.get(timeout=IDLE)
        except Empty:
            return False
        finally:
            self._idle.discard(me)
        return True

    def _taken(self) -> Job | None:
        """Remove and return the waiting job with the highest priority; None if there is none. Skip abandoned jobs."""
        for jobs in self._jobs:
            while jobs:
                try:
                    job = jobs.popleft()
                except IndexError:  # another thread was first
                    break
                if job.starting.take():
                    return job
        return None


def _run(job: Job) -> None:
    try:
        job.run()
    except (Exception, SystemExit) as error:  # noqa: BLE001  (a job that fails must not end the thread)
        internal(error)
