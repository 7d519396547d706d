"""The pipeline helpers, under the name by which the application's own modules know them."""

from __future__ import annotations

from toriconfig.pipeline import ProgressTracker, get_logger, run_sync, shutdown_executors, track

__all__ = ["ProgressTracker", "get_logger", "run_sync", "shutdown_executors", "track"]
