"""`watch`: files that change mean a reload, however they are replaced; files that are wrong change nothing."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from support.changes import Changes, kubernetes_swap, move_away_and_write, replace_by_rename
from support.memory_backend import until
from toriconfig import Change, Secret, SettingsConfigDict, health, lazy, on_change, reload, watch
from toriconfig._live.watcher import Watcher


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_file=".env", env_prefix="APP_")

    size: int = 1
    name: str = ""


class Linked(BaseModel):
    size: int = 1
    name: str = ""


Watch = Callable[..., Watcher]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("APP_")]:
        monkeypatch.delenv(name)


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
        assert ("size", "changed", size) == _told(changes.next())
        assert size == settings.size
    assert changes.empty()


@pytest.mark.parametrize("take_away", [Path.unlink, lambda file: file.write_text("")])
def test_a_file_that_is_just_being_replaced_is_waited_for(
    take_away: Callable[[Path], object], following: Watch
) -> None:
    file = Path("app.yaml")
    file.write_text("size: 2")
    settings = lazy(App)
    changes = Changes(settings)
    watcher = following(settings, interval=3600)
    failed = settings_of(settings).failed_reloads
    watcher._pause = lambda seconds: file.write_text("size: 3")  # type: ignore[assignment]
    take_away(file)
    assert ("size", "changed", 3) == _told(changes.next())
    assert failed == settings_of(settings).failed_reloads


@pytest.mark.parametrize("name", ["app.yaml", "app.local.yaml", "app.toml", ".env"])
def test_a_file_that_was_not_there_is_followed_too(name: str, following: Watch) -> None:
    settings = lazy(App)
    changes = Changes(settings)
    following(settings, interval=3600)
    Path(name).write_text({".env": "APP_SIZE=5", "app.toml": "size = 5"}.get(name, "size: 5"))
    assert ("size", "changed", 5) == _told(changes.next())
    Path(name).unlink()
    assert ("size", "changed", 1) == _told(changes.next())


def test_a_file_in_a_folder_that_was_not_there_is_followed_too(following: Watch) -> None:
    settings = lazy(App, config_dir="a/b")
    changes = Changes(settings)
    following(settings, interval=3600)
    Path("a/b").mkdir(parents=True)
    Path("a/b/app.yaml").write_text("size: 6")
    assert ("size", "changed", 6) == _told(changes.next())


def test_a_file_that_begins_to_match_a_pattern_is_followed_too(following: Watch) -> None:
    Path("conf.d/x").mkdir(parents=True)
    Path("conf.d/x/1.yaml").write_text("size: 2")
    settings = lazy(App, config_files=["conf.d/*/*.yaml"])
    changes = Changes(settings)
    following(settings, interval=3600)
    Path("conf.d/y").mkdir()
    Path("conf.d/y/2.yaml").write_text("size: 7")
    assert ("size", "changed", 7) == _told(changes.next())


def test_a_file_that_appears_before_its_new_folder_is_listened_to_is_not_missed(following: Watch) -> None:
    Path("conf.d/x").mkdir(parents=True)
    settings = lazy(App, config_files=["conf.d/*/*.yaml"])
    watcher = following(settings, interval=3600)
    real = watcher._notify

    def write_and_listen(folders: list[str]) -> Any:
        if Path("conf.d/y").is_dir():
            Path("conf.d/y/2.yaml").write_text("size: 7")
        return real(folders)

    watcher._notify = write_and_listen
    Path("conf.d/y").mkdir()
    until(lambda: settings.size == 7)


def test_another_file_in_the_same_folder_means_no_reload(following: Watch) -> None:
    Path("app.yaml").write_text("size: 2")
    settings = lazy(App)
    changes = Changes(settings)
    following(settings, interval=3600)
    before = settings_of(settings).reloads
    for number in range(5):
        Path("app.log").write_text(f"line {number}")
        Path(f"other{number}.yaml").write_text("size: 99")
    Path("app.yaml").write_text("size: 3")
    assert 3 == changes.next().new
    assert before + 1 == settings_of(settings).reloads


def test_the_link_that_kubernetes_swaps_means_a_reload_of_all_files_behind_it(tmp_path: Path, following: Watch) -> None:
    mount = tmp_path / "mount"
    kubernetes_swap(mount, "..2026_01", **{"app.yaml": "{size: 2, name: b}"})
    settings = lazy(Linked, config_files=[mount / "app.yaml"])
    changes = Changes(settings)
    following(settings, interval=3600)
    kubernetes_swap(mount, "..2026_02", **{"app.yaml": "{size: 3, name: c}"})
    assert [("size", "changed", 3), ("name", "changed", "c")] == [_told(changes.next()) for _ in range(2)]


def test_a_link_to_the_current_release_that_is_swapped_means_a_reload(tmp_path: Path, following: Watch) -> None:
    for number in (1, 2):
        (tmp_path / f"release{number}/config").mkdir(parents=True)
        (tmp_path / f"release{number}/config/app.yaml").write_text(f"size: {number}1")
    (tmp_path / "current").symlink_to("release1")
    settings = lazy(Linked, config_files=["current/config/app.yaml"])
    changes = Changes(settings)
    following(settings, interval=3600)
    (tmp_path / "new").symlink_to("release2")
    (tmp_path / "new").rename(tmp_path / "current")
    assert ("size", "changed", 21) == _told(changes.next())


class Mounted(BaseModel):
    model_config = SettingsConfigDict(secrets_dir="run", env_prefix="APP_", file_roots=["."], file_suffix="_FILE")

    name: str = ""
    token: Secret[str] | None = None
    host: str = ""


def test_plain_fields_and_secrets_of_a_folder_of_secrets_are_followed(tmp_path: Path, following: Watch) -> None:
    kubernetes_swap(tmp_path / "run", "..1", name="a", token="t1")
    settings = lazy(Mounted)
    assert settings.token is not None
    assert "t1" == settings.token.get()
    changes = Changes(settings)
    following(settings, interval=3600)
    kubernetes_swap(tmp_path / "run", "..2", name="b", token="t2")
    found = {_told(changes.next()) for _ in range(2)}
    assert {("name", "changed", "b"), ("token", "rotated", None)} == found
    assert settings.token is not None
    assert ("b", "t2") == (settings.name, settings.token.get())


def test_a_file_that_a_variable_or_a_reference_names_is_followed(following: Watch) -> None:
    Path("name").write_text("a")
    Path("host").write_text("h")
    settings = lazy(Mounted, overrides={"host": "${file:host}"}, environ={"APP_NAME_FILE": "name"}, secrets_dir=None)
    changes = Changes(settings)
    following(settings, interval=3600)
    Path("name").write_text("b")
    assert ("name", "changed", "b") == _told(changes.next())
    Path("host").write_text("i")
    assert ("host", "changed", "i") == _told(changes.next())


def test_a_file_that_only_the_new_settings_name_is_followed_from_then_on(tmp_path: Path, following: Watch) -> None:
    Path("new").mkdir()
    Path("new/own.yaml").write_text("size: 2")
    settings = lazy(App)
    changes = Changes(settings)
    following(settings, interval=3600)
    Path(".env").write_text(f"APP_CONFIG_FILE={tmp_path}/new/own.yaml")
    assert ("size", "changed", 2) == _told(changes.next())
    Path("new/own.yaml").write_text("size: 3")
    assert ("size", "changed", 3) == _told(changes.next())


def test_a_file_that_appears_while_a_reload_ends_is_not_missed(following: Watch) -> None:
    Path("run").mkdir()
    settings = lazy(Mounted, config_name="app")
    watcher = following(settings, interval=3600)
    real = watcher._reload

    def reload_and_write(names: list[str]) -> None:
        real(names)
        Path("run/host").write_text("h")

    watcher._reload = reload_and_write  # type: ignore[method-assign]
    Path("app.yaml").write_text("name: b")
    until(lambda: settings.host == "h")


def test_further_files_mean_a_reload_that_reads_the_environment_again(
    monkeypatch: pytest.MonkeyPatch, following: Watch
) -> None:
    settings = lazy(App)
    changes = Changes(settings)
    following(settings, paths=["trigger"], interval=3600)
    monkeypatch.setenv("APP_SIZE", "8")
    Path("trigger").touch()
    assert ("size", "changed", 8) == _told(changes.next())


def test_a_change_between_the_load_and_the_call_is_read(following: Watch) -> None:
    Path("app.yaml").write_text("size: 2")
    settings = lazy(App)
    changes = Changes(settings)
    assert 2 == settings.size
    replace_by_rename(Path("app.yaml"), "size: 3")
    following(settings, interval=3600)
    assert ("size", "changed", 3) == _told(changes.next())


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
    assert ("size", "changed", 2) == _told(changes.next())
    assert "App: the system reports no changes of files (OSError); they are looked at every 0.05 s" in caplog.messages


def test_a_wrong_file_keeps_the_old_settings_and_is_warned_of_once(
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
    assert ("size", "changed", 3) == _told(changes.next())
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


def test_after_the_block_nothing_is_followed_and_no_thread_is_left() -> None:
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
        ({"paths": [7]}, "an item is none, not a int"),
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


def settings_of(settings: Any) -> Any:
    return settings._state


def _failed_more_often_than(settings: Any, number: int) -> bool:
    return bool(settings_of(settings).failed_reloads > number)


def _told(change: Change) -> tuple[str, str, Any]:
    return change.path, change.kind, change.new


def test_a_secret_that_is_rotated_right_before_a_reload_is_reported_all_the_same() -> None:
    Path("run").mkdir()
    Path("run/token").write_text("t1")
    settings = lazy(Mounted)
    assert settings.token is not None
    assert "t1" == settings.token.get()
    changes = Changes(settings)
    Path("run/token").write_text("t2, longer")
    reload(settings)
    assert ("token", "rotated", None) == _told(changes.next())
