"""`ProgressTracker` when no report is due, beside tqdm, a plain counter and a locked one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from io import StringIO
from typing import Any

from benchmarks.interleaved import Row, Work, compare, table
from toriconfig.pipeline import ProgressTracker

TOTAL = 10**12


class Plain:
    def __init__(self) -> None:
        self.n = 0

    def update(self, n: int = 1) -> None:
        self.n += n


class Locked(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.RLock()

    def update(self, n: int = 1) -> None:
        with self.lock:
            self.n += n


def _loop(update: Callable[[], object]) -> Work:
    def work(times: int) -> None:
        for _ in range(times):
            update()

    return work


def _awaited(progress: ProgressTracker) -> Work:
    async def many(times: int) -> None:
        update = progress.update
        for _ in range(times):
            await update()

    runner = asyncio.Runner()
    _closing.append(runner.close)
    return lambda times: runner.run(many(times))


def _threads(update: Callable[[], object], threads: int = 8) -> Work:
    one = _loop(update)

    def work(times: int) -> None:
        workers = [threading.Thread(target=one, args=(times // threads,)) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    return work


_closing: list[Callable[[], object]] = []


def _silent(**options: Any) -> ProgressTracker:
    tracker = ProgressTracker(TOTAL, on_report=lambda report: None, **options)
    tracker.update_sync()
    return tracker


def measure(rounds: int = 15, times: int = 100_000) -> list[Row]:
    from tqdm import tqdm

    bar: Any = tqdm(total=TOTAL, file=StringIO())
    many: Any = tqdm(total=TOTAL, file=StringIO())
    held = _silent(min_change=0.0, min_seconds=1e9)
    shared = _silent()
    try:
        rows = compare(
            {
                "tqdm.update": _loop(bar.update),
                "update_sync, no step reached": _loop(_silent().update_sync),
                "update_sync, step reached, clock holds": _loop(held.update_sync),
                "floor: a plain counter": _loop(Plain().update),
                "a counter under an RLock": _loop(Locked().update),
            },
            "tqdm.update",
            {"update_sync, no step reached": 0.55, "update_sync, step reached, clock holds": 0.55},
            rounds,
            times,
        )
        rows += compare(
            {"update_sync": _loop(_silent().update_sync), "await update": _awaited(_silent())},
            "update_sync",
            {"await update": 2.0},
            rounds,
            times,
        )
        rows += compare(
            {"tqdm.update, 8 threads": _threads(many.update), "update_sync, 8 threads": _threads(shared.update_sync)},
            "tqdm.update, 8 threads",
            {"update_sync, 8 threads": 0.55},
            rounds,
            times,
        )
        counted = 1 + (rounds * (times // 8) + max(1, times // 10) // 8) * 8
        if shared.count != counted:
            raise AssertionError(f"{counted - shared.count} updates were lost")
        return rows
    finally:
        bar.close()
        many.close()
        for close in _closing:
            close()


if __name__ == "__main__":
    print(table("ProgressTracker, no report due", measure()))
