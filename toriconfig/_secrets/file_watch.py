"""Periodic checks of files with secrets. A file is checked while a subscriber waits for its changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING
from weakref import ref

from toriconfig._core.clock import SYSTEM, Clock
from toriconfig._secrets.derived import Derived
from toriconfig._secrets.fallback import Fallback
from toriconfig._secrets.file import FileProvider
from toriconfig._secrets.provider import Provider
from toriconfig.pipeline._memory_lock import MemoryLock

if TYPE_CHECKING:
    from toriconfig._runtime.scheduler import Scheduler
    from toriconfig._runtime.workers import Workers

INTERVAL = 1.0
"""Seconds between the end of one check of all files and the start of the next."""


def files_behind(provider: Provider) -> Iterator[FileProvider]:
    """Yield the `FileProvider` objects that a provider reads, directly or through its inputs."""
    if isinstance(provider, FileProvider):
        yield provider
    elif isinstance(provider, (Derived, Fallback)):
        for one in provider.inputs:
            yield from files_behind(one)


class FileWatch:
    """Periodic checks of all watched files on a separate thread, because a file system may hang.

    Args:
        clock: source of the monotonic seconds.
        scheduler: object that starts the checks; None: a scheduler that uses `clock`.
        workers: the thread for the checks; None: a thread for this object only.
    """

    def __init__(
        self, clock: Clock = SYSTEM, scheduler: Scheduler | None = None, workers: Workers | None = None
    ) -> None:
        from toriconfig._runtime.scheduler import scheduler_for
        from toriconfig._runtime.workers import Workers

        self._now = clock.monotonic
        self._scheduler = scheduler or scheduler_for(clock)
        self._workers = workers or Workers(1, "toriconfig-files")
        self._lock = MemoryLock()
        self._watched: dict[object, ref[FileProvider]] = {}
        self._planned = False

    def add(self, provider: FileProvider) -> Callable[[], None]:
        """Check a file now and periodically. The checks end when the returned function is called.

        The checks also end when `provider` is garbage-collected.
        """
        from toriconfig._runtime.workers import POLL

        entry = object()
        with self._lock:
            self._watched[entry] = ref(provider)
            first, self._planned = not self._planned, True
        self._workers.submit(POLL, provider.look)
        if first:
            self._scheduler.at(self._now() + INTERVAL, self._send)

        def cancel() -> None:
            with self._lock:
                self._watched.pop(entry, None)

        return cancel

    def after_fork(self) -> None:
        """In a forked child: continue the checks on a thread of the child."""
        self._lock = MemoryLock()
        self._workers.reset()
        self._planned = bool(self._watched)
        if self._planned:
            self._scheduler.at(self._now() + INTERVAL, self._send)

    def _send(self) -> None:
        from toriconfig._runtime.workers import POLL

        self._workers.submit(POLL, self._look)

    def _look(self) -> None:
        with self._lock:
            watched = list(self._watched.items())
        alive = {id(provider): provider for _, held in watched if (provider := held()) is not None}
        try:
            for provider in alive.values():
                provider.look()
        finally:
            with self._lock:
                for entry, held in watched:
                    if held() is None:
                        self._watched.pop(entry, None)
                self._planned = bool(self._watched)
                again = self._planned
            if again:
                self._scheduler.at(self._now() + INTERVAL, self._send)


def watch(provider: Provider) -> list[Callable[[], None]]:
    """Watch the files that a provider reads. Return one function per file; calling it ends the watch of that file."""
    return [_process_watch().add(file) for file in files_behind(provider)]


@cache
def _process_watch() -> FileWatch:
    made = FileWatch()
    os.register_at_fork(after_in_child=made.after_fork)
    return made
