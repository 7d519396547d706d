"""The waits of `watch`: quiet time, `stop`, signals, and a thread that cannot start."""

from __future__ import annotations

import logging
import math
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from support.changes import Changes, Watch, told
from support.memory_backend import until
from toriconfig import lazy, watch
from toriconfig._live import watcher as watching
from toriconfig._live.watcher import Watcher
from toriconfig.testing import unload


class App(BaseModel):
    size: int = 1


@pytest.fixture(name="settings")
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.chdir(tmp_path)
    return lazy(App, config_name="app")


class Events:
    """Events of the system, as a test lists them.

    Args:
        answers: what each wait returns, in order.
    """

    def __init__(self, *answers: object) -> None:
        self.left = list(answers)
        self.asked: list[tuple[int, int]] = []

    def watch(self, _most: int, step: int, timeout: int, _stop: object) -> object:
        self.asked.append((step, timeout))
        return self.left.pop(0)

    def close(self) -> None:
        raise AssertionError("the events were closed")


def waited(settings: Any, events: Events, debounce: float, interval: float = 60.0) -> list[tuple[int, int]]:
    """Let a watcher wait once, and return the step and the timeout of each wait for the system, in milliseconds."""
    watcher = Watcher(settings, (), debounce, interval, lambda _: events)
    watcher._events = events
    watcher._wait()
    assert [] == events.left
    return events.asked


def test_a_short_quiet_time_is_one_wait(settings: App) -> None:
    assert [(20, 60_000)] == waited(settings, Events({(2, "app.yaml")}), 0.02)


def test_a_long_quiet_time_begins_again_with_each_change_and_never_sleeps_long(settings: App) -> None:
    some = {(2, "app.yaml")}
    assert [(100, 60_000), (100, 1900), (100, 1900)] == waited(settings, Events(some, some, "timeout"), 2.0)


def test_continuous_changes_delay_a_reload_ten_times_as_long_at_most(
    settings: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, 19.0, 21.0])
    monkeypatch.setattr("toriconfig._live.watcher.time.monotonic", lambda: next(times))
    assert 2 == len(waited(settings, Events({1}, {1}), 2.0))


@pytest.mark.parametrize(("given", "counted"), [(1e-9, 1), (math.inf, 86_400_000)])
def test_a_time_beyond_the_range_of_the_system_is_clamped(settings: App, given: float, counted: int) -> None:
    assert [(1, counted)] == waited(settings, Events("timeout"), 1e-9, given)


def test_an_infinite_interval_follows_files(settings: App, following: Watch) -> None:
    changes = Changes(settings)
    following(settings, interval=math.inf)
    Path("app.yaml").write_text("size: 2")
    assert ("size", "changed", 2) == told(changes.next())


@pytest.mark.parametrize("reports", [True, False])
def test_a_stop_does_not_wait_for_a_long_quiet_time(
    settings: App, reports: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not reports:
        monkeypatch.setattr("watchfiles._rust_notify.RustNotify", _refuse)
    watcher = watch(settings, debounce=60, interval=3600)
    until(lambda: watcher._seen is not None)
    watcher.stop()
    assert watcher._ended == watcher._run
    until(lambda: "toriconfig-watch" not in {one.name for one in threading.enumerate()})


def test_a_signal_after_an_unload_keeps_no_thread_busy(settings: App, following: Watch) -> None:
    watcher = following(settings, interval=3600)
    unload(settings)
    watcher.ask()
    until(lambda: not watcher.is_set())


def test_a_thread_that_cannot_start_leaves_no_signal_handler(settings: App, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGUSR2)
    monkeypatch.setattr(watching, "start", _refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        watch(settings, signum=signal.SIGUSR2)
    assert before is signal.getsignal(signal.SIGUSR2)


def test_an_internal_failure_of_a_watch_is_logged(
    settings: App, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> object:
        raise ValueError("s3cr3t")

    monkeypatch.setattr(Watcher, "_inputs", fail)
    watch(settings, debounce=0.02)
    until(lambda: any(level == logging.ERROR for _, level, _ in caplog.record_tuples))
    assert "App: files are no longer followed: ValueError" in caplog.messages
    assert "s3cr3t" not in caplog.text


def _refuse(*_: object, **__: object) -> None:
    raise RuntimeError("can't start new thread")
