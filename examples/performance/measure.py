# measure.py
import time
from collections.abc import Callable
from timeit import repeat

from app import settings


def milliseconds(work: Callable[[], object]) -> str:
    begun = time.perf_counter()
    work()
    return f"{(time.perf_counter() - begun) * 1e3:.1f} ms"


def nanoseconds(work: Callable[[], object]) -> str:
    return f"{min(repeat(work, number=100_000, repeat=5)) * 1e4:.0f} ns"


print("load, at the first setting:    ", milliseconds(lambda: settings.pool.max_size))
print("request, at the first secret:  ", milliseconds(settings.api_key.get))
print("two attributes, from then on:  ", nanoseconds(lambda: settings.pool.max_size))
print("secret in memory, from then on:", nanoseconds(settings.api_key.get))
