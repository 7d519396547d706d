"""A secrets backend that the package does not ship, built with public names: an in-memory one, `${memory:path#key}`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from pydantic import BaseModel

from toriconfig import Secret, lazy, load
from toriconfig.backends import Backend, Fetched
from toriconfig.testing import FakeClock


class Memory(Backend):
    """Keeps secrets in a dict. `held` makes it hang, `wrong` makes it fail."""

    scheme = "memory"
    refresh_interval = 60.0

    def __init__(self, values: dict[str, Any], clock: FakeClock | None = None) -> None:
        self.values = values
        self.fetches: list[str] = []
        self.wrong: Exception | None = None
        self.go = threading.Event()
        self.go.set()
        self.ttl: float | None = None
        self.version: int | str | None = None
        self.done: SimpleQueue[str] = SimpleQueue()
        if clock is not None:
            self.clock = clock

    def check(self, path: str) -> None:
        if path.startswith("/"):
            raise ValueError("a path does not begin with `/`")

    def fetch(self, path: str, timeout: float) -> Fetched:
        self.fetches.append(path)
        try:
            self.go.wait()
            if self.wrong is not None:
                raise self.wrong
            version = len(self.fetches) if self.version is None else self.version
            return Fetched(self.values[path], version, self.ttl)
        finally:
            self.done.put(path)


class Credentials(BaseModel):
    user: str
    password: str


class App(BaseModel):
    token: Secret[str]
    url: Secret[str] | None = None
    both: Secret[Credentials] | None = None


def app(memory: Memory, **values: Any) -> App:
    return load(App, overrides={"token": "${memory:db#password}", **values}, backends=[memory])


def lazy_app(memory: Memory, **values: Any) -> App:
    return lazy(App, overrides={"token": "${memory:db#password}", **values}, backends=[memory])


def advance(memory: Memory, seconds: float) -> None:
    """Let time pass, and wait for the fetch that is due by then."""
    assert isinstance(memory.clock, FakeClock)
    memory.clock.advance(seconds)
    memory.done.get(timeout=30)


def until(true: Callable[[], bool]) -> None:
    """Wait for the thread that is just recording an outcome."""
    never = threading.Event()
    for _ in range(3000):
        if true():
            return
        never.wait(0.01)
    raise AssertionError("it never was")
