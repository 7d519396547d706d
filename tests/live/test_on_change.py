"""Callbacks of rotations: each subscriber in order, with the new value in place, and independent of the others."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from toriconfig import Change, Secret, SettingsConfigDict, lazy, on_change
from toriconfig._secrets.secret import provider_of


class Schema(BaseModel):
    model_config = SettingsConfigDict(frozen=True)

    key: Secret[str]
    other: Secret[str]


class Rotating:
    """Settings whose secrets lie in files, and are swapped by hand: no watch, no wait."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = lazy(Schema, secrets_dir=str(folder), environ={})
        self.number = 0

    def rotate(self, name: str = "key") -> None:
        """One swap, made by the thread that calls, as a reader's would be."""
        self.number += 1
        (self.folder / "new").write_text(f"value {self.number}")
        (self.folder / "new").rename(self.folder / name)
        provider_of(getattr(self.settings, name)).settle()


@pytest.fixture(name="rotating")
def _rotating(tmp_path: Path) -> Rotating:
    for name in ("key", "other"):
        (tmp_path / name).write_text("value 0")
    rotating = Rotating(tmp_path)
    assert rotating.settings.key.get() == rotating.settings.other.get() == "value 0"
    return rotating


@pytest.fixture(name="gate")
def _gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


def eventually(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()


def test_the_new_value_can_be_read_by_the_callback_sync_and_async(rotating: Rotating) -> None:
    heard: list[tuple[str, str]] = []

    def plain(change: Change) -> None:
        heard.append((change.kind, rotating.settings.key.get()))

    async def task(change: Change) -> None:
        await asyncio.sleep(0)
        heard.append((change.kind, await rotating.settings.key.aget()))

    on_change(rotating.settings, "key", plain)
    on_change(rotating.settings, "key", task)
    rotating.rotate()
    assert eventually(lambda: len(heard) == 2)
    assert [("rotated", "value 1")] * 2 == heard


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_callback_that_hangs_delays_no_other_and_no_swap_and_loses_no_change(
    rotating: Rotating, gate: threading.Event, kind: str
) -> None:
    slow: list[int] = []
    quick: list[int] = []

    def hang(change: Change) -> None:
        gate.wait(20)
        slow.append(len(slow))

    async def hang_async(change: Change) -> None:
        await asyncio.to_thread(hang, change)

    on_change(rotating.settings, "key", hang if kind == "sync" else hang_async)
    on_change(rotating.settings, "key", lambda change: quick.append(len(quick)))
    begun = time.monotonic()
    for _ in range(5):
        rotating.rotate()
    assert time.monotonic() - begun < 5
    assert eventually(lambda: len(quick) == 5)
    assert slow == []
    gate.set()
    assert eventually(lambda: len(slow) == 5)


def test_a_callback_that_exits_is_called_for_the_next_change_too(
    rotating: Rotating, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def leave(change: Change) -> None:
        heard.append(change.path)
        sys.exit("only this thread")

    on_change(rotating.settings, "", leave)
    for name in ("key", "other"):
        rotating.rotate(name)
    assert eventually(lambda: heard == ["key", "other"])
    assert eventually(lambda: 2 == caplog.text.count("a callback failed: SystemExit"))


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_callback_that_raises_is_logged_and_stops_no_other(
    rotating: Rotating, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def fails(change: Change) -> None:
        raise RuntimeError("broken callback")

    async def fails_async(change: Change) -> None:
        raise RuntimeError("broken callback")

    on_change(rotating.settings, "", fails if kind == "sync" else fails_async)
    on_change(rotating.settings, "", lambda change: heard.append(change.path))
    with caplog.at_level(logging.ERROR, "toriconfig"):
        rotating.rotate()
        rotating.rotate("other")
        assert eventually(lambda: heard == ["key", "other"])
        assert eventually(lambda: 2 == caplog.text.count("RuntimeError: broken callback"))
    assert "an on_change callback for `key` failed" in caplog.text


def test_each_subscriber_is_called_for_one_swap_at_a_time_in_order(rotating: Rotating) -> None:
    heard: list[str] = []
    inside = threading.Lock()

    def slowly(change: Change) -> None:
        assert inside.acquire(blocking=False), "two calls of one subscriber at once"
        time.sleep(0.002)
        heard.append(change.path)
        inside.release()

    on_change(rotating.settings, "", slowly)
    names = ["key", "other", "other", "key"] * 10
    for name in names:
        rotating.rotate(name)
    assert eventually(lambda: len(heard) == len(names))
    assert names == heard


class Aliased(BaseModel):
    token: Secret[str] = Field(alias="key")


@pytest.mark.parametrize("path", ["token", "key", ""])
def test_a_rotation_is_reported_by_field_name_and_watched_by_either_name(rotating: Rotating, path: str) -> None:
    settings = lazy(Aliased, secrets_dir=str(rotating.folder), environ={})
    heard: list[str] = []
    on_change(settings, path, lambda change: heard.append(change.path))
    assert "value 0" == settings.token.get()
    (rotating.folder / "key").write_text("another value")
    provider_of(settings.token).settle()
    assert eventually(lambda: heard == ["token"])


def test_only_the_watched_section_is_reported_and_nothing_after_cancel(
    rotating: Rotating, gate: threading.Event
) -> None:
    heard: list[str] = []

    def note(change: Change) -> None:
        gate.wait(20)
        heard.append(change.path)

    subscription = on_change(rotating.settings, "other", note)
    rotating.rotate("key")
    for _ in range(3):
        rotating.rotate("other")
    subscription.cancel()
    gate.set()
    time.sleep(0.1)
    assert len(heard) <= 1, "what waited when it was cancelled is not told"
    assert "key" not in heard
