"""The watch of files that hold secrets: subscribers that never read are notified of a swap."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from support.fake_vault import AtOnce
from toriconfig import Change, Origin, Secret, SettingsConfigDict, lazy, on_change
from toriconfig._runtime.scheduler import Scheduler
from toriconfig._secrets.file import FileProvider
from toriconfig._secrets.file_watch import INTERVAL, FileWatch
from toriconfig._secrets.provider import Reading
from toriconfig.testing import FakeClock


class Watched:
    """A watch that is driven by hand."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.scheduler = Scheduler(self.clock)
        self.watch = FileWatch(self.clock, self.scheduler, AtOnce())
        self.swaps: list[tuple[Any, Any]] = []

    def provider(self, file: Path) -> FileProvider:
        provider = FileProvider(str(file), Origin("secrets_dir", str(file)), self.clock)
        provider.subscribe(self._swapped)
        return provider

    def _swapped(self, old: Reading | None, new: Reading | None) -> None:
        self.swaps.append((old and old.value, new and new.value))

    def go_on(self, seconds: float = INTERVAL) -> None:
        self.clock.advance(seconds)
        self.scheduler.tick()


@pytest.fixture(name="watched")
def _watched() -> Watched:
    return Watched()


def mount(folder: Path, generation: str, value: str) -> None:
    """Swap a mount as kubelet does: a new directory, and one rename of the `..data` link."""
    (folder / generation).mkdir()
    (folder / generation / "key").write_text(value)
    (folder / "..data_tmp").symlink_to(generation)
    (folder / "..data_tmp").rename(folder / "..data")
    if not (folder / "key").is_symlink():
        (folder / "key").symlink_to("..data/key")


def rename_over(folder: Path, _generation: str, value: str) -> None:
    (folder / "new").write_text(value)
    (folder / "new").rename(folder / "key")


@pytest.mark.parametrize("write", [mount, rename_over])
def test_a_new_value_is_reported_once_without_any_read(
    watched: Watched, tmp_path: Path, write: Callable[[Path, str, str], None]
) -> None:
    write(tmp_path, "..2026_1", "one")
    provider = watched.provider(tmp_path / "key")
    watched.watch.add(provider)
    watched.scheduler.tick()
    write(tmp_path, "..2026_2", "two")
    for _ in range(5):
        watched.go_on()
    assert [("one", "two")] == watched.swaps
    assert ("two", "fresh") == (provider.settle().value, provider.state)


