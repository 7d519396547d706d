"""`run_sync` of a trivial coroutine, beside what a user would write by hand, and the floor."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from benchmarks.interleaved import Row, Work, compare, table
from toriconfig.pipeline import run_sync


async def trivial(x: int) -> int:
    return x


class ByHand:
    """A daemon thread and `run_coroutine_threadsafe(...).result()`: what connectors ship."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def call(self) -> object:
        return asyncio.run_coroutine_threadsafe(trivial(1), self.loop).result()

    def raw(self) -> object:
        """The floor: a task and a lock, no error, no timeout, no cancellation, no context."""
        done = threading.Lock()
        done.acquire()
        box: list[int] = []

        async def drive() -> None:
            box.append(await trivial(1))
            done.release()

        self.loop.call_soon_threadsafe(lambda: self.loop.create_task(drive()))
        done.acquire()
        return box[0]

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


def _times(call: Callable[[], object]) -> Work:
    def work(times: int) -> None:
        for _ in range(times):
            call()

    return work


def _threads(call: Callable[[], object], threads: int) -> Work:
    def work(times: int) -> None:
        one = _times(call)
        workers = [threading.Thread(target=one, args=(max(1, times // threads),)) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    return work


def measure(rounds: int = 15, times: int = 1000) -> list[Row]:
    hand = ByHand()
    calls: dict[str, Callable[[], object]] = {
        "run_coroutine_threadsafe().result()": hand.call,
        "run_sync": lambda: run_sync(trivial(1)),
        "run_sync, timeout=30": lambda: run_sync(trivial(1), timeout=30.0),
        "floor: create_task and a lock": hand.raw,
        "asyncio.run": lambda: asyncio.run(trivial(1)),
    }
    calls |= _anyio_portal()
    against = "run_coroutine_threadsafe().result()"
    try:
        rows: list[Row] = []
        for threads in (1, 8):
            suffix = f", {threads} thread{'s' if threads > 1 else ''}"
            works = {
                name + suffix: _times(call) if threads == 1 else _threads(call, threads) for name, call in calls.items()
            }
            goals = {"run_sync" + suffix: 0.75, "run_sync, timeout=30" + suffix: 0.75}
            rows += compare(works, against + suffix, goals, rounds, times)
        return rows
    finally:
        hand.close()
        for leave in _leaving:
            leave()


_leaving: list[Callable[[], object]] = []


def _anyio_portal() -> dict[str, Callable[[], object]]:
    try:
        from anyio.from_thread import start_blocking_portal
    except ImportError:
        return {}
    manager: Any = start_blocking_portal()
    portal = manager.__enter__()
    _leaving.append(lambda: manager.__exit__(None, None, None))
    return {"anyio portal": lambda: portal.call(trivial, 1)}


if __name__ == "__main__":
    print(table("run_sync of a trivial coroutine", measure()))
