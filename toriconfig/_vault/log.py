"""The logger of the modules for Vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

LOGGER = "toriconfig.vault"
"""Name of the logger."""


def logger() -> logging.Logger:
    """Return the logger `toriconfig.vault`. The first call imports `logging`."""
    from toriconfig.pipeline._library_logger import library_logger

    return library_logger(LOGGER)
