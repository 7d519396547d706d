"""Masking for loggers of the application: `logging`, structlog and loguru. structlog and loguru are not imported."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

from toriconfig._core.clean_call import clean_call, clean_methods, expect
from toriconfig.pipeline._guard import mask_record
from toriconfig.pipeline._mask_value import mask_text, mask_value


@clean_methods
class MaskingFilter(logging.Filter):
    """Logging filter that masks registered secrets in each record, including exception, stack and extra fields.

    Add the filter to a handler or a logger: `handler.addFilter(MaskingFilter())`. A filter of a logger does not
    mask the records of child loggers. A record is changed in place, so handlers that run later also get the masked
    record.

    Args:
        name: as for `logging.Filter`: only records of the logger `name` and its children are kept. "": all records
            are kept.
    """

    def __init__(self, name: str = "") -> None:
        expect(name, str, "MaskingFilter() needs the name of a logger as text")
        super().__init__(name)

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask a record. Return False if `logging.Filter` drops the record by its logger name; otherwise True.

        Args:
            record: the record, changed in place, even if the result is False.
        """
        mask_record(record)
        return bool(super().filter(record))


@clean_call
def structlog_processor(logger: Any, method_name: str, event: Any) -> Any:  # noqa: ARG001 - as structlog calls it
    """Mask registered secrets in an event of structlog: event, bound context, nested values and exceptions.

    Put the processor directly before or after the renderer: `processors=[..., structlog_processor, JSONRenderer()]`.
    The key `exc_info` of the event is replaced by the key `exception`, which contains the masked traceback without
    local variables.

    Args:
        logger: the wrapped logger; not used.
        method_name: name of the logging method; not used.
        event: the event dict, or the text or bytes that a renderer has made of it.

    Returns:
        The masked event, of the same type.
    """
    if isinstance(event, bytes):
        return mask_text(event.decode(errors="surrogateescape")).encode(errors="surrogateescape")
    if not isinstance(event, dict):
        return mask_value(event)
    told = dict(event)
    text = _exception_text(told.pop("exc_info", None))
    if text:
        told["exception"] = text
    return mask_value(told)


@clean_call
def loguru_patcher(record: Any) -> None:
    """Mask registered secrets in a record of loguru: message, bound and contextual extra values, and exceptions.

    Set the patcher once, at the start: `logger.configure(patcher=loguru_patcher)`. An exception becomes masked text
    after the message, because the tracebacks of loguru show values of variables (`diagnose`).

    Args:
        record: loguru's record, changed in place.
    """
    caught = record["exception"]
    text = _exception_text(tuple(caught)) if caught is not None else ""
    record["message"] = mask_text(record["message"] + (f"\n{text}" if text else ""))
    record["extra"] = mask_value(record["extra"])
    record["exception"] = None


def _exception_text(given: Any) -> str:
    """Return the traceback of an exception, as Python prints it without local variables; "" if there is no exception.

    Args:
        given: an exception, a tuple of `sys.exc_info()`, or True for the exception that is being handled.
    """
    if isinstance(given, BaseException):
        error: Any = given
    elif isinstance(given, tuple):
        error = given[1] if len(given) == 3 else None
    else:
        error = sys.exc_info()[1] if given else None
    if not isinstance(error, BaseException):
        return ""
    try:
        return "".join(traceback.format_exception(error)).rstrip("\n")
    except Exception:  # noqa: BLE001 - `__str__` is user code
        return type(error).__name__
