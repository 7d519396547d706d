"""Loggers for pipelines: one handler, one line a record, and no registered secret in it."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable

from toriconfig.pipeline._redact import mask

_MARK = "toriconfig_mark"
"""Tells our handlers and filters apart, also from those that an earlier import of this module left (whose class differs)."""

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_lock = threading.RLock()


class MaskingFormatter(logging.Formatter):
    """Masks the finished text: message, arguments, traceback, notes and causes at once.

    When masking fails, the text is withheld: a line without words is better than a line with a secret.

    The text of a second is kept for the other records of that second; that saves about what masking costs.

    Args:
        fmt: as for `logging.Formatter`.
        mask: hides secrets in a text; the registry of the process.
    """

    def __init__(self, fmt: str = _FORMAT, mask: Callable[[str], str] = mask) -> None:
        super().__init__(fmt)
        self._mask = mask
        self._second = (-1, "")

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        try:
            return self._mask(text)
        except Exception:  # noqa: BLE001 - whatever went wrong, the raw text must not appear
            return _withheld(record)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - the name in logging
        if datefmt:
            return super().formatTime(record, datefmt)
        second, text = self._second
        now = int(record.created)
        if now != second:
            text = time.strftime(self.default_time_format, self.converter(now))
            self._second = (now, text)
        return f"{text},{int(record.msecs):03d}"


class MaskingFilter(logging.Filter):
    """Masks a record for handlers that are not ours; what holds no secret is left as it is."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - the handler meets the same error, and reports it in its own way
            return True
        safe = _masked(message, record)
        if safe != message:
            record.msg, record.args = safe, None
        if record.exc_info and record.exc_info[1] is not None:
            text = logging.Formatter().formatException(record.exc_info)
            safe = _masked(text, record)
            if safe != text:
                record.exc_text, record.exc_info = safe, None
        if record.stack_info:
            record.stack_info = _masked(record.stack_info, record)
        return True


class StderrHandler(logging.Handler):
    """Writes to what `sys.stderr` is when the line is written, so that redirection and capture see it."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record) + "\n"
            stream = sys.stderr
            if stream is not None:
                stream.write(line)
                stream.flush()
        except RecursionError:
            raise
        except Exception:  # noqa: BLE001 - what logging demands of a handler
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name in logging
        """Say where a record was lost; the standard library would print its arguments, secrets included."""
        if not logging.raiseExceptions or sys.stderr is None:
            return
        kind = getattr(sys.exc_info()[0], "__name__", "error")
        place = f"{record.pathname}:{record.lineno}"
        try:
            sys.stderr.write(f"<log record lost: {kind}, {record.levelname} {record.name}, {place}>\n")
        except (OSError, ValueError):  # a closed stream: nobody is left to tell
            return


def _masked(text: str, record: logging.LogRecord) -> str:
    try:
        return mask(text)
    except Exception:  # noqa: BLE001 - whatever went wrong, the raw text must not appear
        return _withheld(record)


def _withheld(record: logging.LogRecord) -> str:
    return f"<redaction failed> {record.levelname} {record.name} {record.pathname}:{record.lineno}"


_filter = MaskingFilter()
_handler = StderrHandler()
_handler.setFormatter(MaskingFormatter())
setattr(_filter, _MARK, True)
setattr(_handler, _MARK, True)


def get_logger(name: str, *, propagate: bool | None = None, level: int | str | None = None) -> logging.Logger:
    """A logger that writes each record once, to standard error, with registered secrets masked.

    However often and from however many threads it is asked for, it has one handler. Handlers that the application
    itself put on this logger are respected: then ours stays away, and records are masked before they reach them.

    Args:
        name: dotted, as for `logging.getLogger`.
        propagate: True hands records, masked, to the handlers of the application's root logger instead of ours (for
            JSON logs, Sentry, pytest before 9.1); False writes them here and nowhere else; None leaves what was
            chosen before, at first False.
        level: as for `Logger.setLevel`; None makes INFO visible unless the application has set a level.

    Raises:
        ValueError: the name is that of the root logger, which belongs to the application.
    """
    logger = logging.getLogger(name)
    if logger.parent is None:
        raise ValueError("the root logger belongs to the application; give a name")
    with _lock:
        _route(logger, propagate)
        if level is not None:
            logger.setLevel(level)
        elif _level_is_default(logger):
            logger.setLevel(logging.INFO)
        logger.disabled = False  # dictConfig() silences every logger that it does not name
    return logger


def library_logger(name: str) -> logging.Logger:
    """A logger of the library itself: it says nothing until the application configures logging.

    A missing configuration must not send the library's lines to standard error by way of `lastResort`.
    """
    top = logging.getLogger(name.partition(".")[0])
    with _lock:
        if not any(isinstance(handler, logging.NullHandler) for handler in top.handlers):
            top.addHandler(logging.NullHandler())
    return logging.getLogger(name)


def _route(logger: logging.Logger, propagate: bool | None) -> None:
    # What is added beside ours (pytest's capture, a file) is an addition; what stands there without ours is a choice.
    strangers = any(not isinstance(handler, logging.NullHandler) for handler in logger.handlers)
    theirs = strangers and not any(hasattr(handler, _MARK) for handler in logger.handlers)
    elsewhere = any(hasattr(f, _MARK) for f in logger.filters)
    ours = not (theirs or propagate or (propagate is None and elsewhere))
    for handler in [h for h in logger.handlers if hasattr(h, _MARK) and not (ours and h is _handler)]:
        logger.removeHandler(handler)
    for old in [f for f in logger.filters if hasattr(f, _MARK) and (ours or f is not _filter)]:
        logger.removeFilter(old)
    if ours:
        logger.addHandler(_handler)
        logger.propagate = False
    else:
        logger.addFilter(_filter)
        if propagate is not None:
            logger.propagate = propagate


def _level_is_default(logger: logging.Logger) -> bool:
    while logger.parent is not None:
        if logger.level:
            return False
        logger = logger.parent
    return logger.level in (logging.NOTSET, logging.WARNING)


def _forget_in_child() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
