"""Logger of this room, which is imported at its first message."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

    from toriconfig.errors import VaultError


def logger() -> logging.Logger:
    """The logger `toriconfig.vault`."""
    from toriconfig.pipeline._logging import library_logger

    return library_logger("toriconfig.vault")


def internal(error: BaseException) -> VaultError:
    """Log an unexpected exception, and return the error for the readers.

    Both contain the type of the exception and the line that raised it, but not its text, which may contain a value.
    """
    from os.path import basename

    from toriconfig.errors import VaultError

    trace, where = error.__traceback__, ""
    while trace is not None:
        where = f" at {basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    what = f"{type(error).__name__}{where}"
    logger().error("internal error in a worker: %s", what)
    return VaultError(f"internal error while Vault was asked: {what}", help="please report this line")
