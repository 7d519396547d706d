"""Loggers of the library itself, which write nothing until the application configures logging."""

from __future__ import annotations

import logging
import sys

_null = logging.NullHandler()


def library_logger(name: str) -> logging.Logger:
    """Return a logger of the library, which writes nothing until the application configures logging.

    First, try again to log the warnings of the library that no logging handler has accepted yet.
    """
    flush_pending()
    return silent_logger(name)


def silent_logger(name: str) -> logging.Logger:
    """Return a logger of the library, which writes nothing until the application configures logging."""
    top = logging.getLogger(name.partition(".")[0])
    if not any(isinstance(handler, logging.NullHandler) for handler in top.handlers):
        top.addHandler(_null)  # adding it twice, from two threads, adds it once
    return logging.getLogger(name)


def flush_pending() -> None:
    """Log the warnings of the library that no logging handler has accepted yet."""
    pending = sys.modules.get("toriconfig._runtime.warn_once")  # the pipeline does not import it
    if pending is not None:
        pending.flush()
