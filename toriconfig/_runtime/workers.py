"""A bounded set of daemon threads that do the waiting, so that nobody who must not wait does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from toriconfig._runtime.log import internal
from toriconfig.pipeline._permits import Permits
from toriconfig.pipeline._threads import start

LEASE, DEMAND, POLL = 0, 1, 2
"""Who goes first: what keeps credentials alive, then what somebody waits for, then polls."""

IDLE = 300.0
"""Seconds after which a thread without work ends; long, so that the number of threads is steady."""

LOST = 32
"""How many abandoned threads are replaced; beyond that work queues, so that a hang cannot eat the process."""


class Job:
    """One piece of work: `run` must not raise; it may be abandoned while it runs."""

    __slots__ = ("crew", "ending", "run", "starting")

    def __init__(self, run: Callable[[], Any], crew: Crew | None = None) -> None:
        self.run = run
        self.crew = crew
        self.starting = Permits()
        """Taken by the thread that begins it, or by whoever abandons it before."""
        self.ending = Permits()
        """Taken by its thread at its end, or by whoever abandons it before and has the thread replaced."""


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
    """The threads that one process has at one time.

    There is no lock: `submit` may be called from a signal handler or a finalizer that runs in the middle of `submit`.
    Every step is one atomic operation. Between two steps the crew may only seem busier than it is: then it starts a
    thread that was not needed, within the limit, and never leaves a job without one.
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
        """Number of threads, without the abandoned ones."""
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
            del job  # what it holds is not kept alive while the next one is waited for

    def _next(self) -> Job | None:
        """The next job, waited for; None when this thread is not needed any more."""
        while True:
            woken = self._woken()
            job = self._taken()
            if job is not None:
                return job
            if woken and not self._dismissed:
                continue
            self._places.give_back()
            # whoever added a job just before may have found no place free for a thread of its own
            if not any(self._jobs) or not self._places.take():
                return None

    def _woken(self) -> bool:
        """Wait until there may be a job; False when none came for long, or none will come."""
        try:
            self._wake.get_nowait()  # there is one for each job
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
        """The most urgent job that waits and was not abandoned."""
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
    except (Exception, SystemExit) as error:  # noqa: BLE001  (work that fails must not end the thread)
        internal(error)
