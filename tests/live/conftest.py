"""Fixtures of the tests of reload, override, callbacks and watch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.changes import Watch
from support.memory_backend import until
from toriconfig import watch
from toriconfig._live.watcher import Watcher


@pytest.fixture(name="following")
def _following() -> Iterator[Watch]:
    """`watch` that is stopped at the end, and looks at once: no test waits for the next look."""
    watchers: list[Watcher] = []

    def start(settings: Any, **options: Any) -> Watcher:
        watchers.append(watch(settings, debounce=0.02, **options))
        until(lambda: watchers[-1]._seen is not None)
        return watchers[-1]

    yield start
    for watcher in watchers:
        watcher.stop()
