"""`watch`: changed files cause a reload for every way of replacing them; invalid files change nothing."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from support.changes import Changes, Watch, move_away_and_write, replace_by_rename, state_of, told
from support.memory_backend import until
from toriconfig import Change, SettingsConfigDict, health, lazy, on_change, watch


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_file=".env", env_prefix="APP_")

    size: int = 1
    name: str = ""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("APP_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("way", [Path.write_text, replace_by_rename, move_away_and_write])
def test_a_file_that_is_replaced_in_any_way_means_one_reload(
    way: Callable[[Path, str], object], following: Watch
) -> None:
    file = Path("app.yaml")
    file.write_text("size: 2")
    settings = lazy(App)
    changes = Changes(settings)
    following(settings, interval=3600)
    for size in (3, 4):
        way(file, f"size: {size}")
        assert ("size", "changed", size) == told(changes.next())
        assert size == settings.size
    assert changes.empty()


@pytest.mark.parametrize("take_away", [Path.unlink, lambda file: file.write_text("")])
def test_a_reload_waits_for_a_file_that_is_being_replaced(
    take_away: Callable[[Path], object], following: Watch
) -> None:
    file = Path("app.yaml")
    file.write_text("size: 2")
    settings = lazy(App)
    changes = Changes(settings)
    watcher = following(settings, interval=3600)
    failed = state_of(settings).failed_reloads
    watcher._pause = lambda seconds: file.write_text("size: 3")  # type: ignore[assignment]
    take_away(file)
    assert ("size", "changed", 3) == told(changes.next())
    assert failed == state_of(settings).failed_reloads


@pytest.mark.parametrize("name", ["app.yaml", "app.local.yaml", "app.toml", ".env"])
def test_a_file_that_did_not_exist_is_followed_too(name: str, following: Watch) -> None:
    settings = lazy(App)
    changes = Changes(settings)
    following(settings, interval=3600)
    Path(name).write_text({".env": "APP_SIZE=5", "app.toml": "size = 5"}.get(name, "size: 5"))
    assert ("size", "changed", 5) == told(changes.next())
    Path(name).unlink()
    assert ("size", "changed", 1) == told(changes.next())


def test_another_file_in_the_same_folder_means_no_reload(following: Watch) -> None:
    Path("app.yaml").write_text("size: 2")
    settings = lazy(App)
    changes = Changes(settings)
    following(settings, interval=3600)
    before = state_of(settings).reloads
    for number in range(5):
        Path("app.log").write_text(f"line {number}")
        Path(f"other{number}.yaml").write_text("size: 99")
    Path("app.yaml").write_text("size: 3")
    assert 3 == changes.next().new
    assert before + 1 == state_of(settings).reloads


def test_a_change_between_the_load_and_the_call_is_read(following: Watch) -> None:
    Path("app.yaml").write_text("size: 2")
    settings = lazy(App)
    changes = Changes(settings)
    assert 2 == settings.size
    replace_by_rename(Path("app.yaml"), "size: 3")
    following(settings, interval=3600)
    assert ("size", "changed", 3) == told(changes.next())


def test_a_change_that_the_system_does_not_report_is_found_at_the_next_look(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, following: Watch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("watchfiles._rust_notify.RustNotify", refuse)
    settings = lazy(App)
    changes = Changes(settings)
    following(settings, interval=0.05)
    Path("app.yaml").write_text("size: 2")
    assert ("size", "changed", 2) == told(changes.next())
    assert "App: the system reports no changes of files (OSError); they are looked at every 0.05 s" in caplog.messages


def test_a_wrong_file_keeps_the_old_settings_and_causes_one_warning(
    caplog: pytest.LogCaptureFixture, following: Watch
) -> None:
    file = Path("app.yaml")
    file.write_text("size: 2")
    settings = lazy(App)
    changes = Changes(settings)
    following(settings, interval=3600)
    for number in range(3):
        file.write_text("size: many" + "\n" * number)
        until(partial(_failed_more_often_than, settings, number))
    assert 2 == settings.size
    assert "wrong type" in health(settings).error
    file.write_text("size: 3")
    assert ("size", "changed", 3) == told(changes.next())
    warned = [text for _, level, text in caplog.record_tuples if level >= logging.WARNING and text.startswith("App:")]
    assert ["App: not reloaded, the old settings stay: app.yaml:1:7: error[TC102]: `size` has the wrong type"] == warned


def test_a_callback_that_hangs_delays_no_reload_and_no_stop(following: Watch) -> None:
    settings = lazy(App)
    go, entered = threading.Event(), threading.Event()

    def hang(change: Change) -> None:
        entered.set()
        go.wait(60)

    try:
        on_change(settings, "", hang)
        watcher = following(settings, interval=3600)
        Path("app.yaml").write_text("size: 2")
        assert entered.wait(60)
        Path("app.yaml").write_text("size: 3")
        until(lambda: settings.size == 3)
        watcher.stop()
    finally:
        go.set()


def test_a_callback_may_stop_the_watch(following: Watch) -> None:
    settings = lazy(App)
    stopped = threading.Event()
    watcher = following(settings, interval=3600)

    def stop(change: Change) -> None:
        watcher.stop()
        stopped.set()

    on_change(settings, "", stop)
    Path("app.yaml").write_text("size: 2")
    assert stopped.wait(60)
    assert not watcher.running


def test_no_file_is_followed_and_no_thread_is_left_after_the_block() -> None:
    settings = lazy(App)
    before = {one.name for one in threading.enumerate()}
    with watch(settings, debounce=0.02) as watcher:
        assert watcher.running
        until(lambda: "toriconfig-watch" in {one.name for one in threading.enumerate()})
        assert all(one.daemon for one in threading.enumerate() if one.name == "toriconfig-watch")
    until(lambda: "toriconfig-watch" not in {one.name for one in threading.enumerate()} - before)
    Path("app.yaml").write_text("size: 2")
    watcher.stop()
    assert (False, 1, "Watcher(App, stopped)") == (watcher.running, settings.size, repr(watcher))


def test_without_the_extra_one_line_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles._rust_notify", None)
    with pytest.raises(ImportError) as caught:
        watch(lazy(App))
    assert "watch() needs watchfiles: pip install 'toriconfig[watch]'" == str(caught.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"debounce": 0}, "`debounce` above 0"),
        ({"interval": -1}, "`interval` above 0"),
        ({"interval": "s3cr3t"}, "`interval` as a number of seconds, not a str"),
        ({"paths": "app.yaml"}, "a list of files and folders, not a str"),
        ({"paths": [7]}, "each item is text or a path, not a int"),
        ({"signum": "HUP"}, "`signum` as a number"),
        ({"signum": 9}, "cannot handle signal 9"),
        ({"signum": 4711}, "cannot handle signal 4711"),
    ],
)
def test_a_wrong_argument_is_refused_by_name(given: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        watch(lazy(App), **given)


def test_a_model_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"watch\(\) needs a lazy settings object"):
        watch(App())


def _failed_more_often_than(settings: Any, number: int) -> bool:
    return bool(state_of(settings).failed_reloads > number)
