"""The thread of `watch`, which reloads when files change.

The thread compares the inputs with their last state after each event of the system, and also periodically, because
some changes cause no event. An event without a difference causes no reload.
"""

from __future__ import annotations

import atexit
import os
import signal
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

from toriconfig._lazy import Lazy, current
from toriconfig._live.inputs import Fingerprint, Identity, Inputs, file_providers, inputs_of
from toriconfig._live.reload import reload_into
from toriconfig._runtime.scheduler import AFTER_FORK
from toriconfig.errors import ConfigError, SecretError
from toriconfig.pipeline._library_logger import library_logger
from toriconfig.pipeline._threads import start

if TYPE_CHECKING:
    from types import FrameType

_SLACK = 0.05
"""Seconds that times of files may be behind the clock, because file systems use the time of the last tick."""

_REPLACING = 0.5
"""Seconds before a second look at a file that is missing or empty, because a program may be replacing it."""

_TRIES = 10
"""Number of tries if the folders change while they are being watched."""

_BURST = 10
"""Maximum delay of a reload during continuous changes, as a multiple of the quiet time."""

_STEP = 0.1
"""Maximum seconds until a wait notices a signal or `stop`."""

_LONGEST = 86_400.0
"""Maximum seconds of one wait. `watchfiles` counts milliseconds in an integer, so a wait is never infinite."""


class Watcher:
    """A running `watch`. As a context manager, the watcher stops at the end of the block.

    Args:
        settings: the loaded lazy object.
        paths: further files and folders.
        debounce: seconds without a change before a reload.
        interval: seconds between two checks if no event arrives.
        notify: function that takes a list of folders, and returns a source of events.
    """

    def __init__(
        self, settings: Lazy, paths: Sequence[str], debounce: float, interval: float, notify: Callable[..., Any]
    ) -> None:
        self._lazy = settings
        self._paths = tuple(os.path.abspath(os.path.expanduser(path)) for path in paths)
        self._debounce = min(debounce, _LONGEST)
        self._interval = min(interval, _LONGEST)
        self._notify = notify
        self._events: Any = None
        self._followed: dict[str, Any] | None = None
        self._seen: Fingerprint | None = None
        self._told = ""
        self._asked = self._stopped = False
        self._signal: _OnSignal | None = None
        self._run = 0
        self._ended = 0

    @property
    def running(self) -> bool:
        """True until `stop` is called."""
        return not self._stopped

    def begin(self, signum: int | None) -> None:
        """Start the thread. Then install a handler of the signal `signum`, unless it is None."""
        self._start()
        _watchers.add(self)
        if signum is not None:
            self._signal = _OnSignal(self, signum)

    def stop(self, timeout: float = 10.0) -> None:
        """Stop watching the files. A second call does nothing.

        If the call is made on the main thread, the former signal handler is installed again.

        Args:
            timeout: maximum seconds to wait for the end of a running reload; 0: no wait.
        """
        self._stopped = True
        if self._signal is not None:
            self._signal.remove()
        deadline = time.monotonic() + timeout
        while self._ended != self._run and time.monotonic() < deadline:
            time.sleep(0.005)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Watcher({_name(self._lazy)}, {'running' if self.running else 'stopped'})"

    def is_set(self) -> bool:
        """True if a wait for events must end. `watchfiles` requires this name, as in `threading.Event`."""
        return self._stopped or self._asked

    def ask(self) -> None:
        """Request a reload soon. The method takes no lock, so a signal handler may call it."""
        self._asked = True

    def after_fork(self) -> None:
        """Continue in a forked child with a new thread. The events of the parent stay with the parent."""
        self._ended = self._run
        self._events = self._followed = None
        if not self._stopped:
            self._start(pause=AFTER_FORK)

    def _start(self, pause: float = 0.0) -> None:
        self._run += 1
        mine = self._run
        start(lambda: self._follow(mine), "toriconfig-watch", pause=pause)

    def _follow(self, mine: int) -> None:
        try:
            while not self._stopped:
                if not self._look() and not self.is_set():
                    self._wait()
        except Exception as error:  # noqa: BLE001  (if the thread ended unnoticed, old settings would stay in use)
            _logger().error("%s: files are no longer followed: %s", _name(self._lazy), type(error).__name__)
        finally:
            if self._events is not None:
                self._events.close()
            self._ended = mine

    def _look(self) -> bool:
        """Compare the inputs with those of the last check, and reload if they differ or a signal arrived.

        Do nothing while the settings are not loaded.

        Returns:
            True if there was a reload. The new settings may name further files, so another check is due.
        """
        asked, self._asked = self._asked, False
        if self._lazy._state.loaded is None:  # a test unloaded the settings: the next read loads what is there then
            self._seen = None
            return False
        inputs = self._inputs()
        for _ in range(_TRIES):
            if not self._listen(inputs):
                break
            inputs = self._inputs()  # includes files that were created before the system reported changes
        found = inputs.fingerprint()
        seen = self._seen
        if seen is not None and any(_is_being_written(one, found.get(path)) for path, one in seen.items()):
            self._pause(_REPLACING)
            found = inputs.fingerprint()
        first = seen is None and inputs.changed_since(self._lazy._state.loaded_at - _SLACK)
        changed = _changed(seen, found) if seen is not None else []
        if asked or first or changed:
            self._reload(changed)
        self._seen = found
        if asked:
            self._refresh()
        return bool(asked or first or changed)

    def _inputs(self) -> Inputs:
        loaded = self._lazy._state.loaded
        return inputs_of(loaded.snapshot, self._paths) if loaded is not None else Inputs()

    def _reload(self, names: list[str]) -> None:
        lazy = self._lazy
        loaded = lazy._state.loaded
        for provider in file_providers(loaded.snapshot) if loaded is not None else ():
            provider.look()
        try:
            changes = reload_into(lazy, soon=True)
        except ConfigError as error:
            errors = [str(problem) for problem in error.problems]
            self._warn(errors[0] + (f" (and {len(errors) - 1} more)" if errors[1:] else ""))
        except Exception as error:  # noqa: BLE001  (a validator or a source is user code; its text may hold values)
            self._warn(f"{type(error).__name__} was raised")
        else:
            self._told = ""
            text = ", ".join([*names[:3], *(["..."] if names[3:] else [])]) or "on request"
            _logger().info("%s: read again (%s); changed keys: %d", _name(lazy), text, len(changes))

    def _warn(self, reason: str) -> None:
        """Log the reason why the old settings stay in place. A reason equal to the last one is not logged again."""
        if reason != self._told:
            self._told = reason
            _logger().warning("%s: not reloaded, the old settings stay: %s", _name(self._lazy), reason)

    def _refresh(self) -> None:
        from toriconfig._live.refresh import refresh_below

        try:
            refresh_below(current(self._lazy), "")
        except ExceptionGroup as group:
            failed = [f"{one.path}: {one.message}" for one in group.exceptions if isinstance(one, SecretError)]
            _logger().warning("%s: %s: %s", _name(self._lazy), group.message, "; ".join(failed))

    def _listen(self, inputs: Inputs) -> bool:
        """Watch the folders of the inputs. Return True if these folders differ from the folders watched until now."""
        watched = inputs.watched()
        if watched == self._followed:
            return False
        if self._events is not None:
            self._events.close()
        self._events, self._followed = None, watched
        try:
            self._events = self._notify([folder for folder, found in watched.items() if found is not None])
        except (OSError, RuntimeError) as error:
            text = "%s: the system reports no changes of files (%s); they are looked at every %g s"
            _logger().warning(text, _name(self._lazy), type(error).__name__, self._interval)
        return True

    def _wait(self) -> None:
        """Wait for a signal, `stop`, the next check, or an event with `debounce` seconds of quiet after it."""
        if self._events is not None:
            step = _milliseconds(min(self._debounce, _STEP))
            rest = _milliseconds(self._debounce) - step
            try:
                found = self._events.watch(_BURST * step, step, _milliseconds(self._interval), self)
                end = time.monotonic() + _BURST * self._debounce
                while rest and isinstance(found, set) and time.monotonic() < end:
                    found = self._events.watch(_BURST * step, step, rest, self)
            except RuntimeError:
                self._events.close()
                self._events = self._followed = None
            else:
                return
        self._pause(self._interval)

    def _pause(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._stopped and not self._asked and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(self._debounce, _STEP, left))


