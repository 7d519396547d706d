"""Masking of log records before handlers of other code receive them, including handlers that are added later."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from itertools import chain

from toriconfig.pipeline._mask_value import mask_value
from toriconfig.pipeline._redact import mask

MARK = "toriconfig_mark"
"""Attribute that marks a handler of this package, even one from an earlier import of its modules."""

_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime"}
_formatter = logging.Formatter()


class Guard(logging.Handler):
    """Handler that masks secrets in each record, before other handlers of the logger or a parent get the record.

    The guard is a handler, because records of child loggers do not pass through the filters of the logger. The
    guard is also a filter: `filter` adds the guard again after the application has replaced the list of handlers.
    """

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__()
        self._logger = logger

    def filter(self, record: logging.LogRecord) -> bool:
        stand_guard(self._logger)
        return True

    def handle(self, record: logging.LogRecord) -> bool:
        mask_record(record)
        # `logging` counts the guard as a handler, and would not call `lastResort`.
        last = logging.lastResort
        if last is not None and record.levelno >= last.level and not self._logger.hasHandlers():
            last.handle(record)
        return True

    def setLevel(self, level: int | str) -> None:  # noqa: N802 - the name in logging
        """Do nothing: code that sets the level of all handlers must not switch off the guard."""


class GuardedHandlers(list[logging.Handler]):
    """List of the handlers of a logger. Iteration first yields the guard, a handler that masks records.

    The guard is not an element of the list, so `dictConfig` does not remove the guard. The guard is omitted if the
    only receiver is the handler of this package, which masks each line itself.
    """

    def __init__(self, logger: logging.Logger, guard: Guard) -> None:
        super().__init__(handler for handler in logger.handlers if not isinstance(handler, Guard))
        self.logger = logger
        self._guard = guard

    def __iter__(self) -> Iterator[logging.Handler]:
        handlers = list.__iter__(self)
        some = self[:2]  # in one step, because another thread may be removing handlers
        ours_alone = len(some) == 1 and hasattr(some[0], MARK) and not self.logger.propagate
        return handlers if ours_alone else chain((self._guard,), handlers)


def stand_guard(logger: logging.Logger) -> None:
    """Install a `Guard`: records of `logger` and its children are masked before foreign handlers get them."""
    if getattr(logger.handlers, "logger", None) is logger:
        return
    guard = next((known for known in logger.filters if isinstance(known, Guard)), None) or Guard(logger)
    logger.addFilter(guard)
    logger.handlers = GuardedHandlers(logger, guard)


def is_foreign(handler: logging.Handler) -> bool:
    """Return True if a handler writes records and does not belong to this package."""
    return not (hasattr(handler, MARK) or isinstance(handler, (Guard, logging.NullHandler)))


def mask_record(record: logging.LogRecord) -> None:
    """Mask message, exception, stack and extra fields of a record in place. Parts without a secret do not change."""
    _mask_message(record)
    if record.exc_info and record.exc_info[1] is not None:
        text = _exception_text(record)
        safe = masked(text, record)
        if safe != text:
            record.exc_text, record.exc_info = safe, None
    if record.exc_text:  # set by an earlier handler from the exception
        record.exc_text = masked(record.exc_text, record)
    if record.stack_info:
        record.stack_info = masked(record.stack_info, record)
    for name in vars(record).keys() - _STANDARD:
        value = getattr(record, name)
        safe = mask_value(value)
        if safe is not value:
            setattr(record, name, safe)


def masked(text: str, record: logging.LogRecord) -> str:
    """Return the text without secrets, or a placeholder if masking fails."""
    try:
        return mask(text)
    except Exception:  # noqa: BLE001 - after any error, the raw text must not appear
        return withheld(record)


def withheld(record: logging.LogRecord) -> str:
    """Return the text that replaces a record that could not be masked."""
    return f"<redaction failed> {record.levelname} {record.name} {record.pathname}:{record.lineno}"


def _mask_message(record: logging.LogRecord) -> None:
    if not isinstance(record.msg, str) and not record.args:  # such as structlog's event dict
        record.msg = mask_value(record.msg)
    try:
        message = record.getMessage()
    except Exception:  # noqa: BLE001 - the handler meets the same error, and shows it with the arguments
        shown, told = _shown((record.msg, record.args), record), traceback.format_exc()
        if masked(shown, record) != shown or masked(told, record) != told:
            record.msg, record.args = f"cannot be formatted: {masked(shown, record)}", None
    else:
        safe = masked(message, record)
        # The format may print only a part of an argument, but structured handlers write all of it.
        if safe != message or (record.args and mask_value(record.args) is not record.args):
            record.msg, record.args = safe, None
    if "message" in vars(record):  # set by an earlier handler from message and arguments
        record.message = masked(str(record.message), record)


def _exception_text(record: logging.LogRecord) -> str:
    assert record.exc_info is not None
    try:
        return _formatter.formatException(record.exc_info)
    except Exception:  # noqa: BLE001 - an exception whose text cannot be read
        return getattr(record.exc_info[0], "__name__", "exception")


def _shown(value: object, record: logging.LogRecord) -> str:
    try:
        return repr(value) if isinstance(value, bytes) else str(value)
    except Exception:  # noqa: BLE001 - `__str__` is user code
        return withheld(record)
