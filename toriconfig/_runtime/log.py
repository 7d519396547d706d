"""The logger of this room, loaded when there is something to say."""

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
    """Log an exception that nobody expected, and return the error that whoever waits is given.

    Both name its type and where it was raised; its text may hold what Vault answered.
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
