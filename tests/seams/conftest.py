"""The in-memory backend of each test, with a canary as its secret."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.memory_backend import Memory
from toriconfig.testing import Canary, FakeClock


@pytest.fixture(name="canary")
def _canary() -> Iterator[Canary]:
    canary = Canary()
    with canary.watch():
        yield canary


@pytest.fixture(name="memory")
def _memory(canary: Canary) -> Iterator[Memory]:
    memory = Memory({"db": {"user": "u", "password": canary.secret}, "whole": canary.secret}, FakeClock())
    yield memory
    memory.go.set()  # no worker waits longer than its test
