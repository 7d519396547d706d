"""Utilities for an ingestion program: a bridge to coroutines, progress reports, and logs without secrets.

The utilities do not depend on settings. Each name is imported at its first use, so that a program that only reports
progress does not import asyncio.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from toriconfig.pipeline._logging import get_logger as get_logger
    from toriconfig.pipeline._other_loggers import MaskingFilter as MaskingFilter
    from toriconfig.pipeline._other_loggers import loguru_patcher as loguru_patcher
    from toriconfig.pipeline._other_loggers import structlog_processor as structlog_processor
    from toriconfig.pipeline._progress import ProgressTracker as ProgressTracker
    from toriconfig.pipeline._report import Report as Report
    from toriconfig.pipeline._run_sync import run_sync as run_sync
    from toriconfig.pipeline._run_sync import shutdown_executors as shutdown_executors
    from toriconfig.pipeline._track import track as track

__all__ = [
    "MaskingFilter",
    "ProgressTracker",
    "Report",
    "get_logger",
    "loguru_patcher",
    "run_sync",
    "shutdown_executors",
    "structlog_processor",
    "track",
]

_ROOMS = {
    "MaskingFilter": "_other_loggers",
    "ProgressTracker": "_progress",
    "Report": "_report",
    "get_logger": "_logging",
    "loguru_patcher": "_other_loggers",
    "run_sync": "_run_sync",
    "shutdown_executors": "_run_sync",
    "structlog_processor": "_other_loggers",
    "track": "_track",
}


def __getattr__(name: str) -> object:
    room = _ROOMS.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
