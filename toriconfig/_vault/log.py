"""The logger of this room, loaded when there is something to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging


def logger() -> logging.Logger:
    """The logger `toriconfig.vault`."""
    from toriconfig.pipeline._logging import library_logger

    return library_logger("toriconfig.vault")
