"""Logs a record, and tells whether any handler but a silent one accepted it."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator

from toriconfig.pipeline._logging import silent_logger

WARNING = logging.WARNING


class _Witness(logging.Filter):
    """The last filter of a handler: it is asked only about records that all others let pass."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()
        self.asked = False

    def filter(self, record: logging.LogRecord) -> bool:
        self.asked = self.asked or threading.get_ident() == self._thread
        return True


def log_heard(name: str, level: int, text: str) -> bool:
    """Log `text`, unless no handler would accept it.

    Levels count, and filters of the logger and of the handlers too. A filter is asked by the record itself, and not
    before, since one that drops repetitions would drop the record.

    Args:
        name: name of a logger of the library.
        level: as in logging.
        text: the whole message.

    Returns:
        Whether a handler accepted it: not a NullHandler, nor one that writes to the null device.
    """
    logger = silent_logger(name)
    if not logger.isEnabledFor(level):
        return False
    handlers = [handler for handler in _handlers_of(logger) if handler.level <= level and not _is_silent(handler)]
    if not handlers:
        return False
    if not logger.filters and not all(map(_filters, handlers)):
        logger.log(level, text)
        return True
    witness = _Witness()
    for handler in handlers:
        handler.addFilter(witness)
    try:
        logger.log(level, text)
    finally:
        for handler in handlers:
            handler.removeFilter(witness)
    return witness.asked


def _handlers_of(logger: logging.Logger | None) -> Iterator[logging.Handler]:
    while logger is not None:
        yield from logger.handlers
        logger = logger.parent if logger.propagate else None


def _filters(handler: logging.Handler) -> bool:
    """True if the handler may refuse a record of its level; one with a `handle` of its own does not ask filters."""
    return bool(handler.filters) and type(handler).handle is logging.Handler.handle


def _is_silent(handler: logging.Handler) -> bool:
    return isinstance(handler, logging.NullHandler) or getattr(handler, "baseFilename", None) == os.devnull