class _OnSignal:
    """Signal handler that notifies a watcher, and then calls the former handler."""

    def __init__(self, watcher: Watcher, signum: int) -> None:
        self._watcher = watcher
        self._signum = signum
        self._before = signal.signal(signum, self)

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        if self._watcher.running:
            self._watcher.ask()
        if callable(self._before):
            self._before(signum, frame)
        elif self._before == signal.SIG_DFL and not self._watcher.running:  # could not be removed by another thread
            signal.signal(signum, signal.SIG_DFL)
            signal.raise_signal(signum)

    def remove(self) -> None:
        """Install the former handler again.

        Do nothing if another handler was installed since, or if this is not the main thread.
        """
        try:
            installed: object = signal.getsignal(self._signum)
            if installed is self:
                signal.signal(self._signum, signal.SIG_DFL if self._before is None else self._before)
        except ValueError:  # not the main thread: the handler stays, and passes signals on
            return


def _milliseconds(seconds: float) -> int:
    """Return whole milliseconds, at least 1. For `watchfiles`, 0 would mean no limit."""
    return max(1, int(seconds * 1000))


def _is_being_written(before: Identity | None, now: Identity | None) -> bool:
    """True if a file was deleted or emptied since the last check: a program may be writing it now."""
    return before is not None and (now is None or (before[2] > 0 and now[2] == 0))


def _changed(seen: Fingerprint, found: Fingerprint) -> list[str]:
    """Return the names of the files that have changed."""
    return [os.path.basename(path) for path in {**seen, **found} if seen.get(path) != found.get(path)]


def _name(lazy: Lazy) -> str:
    target = lazy._state.target
    return target.rpartition(":")[2] if isinstance(target, str) else target.__name__


def _logger() -> Any:
    return library_logger("toriconfig")


_watchers: WeakSet[Watcher] = WeakSet()


def _after_fork() -> None:
    for watcher in list(_watchers):
        watcher.after_fork()


@atexit.register
def _stop_all() -> None:
    """Stop all watchers at exit. Otherwise the interpreter would end their threads inside a native library."""
    for watcher in list(_watchers):
        watcher._stopped = True
    for watcher in list(_watchers):
        watcher.stop(1.0)


os.register_at_fork(after_in_child=_after_fork)
