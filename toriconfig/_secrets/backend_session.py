"""Everything that one backend is asked for in one process: its cached paths, its workers, its outages."""

from __future__ import annotations

import gc
import os
import random
from typing import TYPE_CHECKING
from weakref import WeakSet, WeakValueDictionary, ref

from toriconfig._core.markers import split_key
from toriconfig._runtime.deadline import Call
from toriconfig._runtime.scheduler import scheduler_for
from toriconfig._runtime.single_flight import Flight
from toriconfig._runtime.transitions import Transitions
from toriconfig._runtime.workers import Workers
from toriconfig._secrets.backend_errors import timed_out
from toriconfig._secrets.backend_value import BackendValue
from toriconfig.errors import SecretError, SecretUnreachable
from toriconfig.pipeline._logging import library_logger
from toriconfig.pipeline._memory_lock import MemoryLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger

    from toriconfig._runtime.single_flight import Failed, Work
    from toriconfig.backends import Backend

_lock = MemoryLock()
_sessions: WeakValueDictionary[int, BackendSession] = WeakValueDictionary()
"""By the identity of the backend, which the session keeps alive."""


def session_of(backend: Backend) -> BackendSession:
    """The session of a backend, shared by all loads that are given the same object; no I/O."""
    with _lock:
        session = _sessions.get(id(backend))
        if session is None:
            session = _sessions[id(backend)] = BackendSession(backend)
        return session


def shutdown() -> None:
    """Stop fetching in the background; it starts again when somebody reads."""
    with _lock:
        sessions = list(_sessions.values())
    for session in sessions:
        session.rest()


class BackendSession:
    """One backend in one process; safe from any thread."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.scheme = backend.scheme
        self.now = backend.clock.monotonic
        self.scheduler = scheduler_for(backend.clock)
        self.workers = Workers(int(backend.workers), f"toriconfig-{backend.scheme}")
        self._values: WeakValueDictionary[str, BackendValue] = WeakValueDictionary()
        self._begin()
        on_advance = getattr(backend.clock, "on_advance", None)
        if on_advance is not None:
            scheduler = ref(self.scheduler)
            on_advance(lambda: (alive := scheduler()) and alive.tick())

    def _begin(self) -> None:
        """Create the state that each process has of its own: children must not share random numbers, nor locks."""
        self.rnd = random.Random().random  # noqa: S311  (jitter, no secret)
        self._lock = MemoryLock()
        self._memory = Transitions()
        self._failing: WeakSet[BackendValue] = WeakSet()

    def provider(self, reference: str) -> BackendValue:
        """The cached value of the path that a reference names, whatever key of it; no I/O."""
        path = split_key(reference)[0]
        with self._lock:
            value = self._values.get(path)
            if value is None:
                value = self._values[path] = BackendValue(self, path)
            return value

    def flight(self, path: str, failed: Callable[[SecretError], None]) -> Flight:
        """Return the flight that `send` carries out, from memory alone. At its deadline `failed` is given an error."""
        call = Call(self.now() + self.backend.timeout, self.now)

        def on_expiry(flight: Flight) -> None:
            job = flight.job
            if job is not None:
                self.workers.abandon(job)
            call.cut()
            failed(timed_out(self.scheme, path, self.backend.timeout))

        return Flight(call, on_expiry)

    def send(self, flight: Flight, priority: int, work: Work, failed: Failed) -> None:
        """Hand a flight to the workers; never called under a lock, since a thread may have to be started."""
        job = self.workers.submit(priority, lambda: flight.carry(work, failed))
        if not flight.ended:
            flight.job = job
            self.scheduler.at(flight.call.deadline, flight.expire)

    def failed(self, value: BackendValue, error: SecretError) -> None:
        """Warn that a value could not be confirmed: once an outage of the backend, else once for the path."""
        with self._memory:
            first, known = not self._failing, value in self._failing
            self._failing.add(value)
        if first if isinstance(error, SecretUnreachable) else not known:
            used = f"what was fetched before is used for up to {self.backend.stale_for:g} s"
            _logger().warning("%s: %s; %s", value.reference, error.message, used)

    def succeeded(self, value: BackendValue) -> None:
        """A value was confirmed."""
        if not self._failing:
            return
        with self._memory:
            was = value in self._failing
            self._failing.discard(value)
            over = was and not self._failing
        if over:
            _logger().info("%s answers again", self.scheme)

    def rest(self) -> None:
        """Fetch nothing more until somebody reads."""
        for value in list(self._values.values()):
            value.rest()
        self.workers.dismiss()

    def after_fork(self) -> None:
        """In a forked child: no thread, no flight; locks may be held by threads that are not here."""
        self._begin()
        self.workers.reset()
        for value in list(self._values.values()):
            value.after_fork()

    def __repr__(self) -> str:
        return f"BackendSession({self.scheme!r})"


def _logger() -> Logger:
    return library_logger("toriconfig.backends")


def _after_fork() -> None:
    global _lock
    _lock = MemoryLock()
    collecting = gc.isenabled()
    gc.disable()  # a finalizer may read a secret, while locks are still held by threads that are not here
    try:
        for session in list(_sessions.values()):
            session.after_fork()
    finally:
        if collecting:
            gc.enable()


os.register_at_fork(after_in_child=_after_fork)
