"""Warnings of a load. Each warning is logged once.

A warning is pending until a logging handler other than a NullHandler accepts the warning. Later calls into this
library try again. At exit, the `warnings` module writes the pending warnings to standard error. A forked child
does not write the pending warnings of its parent at exit.
"""

from __future__ import annotations

import sys
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from types import TracebackType


_Entry = tuple[str, str, int, object]
"""Name of the logger, text of the warning, id of the process, and an object that makes the entry unique."""

# No lock: after a fork at the wrong instant, the child would have a lock that is never released. `dict.setdefault` and
# `dict.pop` are atomic for keys whose `__hash__` and `__eq__` are C code (text, numbers, tuples).
# Their result shows which thread was first.
_given: dict[Hashable, _Entry] = {}
_pending: dict[Hashable, _Entry] = {}
_at_exit: list[bool] = []
_holding: dict[int, list[Callable[[], object]]] = {}
"""Functions to call at the end of the outermost `held` block, by thread id."""


def once(key: Hashable) -> bool:
    """Return True at the first call with `key` in this process; False at every later call."""
    entry = ("", "", 0, object())
    return _given.setdefault(key, entry) is entry


def warn(key: Hashable, text: str, logger: str = "toriconfig") -> None:
    """Log a warning once per `key`. The warning is pending until a logging handler accepts the warning.

    Args:
        key: text, or a tuple of texts and numbers, such as the schema, the path and the kind of warning.
        text: the whole warning, without the value of any secret.
        logger: name of the logger.
    """
    import os

    entry = (logger, text, os.getpid(), object())
    if _given.setdefault(key, entry) is entry:
        _pending[key] = entry
    flush()
    if _pending and not _at_exit:
        _register()


def over(key: Hashable) -> None:
    """Forget the warning with `key`, because its cause is gone. The next `warn` with `key` warns again."""
    _given.pop(key, None)
    _pending.pop(key, None)


class held:  # noqa: N801 - used like a statement, without the cost of contextlib
    """Keep the warnings of this thread pending inside the block, and log them at its end.

    Use the block for a load. Without the block, a logging handler that reads the settings would wait for the load,
    and the load for the handler.
    """

    __slots__ = ("_outermost",)

    def __enter__(self) -> None:
        mine: list[Callable[[], object]] = []
        self._outermost = _holding.setdefault(get_ident(), mine) is mine

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._outermost:
            for log in _holding.pop(get_ident()):
                log()
            flush()


def soon(log: Callable[[], object]) -> None:
    """If this thread is in a `held` block, call `log` at the end of the outermost block. Otherwise call `log` now."""
    later = _holding.get(get_ident())
    if later is None:
        log()
    else:
        later.append(log)


def flush() -> None:
    """Log each pending warning that a handler accepts now. Inside a `held` block, do nothing."""
    # If `logging` was never imported, it has no handlers, and it is not imported for this.
    if not _pending or get_ident() in _holding or not hasattr(sys.modules.get("logging"), "getLogger"):
        return
    from toriconfig.pipeline._heard import WARNING, log_heard

    for key in list(_pending):
        entry = _pending.pop(key, None)  # `pop` gives each entry to one thread, which logs it
        if entry is not None and not log_heard(entry[0], WARNING, entry[1]):
            _pending.setdefault(key, entry)


def informs() -> bool:
    """True if `logging` is imported and the logger `toriconfig` accepts the level INFO."""
    logging = sys.modules.get("logging")
    if logging is None or not hasattr(logging, "getLogger"):
        return False
    return bool(logging.getLogger("toriconfig").isEnabledFor(20))


def inform(text: str, *values: object) -> None:
    """Log `text % values` at level INFO."""
    from toriconfig.pipeline._library_logger import library_logger

    library_logger("toriconfig").info(text, *values)


def given_by(logger: str) -> list[str]:
    """Return the texts of the logged and pending warnings of this process for the logger with this name."""
    return [entry[1] for entry in list(_given.values()) if entry[0] == logger]


def reset() -> None:
    """Forget all logged and pending warnings, so that a test can receive each of them again."""
    _given.clear()
    _pending.clear()


def _register() -> None:
    import atexit

    _at_exit.append(True)
    atexit.register(_tell_the_rest)
    util = sys.modules.get("multiprocessing.util")
    if util is not None:  # its children exit without `atexit`
        util.Finalize(None, _tell_the_rest, exitpriority=0)


def _tell_the_rest() -> None:
    """Write the pending warnings of this process to standard error at exit, by the `warnings` module."""
    import os

    flush()
    rest = [entry for key in list(_pending) if (entry := _pending.pop(key, None)) is not None]
    if not rest:
        return
    import warnings

    from toriconfig.errors import ToriconfigWarning

    for _, text, process, _ in rest:
        if process != os.getpid():
            continue
        try:
            warnings.warn_explicit(text, ToriconfigWarning, "<toriconfig>", 1, "toriconfig", {})
        except ToriconfigWarning as error:  # a filter turns warnings into errors, and there is no caller to interrupt
            warnings.showwarning(error, ToriconfigWarning, "<toriconfig>", 1)
