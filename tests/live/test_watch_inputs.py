"""The files that `watch` follows: those that the options name, links on the way to them, and those that appear later."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from pydantic_settings import YamlConfigSettingsSource
from support.changes import Changes, Watch, kubernetes_swap, told
from support.memory_backend import until
from toriconfig import Secret, Settings, SettingsConfigDict, lazy, reload


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_file=".env", env_prefix="APP_")

    size: int = 1
    name: str = ""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("APP_")]:
        monkeypatch.delenv(name)


class Linked(BaseModel):
    size: int = 1
    name: str = ""


def test_a_file_in_a_folder_that_did_not_exist_is_followed_too(following: Watch) -> None:
    settings = lazy(App, config_dir="a/b")
    changes = Changes(settings)
    following(settings, interval=3600)
    Path("a/b").mkdir(parents=True)
    Path("a/b/app.yaml").write_text("size: 6")
    assert ("size", "changed", 6) == told(changes.next())


def test_a_file_that_begins_to_match_a_pattern_is_followed_too(following: Watch) -> None:
    Path("conf.d/x").mkdir(parents=True)
    Path("conf.d/x/1.yaml").write_text("size: 2")
    settings = lazy(App, config_files=["conf.d/*/*.yaml"])
    changes = Changes(settings)
    following(settings, interval=3600)
    Path("conf.d/y").mkdir()
    Path("conf.d/y/2.yaml").write_text("size: 7")
    assert ("size", "changed", 7) == told(changes.next())


def test_a_file_that_appears_before_its_new_folder_is_watched_is_not_missed(following: Watch) -> None:
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


def test_the_link_that_kubernetes_swaps_means_a_reload_of_all_files_behind_it(tmp_path: Path, following: Watch) -> None:
    mount = tmp_path / "mount"
    kubernetes_swap(mount, "..2026_01", **{"app.yaml": "{size: 2, name: b}"})
    settings = lazy(Linked, config_files=[mount / "app.yaml"])
    changes = Changes(settings)
    following(settings, interval=3600)
    kubernetes_swap(mount, "..2026_02", **{"app.yaml": "{size: 3, name: c}"})
    assert [("size", "changed", 3), ("name", "changed", "c")] == [told(changes.next()) for _ in range(2)]


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
    assert ("size", "changed", 21) == told(changes.next())


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
    found = {told(changes.next()) for _ in range(2)}
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
    assert ("name", "changed", "b") == told(changes.next())
    Path("host").write_text("i")
    assert ("host", "changed", "i") == told(changes.next())


def test_a_file_that_only_the_new_settings_name_is_followed_from_then_on(tmp_path: Path, following: Watch) -> None:
    Path("new").mkdir()
    Path("new/own.yaml").write_text("size: 2")
    settings = lazy(App)
    changes = Changes(settings)
    following(settings, interval=3600)
    Path(".env").write_text(f"APP_CONFIG_FILE={tmp_path}/new/own.yaml")
    assert ("size", "changed", 2) == told(changes.next())
    Path("new/own.yaml").write_text("size: 3")
    assert ("size", "changed", 3) == told(changes.next())


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


class Bridged(Settings):
    model_config = SettingsConfigDict(env_file=".env", env_prefix="APP_", yaml_file="own.yaml", secrets_dir="run")

    size: int = 1

    @classmethod
    def settings_customise_sources(cls, settings_cls: Any, **sources: Any) -> Any:  # type: ignore[override]
        return (*sources.values(), YamlConfigSettingsSource(settings_cls))


@pytest.mark.parametrize(("name", "text"), [(".env", "APP_SIZE=2"), ("own.yaml", "size: 2"), ("run/app_size", "2")])
def test_the_sources_of_a_settings_class_are_followed_too(name: str, text: str, following: Watch) -> None:
    Path("run").mkdir()
    settings = lazy(Bridged)
    changes = Changes(settings)
    following(settings, interval=3600)
    Path(name).write_text(text)
    assert ("size", "changed", 2) == told(changes.next())
    Path(name).unlink()
    assert ("size", "changed", 1) == told(changes.next())


def test_a_folder_of_files_that_is_replaced_as_a_whole_is_still_followed(following: Watch) -> None:
    Path("conf").mkdir()
    settings = lazy(Linked, config_files=["conf"])
    changes = Changes(settings)
    following(settings, interval=3600)
    Path("conf/2.yaml").write_text("size: 3")
    assert ("size", "changed", 3) == told(changes.next())
    Path("new").mkdir()
    Path("new/1.yaml").write_text("size: 4")
    Path("conf").rename("old")
    Path("new").rename("conf")
    assert ("size", "changed", 4) == told(changes.next())
    Path("conf/3.yaml").write_text("size: 5")
    assert ("size", "changed", 5) == told(changes.next())


def test_a_file_of_a_package_and_a_folder_of_secrets_that_did_not_exist_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, following: Watch
) -> None:
    Path("packed").mkdir()
    Path("packed/__init__.py").touch()
    Path("packed/app.yaml").write_text("size: 2")
    monkeypatch.syspath_prepend(tmp_path)
    files = [resources.files("packed") / "app.yaml"]
    settings = lazy(Linked, config_files=files, secrets_dir="run")
    changes = Changes(settings)
    following(settings, interval=3600)
    Path("run").mkdir()
    Path("run/size").write_text("3")
    assert ("size", "changed", 3) == told(changes.next())
    Path("packed/app.yaml").write_text("{size: 2, name: p}")
    assert ("name", "changed", "p") == told(changes.next())


class Nested(BaseModel):
    pool: Linked = Linked()


def test_a_folder_below_a_folder_of_secrets_is_followed_if_such_folders_count(following: Watch) -> None:
    Path("run/pool").mkdir(parents=True)
    settings = lazy(Nested, secrets_dir="run", secrets_nested_subdir=True)
    changes = Changes(settings)
    following(settings, interval=3600)
    Path("run/pool/size").write_text("4")
    assert ("pool.size", "changed", 4) == told(changes.next())


def test_further_files_mean_a_reload_that_reads_the_environment_again(
    monkeypatch: pytest.MonkeyPatch, following: Watch
) -> None:
    settings = lazy(App)
    changes = Changes(settings)
    following(settings, paths=["trigger"], interval=3600)
    monkeypatch.setenv("APP_SIZE", "8")
    Path("trigger").touch()
    assert ("size", "changed", 8) == told(changes.next())


def test_a_secret_that_is_rotated_right_before_a_reload_is_still_reported() -> None:
    Path("run").mkdir()
    Path("run/token").write_text("t1")
    settings = lazy(Mounted)
    assert settings.token is not None
    assert "t1" == settings.token.get()
    changes = Changes(settings)
    Path("run/token").write_text("t2, longer")
    reload(settings)
    assert ("token", "rotated", None) == told(changes.next())
