"""The function `watch`, which reloads settings when one of their files changes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from toriconfig._api import _lazy
from toriconfig._core.clean_call import clean_call, expect

if TYPE_CHECKING:
    from toriconfig._live.watcher import Watcher


@clean_call
def watch(
    settings: Any,
    *,
    paths: Iterable[str | os.PathLike[str]] = (),
    debounce: float = 0.1,
    interval: float = 5.0,
    signum: int | None = None,
) -> Watcher:
    """Reload the settings whenever one of their files changes, on a daemon thread. Requires the extra `watch`.

    The watched files are settings files, `.env` files, folders of secrets, and files named by `${file:…}` or by the
    variables of the option `file_suffix`. The files need not exist yet. A file may be rewritten or replaced, and so
    may a symbolic link in its path, as in Kubernetes. Environment variables, Vault and the option `sources` are not
    watched.

    Callbacks of `on_change` run on other threads, and do not delay a reload. If the new files are invalid, the old
    settings stay in place, and one WARNING names the problem. Forked child processes watch the files too.

    Args:
        settings: a lazy object, which is loaded now if necessary.
        paths: further files and folders whose change causes a reload.
        debounce: seconds without a change before a reload, above 0. During continuous changes, a reload starts
            after at most ten times `debounce`.
        interval: seconds between two checks of the files, above 0. The checks find changes that the system does not
            report, such as changes on network file systems, or of single files mounted into a container.
        signum: a signal, such as `signal.SIGHUP`, that causes a reload and a `refresh` of all secrets; None: no
            signal. The former handler of the signal is called too.

    Returns:
        A `Watcher`, which is a context manager. It watches until its block ends, `stop()` is called, or the program
        ends.

    Raises:
        ConfigError: the settings are not loaded yet, and are invalid.
        ImportError: watchfiles is not installed.
        TypeError: `settings` is not a lazy object.
        ValueError: a number is not above 0; the signal cannot be handled; or `signum` is given on another thread
            than the main thread.
    """
    target = _lazy(settings, "watch")
    expect(paths, (tuple, list, set, frozenset), "watch() needs `paths` as a list of files and folders")
    more = [_path(one) for one in paths]
    for name, seconds in (("debounce", debounce), ("interval", interval)):
        expect(seconds, (int, float), f"watch() needs `{name}` as a number of seconds")
        if not seconds > 0:
            raise ValueError(f"watch() needs `{name}` above 0")
    expect(signum, (int, type(None)), "watch() needs `signum` as a number such as signal.SIGHUP, or None")
    try:
        from watchfiles._rust_notify import RustNotify
    except ImportError:
        from toriconfig._core.extra import missing_extra

        raise missing_extra("watch()", "watchfiles", "watch") from None
    from toriconfig._lazy import current
    from toriconfig._live.watcher import Watcher

    def notify(folders: list[str]) -> Any:
        return RustNotify(folders, False, False, 300, False, True)

    if signum is not None:
        _check_signal(signum)
    current(target)
    watcher = Watcher(target, more, debounce, interval, notify)
    watcher.begin(signum)
    return watcher


def _path(given: object) -> str:
    expect(
        given, (str, os.PathLike), "watch() needs `paths` as a list of files and folders; each item is text or a path"
    )
    return os.fspath(given)  # type: ignore[call-overload, no-any-return]


def _check_signal(signum: int) -> None:
    import threading

    if threading.current_thread() is not threading.main_thread():
        raise ValueError("watch() installs a signal handler, so it must be called on the main thread")
    if signum not in signal.valid_signals() or signum in (signal.SIGKILL, signal.SIGSTOP):
        raise ValueError(f"watch() cannot handle signal {signum}: name one such as signal.SIGHUP")
