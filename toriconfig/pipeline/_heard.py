"""Logging of a text, with a result that is True if a handler accepted the text."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator

from toriconfig.pipeline._library_logger import silent_logger

WARNING = logging.WARNING


class _Witness(logging.Filter):
    """Filter that accepts every record. If the thread that created the filter logs a record, `asked` becomes True.

    The filter is added last to a handler. Therefore the filter is called only if all other filters accept the record.
    """

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()
        self.asked = False

    def filter(self, record: logging.LogRecord) -> bool:
        self.asked = self.asked or threading.get_ident() == self._thread
        return True


def log_heard(name: str, level: int, text: str) -> bool:
    """Log `text`; return True if a handler accepted the record. Each filter is called at most once.

    A NullHandler, or a handler for the null device, does not count.

    Args:
        name: name of a logger of the library.
        level: level, as in logging.
        text: the whole message.
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
    """Return True if the handler has filters and the standard method `handle`, which calls them."""
    return bool(handler.filters) and type(handler).handle is logging.Handler.handle


def _is_silent(handler: logging.Handler) -> bool:
    return isinstance(handler, logging.NullHandler) or getattr(handler, "baseFilename", None) == os.devnull
