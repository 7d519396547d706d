"""Row 5: opening a secret that is in memory, alone, while it is refreshed, and from eight threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from timeit import Timer
from typing import Any

from cachetools import TTLCache

from benchmarks.interleaved import Row, Work, compare, table
from toriconfig._core.origin import Origin
from toriconfig._secrets.provider import Fixed, Reading
from toriconfig._secrets.secret import handle

VALUE = "s3cr3t-value"
GOAL = 150 / 43
"""150 ns of one `get()` on Python 3.11, where the floor takes 43: a ratio, which a slower or busier machine leaves alone."""


class Config:
    """Code as people write it by hand: a method that returns the value of `lru_cache`, and one that returns a field."""

    def __init__(self) -> None:
        self.value = VALUE

    @lru_cache  # noqa: B019 - the idiom that is measured
    def cached(self) -> str:
        return self.value

    def field(self) -> str:
        return self.value


class Locked:
    """A `TTLCache` and the lock that it needs."""

    def __init__(self) -> None:
        self.cache: TTLCache[str, str] = TTLCache(8, 3600.0)
        self.cache["x"] = VALUE
        self.lock = threading.Lock()

    def get(self) -> str:
        with self.lock:
            return self.cache["x"]


def _call(get: Callable[[], object]) -> Work:
    timer = Timer("get()", globals={"get": get})
    return timer.timeit


def _threads(get: Callable[[], object], threads: int) -> Work:
    work = _call(get)

    def many(times: int) -> None:
        workers = [threading.Thread(target=work, args=(times // threads,)) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    return many


@contextmanager
def refreshed(provider: Fixed, every: float = 0.01) -> Iterator[None]:
    """Have another thread put a new reading in place, as a refresh does, every so many seconds."""
    ended = threading.Event()

    def refresh() -> None:
        while not ended.wait(every):
            provider.reading = Reading(VALUE, Origin("vault", "secret/app#key"), 1)

    thread = threading.Thread(target=refresh)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def measure(rounds: int = 15, times: int = 100_000) -> list[Row]:
    provider = Fixed(VALUE, Origin("vault", "secret/app#key"))
    provider.now = time.monotonic  # as a path of Vault reads the time
    secret: Any = handle(provider, str, "key")
    secret.get()
    config = Config()
    against = "floor: a method that returns a field"
    works: dict[str, Work] = {
        against: _call(config.field),
        "secret.get()": _call(secret.get),
        "a method under lru_cache": _call(config.cached),
        "TTLCache under a lock": _call(Locked().get),
    }
    rows = compare(works, against, {}, rounds, times)
    rows[1]["goal"] = GOAL
    with refreshed(provider):
        # CPU of this thread alone, without that of the other one
        during = compare(dict(list(works.items())[:2]), against, {}, rounds, times, clock=time.thread_time)
    during[1]["name"] = "secret.get() while another thread refreshes"
    during[1]["goal"] = GOAL
    one, eight = "secret.get(), one thread", "secret.get(), 8 threads"
    # CPU of the whole process, with the cost of locks; long enough that the start of threads is negligible
    works = {one: _threads(secret.get, 1), eight: _threads(secret.get, 8)}
    threads = compare(works, one, {eight: 1.2}, rounds, 10 * times, clock=time.process_time)
    return [*rows, during[1], *threads]


if __name__ == "__main__":
    print(table("5. Opening a secret in memory", measure(), "ns"))