def test_a_deleted_file_keeps_its_value_with_one_warning_per_outage(
    watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "key"
    file.write_text("one")
    provider = watched.provider(file)
    watched.watch.add(provider)
    watched.scheduler.tick()
    with caplog.at_level(logging.WARNING, "toriconfig"):
        for number in (1, 2):
            file.unlink()
            for _ in range(60):
                watched.go_on()
            assert ("one", "stale", number) == (provider.settle().value, provider.state, len(caplog.records))
            assert f"{file}: the file cannot be read: No such file" in caplog.text
            file.write_text("one")
            watched.go_on()
            assert "fresh" == provider.state


def test_the_watch_looks_once_a_second_even_if_a_look_raises(watched: Watched, tmp_path: Path) -> None:
    providers = [watched.provider(tmp_path / f"missing{number}") for number in range(3)]
    looks: list[float] = []

    def look() -> None:
        looks.append(watched.clock.monotonic())
        raise RuntimeError("a bug")

    for provider in providers:
        watched.watch.add(provider)
    providers[0].look = look  # type: ignore[method-assign]
    begun = watched.clock.monotonic()
    for _ in range(100):
        watched.go_on(0.1)
    assert len(looks) <= (watched.clock.monotonic() - begun) / INTERVAL + 1
    assert len(looks) >= 9


def test_without_listeners_nothing_is_compared(watched: Watched, tmp_path: Path) -> None:
    held, dropped = watched.provider(tmp_path / "a"), watched.provider(tmp_path / "b")
    cancel = watched.watch.add(held)
    watched.watch.add(dropped)
    watched.scheduler.tick()
    cancel()
    del dropped
    gc.collect()
    watched.go_on(2)
    assert watched.scheduler.tick() is None
    watched.watch.add(held)
    assert watched.scheduler.tick() == INTERVAL


def test_a_hanging_mount_blocks_no_other_read(tmp_path: Path) -> None:
    clock, gate = FakeClock(), threading.Event()
    watch = FileWatch(clock, scheduler := Scheduler(clock))
    provider = FileProvider(str(tmp_path / "key"), Origin("secrets_dir", ""), clock)
    looks: list[int] = []

    def hang() -> None:
        looks.append(1)
        gate.wait(10)

    provider.look = hang  # type: ignore[method-assign]
    watch.add(provider)
    for _ in range(20):
        scheduler.tick()
        clock.advance(INTERVAL)
    gate.set()
    watch._workers.dismiss()
    assert len(looks) <= 1


def test_a_subscriber_that_raises_stops_no_other_and_no_reader(
    watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "key"
    file.write_text("one")
    provider = FileProvider(str(file), Origin("secrets_dir", ""), watched.clock)

    def fails(old: Reading | None, new: Reading | None) -> None:
        raise ZeroDivisionError

    provider.subscribe(fails)
    provider.subscribe(watched._swapped)
    provider.settle()
    rename_over(tmp_path, "", "two")
    assert "two" == provider.settle().value
    assert [("one", "two")] == watched.swaps
    assert f"a callback for {file} failed: ZeroDivisionError" in caplog.text


def test_readers_and_the_watch_report_a_swap_once(tmp_path: Path, watched: Watched) -> None:
    file = tmp_path / "key"
    file.write_text("0")
    provider = watched.provider(file)
    provider.settle()
    barrier = threading.Barrier(9)

    def read() -> None:
        for _ in range(50):
            barrier.wait()
            provider.look()
            barrier.wait()

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for number in range(1, 51):
        rename_over(tmp_path, "", str(number))
        barrier.wait()
        barrier.wait()
    for thread in threads:
        thread.join()
    assert [(str(n), str(n + 1)) for n in range(50)] == watched.swaps


class Sealed(BaseModel):
    model_config = SettingsConfigDict(frozen=True, env_prefix="APP_")

    key: Secret[str]
    url: Secret[str] = Secret("none")


def _eventually(holds: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def test_on_change_is_called_for_a_swapped_mount_with_the_new_value_in_place(tmp_path: Path) -> None:
    mount(tmp_path, "..2026_1", "one")
    settings = lazy(
        Sealed,
        secrets_dir=str(tmp_path),
        environ={},
        overrides={"url": f"https://u:${{file:{tmp_path / 'key'}}}@host"},
    )
    heard: list[tuple[str, str, str]] = []

    def note(change: Change) -> None:
        heard.append((change.path, change.kind, getattr(settings, change.path).get()))

    on_change(settings, "", note)
    assert isinstance(settings.key, Secret)  # loaded, and not read
    time.sleep(0.5)
    mount(tmp_path, "..2026_2", "two")
    assert _eventually(lambda: len(heard) >= 2)
    time.sleep(1.2)
    assert {("key", "rotated", "two"), ("url", "rotated", "https://u:two@host")} == set(heard)
    assert 2 == len(heard)


def test_a_forked_child_continues_to_look(tmp_path: Path) -> None:
    mount(tmp_path, "..2026_1", "one")
    settings = lazy(Sealed, secrets_dir=str(tmp_path), environ={})
    heard: list[Change] = []
    on_change(settings, "key", heard.append)
    assert settings.key.get() == "one"
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writable, b"up")
        os._exit(0 if _eventually(lambda: bool(heard)) and settings.key.get() == "two" else 1)
    os.read(readable, 2)
    mount(tmp_path, "..2026_2", "two")
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(readable)
    os.close(writable)
