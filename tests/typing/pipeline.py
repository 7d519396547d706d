"""Types that checkers must infer or refuse for the helpers; read by mypy --strict and pyright, never run.

A line that must be refused carries an ignore; both checkers report an ignore that is not needed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from typing import assert_type

from toriconfig.pipeline import ProgressTracker, Report, get_logger, run_sync, shutdown_executors, track


async def number() -> int:
    return 1


async def numbers() -> AsyncIterator[int]:
    yield 1


async def on_report_async(report: Report) -> None:
    return None


def inferred() -> None:
    assert_type(run_sync(number()), int)
    assert_type(run_sync(number(), timeout=30.0), int)
    assert_type(run_sync(number(), 30, allow_running_loop=True), int)
    shutdown_executors()
    assert_type(get_logger("app"), logging.Logger)
    assert_type(track([1, 2]), Iterator[int])


def refused(future: asyncio.Future[int], task: asyncio.Task[int]) -> None:
    run_sync(number)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportUnknownMemberType]
    run_sync(numbers())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    run_sync(future)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    run_sync(task)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    run_sync(number(), timeout="30")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ProgressTracker("ten")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ProgressTracker(10, on_report=on_report_async)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def tracker_stays_itself_and_swallows_nothing() -> str:
    with ProgressTracker(10, 1.0, 0.5) as tracker:
        assert_type(tracker, ProgressTracker)
        assert_type(tracker.update_sync(), float | None)
        assert_type(tracker.percent, float | None)
        return "a checker that took __exit__ for one that swallows would ask for a return below"


async def awaited() -> int:
    async with ProgressTracker(total=None, on_report=lambda report: print(report.percent)) as tracker:
        assert_type(tracker, ProgressTracker)
        assert_type(await tracker.update(2), float | None)
        return tracker.count
