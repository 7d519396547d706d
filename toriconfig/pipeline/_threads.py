"""Start of threads, without waiting until they run."""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Callable


def start(run: Callable[[], object], name: str, *, pause: float = 0.0) -> None:
    """Call `run` on a new daemon thread, and return at once.

    Do not call `Thread.start` directly: it waits until the new thread runs. A finalizer may run first in the new
    thread. If the finalizer needs a lock of the caller, both threads wait forever.

    Args:
        run: function to call; it must not raise an exception.
        name: name of the thread.
        pause: seconds before the thread starts.

    Raises:
        RuntimeError: no thread can be started: a limit of the machine, or the interpreter is shutting down.
    """
    _thread.start_new_thread(_start, (run, name, pause))


def _start(run: Callable[[], object], name: str, pause: float) -> None:
    if pause:
        time.sleep(pause)
    try:
        threading.Thread(target=run, name=name, daemon=True).start()
    except RuntimeError:  # there was room for one thread, but not for a second
        run()
