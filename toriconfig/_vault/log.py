"""Logger of the rooms of Vault, which is imported at its first message."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

LOGGER = "toriconfig.vault"
"""Name of the logger."""


def logger() -> logging.Logger:
    """The logger `toriconfig.vault`."""
    from toriconfig.pipeline._logging import library_logger

    return library_logger(LOGGER)
