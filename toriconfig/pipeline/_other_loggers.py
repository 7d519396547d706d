"""Masking for loggers that are not ours: those of `logging`, of structlog and of loguru. Neither library is imported."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

from toriconfig._core.clean_call import clean_call, clean_init, expect
from toriconfig.pipeline._guard import mask_record
from toriconfig.pipeline._mask_value import mask_text, mask_value


@clean_init
class MaskingFilter(logging.Filter):
    """Masks registered secrets in every record that passes: message, arguments, exception, stack, extra fields.

    Put the filter on a handler, or on a logger: `handler.addFilter(MaskingFilter())`. A filter of a logger sees the records of
    that logger alone, and none of its children; a filter of a handler sees all that the handler gets. A record is masked
    in place, so handlers that get the record later see it masked too.

    Args:
        name: as for `logging.Filter`: only records of this logger and of its children pass; "" lets all pass.
    """

    def __init__(self, name: str = "") -> None:
        expect(name, str, "MaskingFilter() needs the name of a logger as text")
        super().__init__(name)

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the record; False when `name` does not let the record pass."""
        mask_record(record)
        return bool(super().filter(record))


def structlog_processor(logger: Any, method_name: str, event: Any) -> Any:  # noqa: ARG001 - as structlog calls it
    """A processor for structlog that masks registered secrets: event, bound context, values at any depth, exceptions.

    Put the processor last before the renderer, or behind it: `processors=[..., structlog_processor, JSONRenderer()]`. An
    exception becomes its masked text at `exception`, because a renderer may show the locals of its frames.

    Args:
        logger: the wrapped logger; not used.
        method_name: name of the method that logs; not used.
        event: the event dict, or the text or bytes that a renderer made of the event dict.

    Returns:
        The masked event, of the same kind.
    """
    if isinstance(event, bytes):
        return mask_text(event.decode(errors="surrogateescape")).encode(errors="surrogateescape")
    if not isinstance(event, dict):
        return mask_value(event)
    told = dict(event)
    text = _exception_text(told.pop("exc_info", None))
    if text:
        told["exception"] = text
    return {mask_value(key): mask_value(value) for key, value in told.items()}


@clean_call
def loguru_patcher(record: Any) -> None:
    """A patcher for loguru that masks registered secrets: message, bound and contextual extra, exceptions.

    Use the patcher once, at the start: `logger.configure(patcher=loguru_patcher)`. An exception becomes masked text behind the
    message, because loguru shows the values of variables in tracebacks (`diagnose`).

    Args:
        record: loguru's record, changed in place.
    """
    caught = record["exception"]
    text = _exception_text(tuple(caught)) if caught is not None else ""
    record["message"] = mask_text(record["message"] + (f"\n{text}" if text else ""))
    record["extra"] = {mask_value(key): mask_value(value) for key, value in record["extra"].items()}
    record["exception"] = None


def _exception_text(given: Any) -> str:
    """The traceback as Python prints it, without locals; "" when there is no exception."""
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
    except Exception:  # noqa: BLE001 - a foreign `__str__`
        return type(error).__name__
