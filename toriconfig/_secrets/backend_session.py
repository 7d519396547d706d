"""Cached values of one backend in one process, with their worker threads."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary, ref

from toriconfig._core.markers import split_key
from toriconfig._runtime.executor import Executor
from toriconfig._runtime.workers import Workers
from toriconfig._secrets.backend_value import BackendValue
from toriconfig._secrets.outages import Outages
from toriconfig.pipeline._memory_lock import MemoryLock

if TYPE_CHECKING:
    from toriconfig.backends import Backend

_lock = MemoryLock()
_sessions: WeakValueDictionary[int, BackendSession] = WeakValueDictionary()
"""Keys are the `id` of the backend, which its session keeps alive."""


def session_of(backend: Backend) -> BackendSession:
    """Return the session of a backend. Loads with the same backend object share one session. Does no I/O."""
    with _lock:
        session = _sessions.get(id(backend))
        if session is None:
            session = _sessions[id(backend)] = BackendSession(backend)
        return session


def shutdown() -> None:
    """Stop the background fetches of all backends. The next read of a value starts its fetches again."""
    with _lock:
        sessions = list(_sessions.values())
    for session in sessions:
        session.rest()


class BackendSession:
    """The cached values of one backend in one process. Thread-safe."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        workers = Workers(int(backend.workers), f"toriconfig-{backend.scheme}")
        self._executor = Executor(backend.clock, workers)
        self._outages: Outages[BackendValue] = Outages(BackendValue.LOGGER, lambda: backend.scheme)
        self._values: WeakValueDictionary[str, BackendValue] = WeakValueDictionary()
        self._lock = MemoryLock()
        on_advance = getattr(backend.clock, "on_advance", None)
        if on_advance is not None:
            scheduler = ref(self._executor.scheduler)
            on_advance(lambda: (alive := scheduler()) and alive.tick())

    def provider(self, reference: str) -> BackendValue:
        """Return the provider of the path in a reference. The `#key` of the reference is ignored. Does no I/O."""
        path = split_key(reference)[0]
        with self._lock:
            value = self._values.get(path)
            if value is None:
                value = self._values[path] = BackendValue(self.backend, self._executor, self._outages, path, self)
            return value

    def rest(self) -> None:
        """Stop the background fetches of this backend. The next read of a value starts its fetches again."""
        for value in list(self._values.values()):
            value.rest()
        self._executor.workers.dismiss()

    def after_fork(self) -> None:
        """In a forked child: replace the locks, and forget the threads and requests of the parent."""
        self._lock = MemoryLock()
        self._executor.after_fork()
        self._outages.reset()
        for value in list(self._values.values()):
            value.after_fork()

    def __repr__(self) -> str:
        return f"BackendSession({self.backend.scheme!r})"


def _after_fork() -> None:
    global _lock
    _lock = MemoryLock()
    collecting = gc.isenabled()
    gc.disable()  # a finalizer may read a secret while locks are still held by threads of the parent
    try:
        for session in list(_sessions.values()):
            session.after_fork()
    finally:
        if collecting:
            gc.enable()


os.register_at_fork(after_in_child=_after_fork)
