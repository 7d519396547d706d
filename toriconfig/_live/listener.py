"""One registered callback of `on_change`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import eq
from typing import TYPE_CHECKING, Any

from toriconfig._core.path import Path
from toriconfig._live.change import Change
from toriconfig._load.lookup import names_of

if TYPE_CHECKING:
    from toriconfig._runtime.callbacks import SerialQueue
    from toriconfig._schema.shape import Shape

PATIENCE = 30.0
"""Seconds that a coroutine may take until it is cancelled."""


class Listener:
    """A callback and the part of the settings that it watches.

    Args:
        callback: a function, or a coroutine function.

    Attributes:
        prefix: keys that lead to the watched part; () for everything. `settle` replaces each key by its field's name.
        settled: True after a call of `settle`.
    """

    def __init__(self, prefix: Path, callback: Callable[[Change], Any]) -> None:
        self.prefix = prefix
        self.cancelled = self.settled = False
        self._callback = callback
        self._queues: dict[str, SerialQueue] = {}

    def settle(self, shape: Shape) -> None:
        """Replace each key of `prefix` by the name of its field. A key may be an alias of a field.

        Raises:
            KeyError: the schema does not have one of the keys; the message names the most similar one.
        """
        if not self.settled:
            self.prefix, self.settled = names_of(self.prefix, shape), True

    def hears(self, path: Path) -> bool:
        """True if `path` is inside the watched part of the settings, or contains this part."""
        return all(map(eq, path, self.prefix))

    def call(self, change: Change) -> None:
        """Call the callback now, unless the listener is cancelled. An exception of the callback is logged.

        If the callback returns a coroutine, run the coroutine to its end. If this thread has a running event loop,
        run the coroutine on another thread, and do not wait.
        """
        if not self.cancelled:
            self._logged(change, lambda: self._finish(change, self._callback(change)))

    def call_soon(self, change: Change) -> None:
        """Queue a call for another thread. Each listener has its own queue, which runs one call at a time."""
        self._soon(partial(self.call, change))

    def _finish(self, change: Change, outcome: Any) -> None:
        if not hasattr(outcome, "__await__"):
            return
        from toriconfig.pipeline import run_sync

        run = partial(run_sync, outcome, timeout=PATIENCE)
        if _loop_is_running():
            self._soon(partial(self._logged, change, run))
        else:
            run()

    def _logged(self, change: Change, run: Callable[[], object]) -> None:
        try:
            run()
        except Exception:  # noqa: BLE001  (a callback that raises does not stop the others)
            from toriconfig.pipeline._library_logger import library_logger

            library_logger("toriconfig").exception("an on_change callback for `%s` failed", change.path)

    def _soon(self, run: Callable[[], object]) -> None:
        from toriconfig._runtime.callbacks import SerialQueue, dispatch

        # one operation, so that two swaps at the same instant agree on one queue
        queue = self._queues.setdefault("own", SerialQueue())
        dispatch(run, queue)


def _loop_is_running() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
