"""The logger of this package. `logging` is imported at the first message."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

    from toriconfig.errors import SecretError


def logger() -> logging.Logger:
    """Return the logger `toriconfig`."""
    from toriconfig.pipeline._library_logger import library_logger

    return library_logger("toriconfig")


def internal(error: BaseException) -> SecretError:
    """Log an unexpected exception, and return the error to raise in the threads that read the secret.

    The log line and the error name only the type of the exception and the line of code, because the text of the
    exception may contain a secret.
    """
    from os.path import basename

    from toriconfig.errors import SecretError

    trace, where = error.__traceback__, ""
    while trace is not None:
        where = f" at {basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    what = f"{type(error).__name__}{where}"
    logger().error("internal error in a worker: %s", what)
    return SecretError(f"internal error while a secret was fetched: {what}", help="please report this line")
