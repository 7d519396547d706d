"""Loggers, each with one handler that masks registered secrets in every line."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable

from toriconfig._core.clean_call import clean_call
from toriconfig.pipeline._guard import MARK, is_foreign, stand_guard, withheld
from toriconfig.pipeline._library_logger import flush_pending
from toriconfig.pipeline._redact import mask

_CHOICE = "toriconfig_propagate"
"""Attribute of a logger with the requested `propagate`; the application may change the logger's own."""

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_here = threading.local()


class MaskingFormatter(logging.Formatter):
    """Formatter that masks secrets in the finished text: message, arguments, traceback, notes and causes.

    If masking fails, the text is replaced by a placeholder.

    Args:
        fmt: as for `logging.Formatter`.
        mask: function that masks the secrets in a text; by default that of the registry of this process.
    """

    def __init__(self, fmt: str = _FORMAT, mask: Callable[[str], str] = mask) -> None:
        super().__init__(fmt)
        self._mask = mask
        self._second = (-1, "")

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        try:
            return self._mask(text)
        except Exception:  # noqa: BLE001 - after any error, the raw text must not appear
            return withheld(record)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - the name in logging
        if datefmt:
            return super().formatTime(record, datefmt)
        second, text = self._second
        now = int(record.created)
        if now != second:
            text = time.strftime(self.default_time_format, self.converter(now))
            self._second = (now, text)
        return f"{text},{int(record.msecs):03d}"


class StderrHandler(logging.Handler):
    """Handler that writes to the current `sys.stderr`, so that redirection and capture work.

    If `sys.stderr` is a stream that logs each line, the handler would receive its own output again. Therefore a record
    that arrives during a write is written to the original standard error.
    """

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._write(self.format(record) + "\n")
        except RecursionError:
            raise
        except Exception:  # noqa: BLE001 - required of a handler by logging
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name in logging
        """Write the position of the code that logged a lost record, without the arguments of the record.

        Do nothing if `logging.raiseExceptions` is False.
        """
        if not logging.raiseExceptions:
            return
        kind = getattr(sys.exc_info()[0], "__name__", "error")
        place = f"{record.pathname}:{record.lineno}"
        try:
            self._write(f"<log record lost: {kind}, {record.levelname} {record.name}, {place}>\n")
        except (OSError, ValueError):  # the stream is closed
            return

    def _write(self, text: str) -> None:
        within = getattr(_here, "writing", False)
        stream = sys.__stderr__ if within else sys.stderr
        if stream is None:
            return
        _here.writing = True
        try:
            stream.write(text)
            stream.flush()
        finally:
            _here.writing = within


_handler = StderrHandler()
_handler.setFormatter(MaskingFormatter())
setattr(_handler, MARK, True)


@clean_call
def get_logger(name: str, *, propagate: bool | None = None, level: int | str | None = None) -> logging.Logger:
    """Return a logger that writes each record once to standard error, with registered secrets masked.

    The handler of this package is added, unless the application has already added a handler to the logger. Any other
    handler that receives a record of this logger receives the masked record.

    Args:
        name: dotted name, as for `logging.getLogger`.
        propagate: True: pass records to the handlers of the parent loggers instead of the handler of this package (for
            JSON logs, Sentry, or pytest before 9.1). False: parent loggers receive no records. None: keep the earlier
            choice; initially False.
        level: level, as for `Logger.setLevel`. None: INFO, unless the application has set a level.

    Raises:
        ValueError: `name` is the name of the root logger, which belongs to the application, or `level` is not a
            level.
    """
    logger = logging.getLogger(name)
    if logger.parent is None:
        raise ValueError("the root logger belongs to the application; give a name")
    _route(logger, propagate)
    if level is not None:
        _set_level(logger, level)
    elif _level_is_default(logger):
        logger.setLevel(logging.INFO)
    logger.disabled = False  # dictConfig() disables every logger that it does not name
    flush_pending()
    return logger


def _set_level(logger: logging.Logger, level: int | str) -> None:
    try:
        logger.setLevel(level)
    except (TypeError, ValueError):  # the message of `setLevel` repeats the value
        raise ValueError("`level` is a number, or the name of a level such as INFO") from None


def _route(logger: logging.Logger, propagate: bool | None) -> None:
    """Store `propagate` for the logger, and set the handlers accordingly. None: use the stored value.

    Call this function without a lock of this package. The function waits for the lock of `logging`. A thread that
    holds the lock of `logging` may wait for the lock of this package: neither thread could continue.
    """
    if propagate is not None:
        setattr(logger, _CHOICE, propagate)
    chosen: bool = vars(logger).setdefault(_CHOICE, False)
    _apply(logger, chosen)
    while getattr(logger, _CHOICE) is not chosen:  # another thread chose meanwhile
        chosen = getattr(logger, _CHOICE)
        _apply(logger, chosen)


def _apply(logger: logging.Logger, chosen: bool) -> None:
    stand_guard(logger)
    # A handler next to ours (pytest's capture, a file) is an addition; a handler without ours is the program's choice.
    handlers = logger.handlers[:]
    marked = [handler for handler in handlers if hasattr(handler, MARK)]
    ours = not chosen and (bool(marked) or not any(is_foreign(handler) for handler in handlers))
    for handler in marked:
        if not ours or handler is not _handler:
            logger.removeHandler(handler)
    if ours:
        logger.addHandler(_handler)
    logger.propagate = chosen


def _level_is_default(logger: logging.Logger) -> bool:
    while logger.parent is not None:
        if logger.level:
            return False
        logger = logger.parent
    return logger.level in (logging.NOTSET, logging.WARNING)
