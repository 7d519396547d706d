"""Entries of `config_files` beside single files: folders, patterns, and files inside packages."""

from __future__ import annotations

import importlib.resources
import sys
import zipfile
from pathlib import Path

import pytest
from pydantic import BaseModel

from toriconfig import ConfigError, explain, lazy, load


class App(BaseModel):
    n: int = 0
    m: int = 0


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("conf.d")
    folder.mkdir()
    (folder / "20-site.yaml").write_text("n: 2\n")
    (folder / "10-base.yml").write_text("n: 1\nm: 1\n")
    (folder / "30-last.toml").write_text("n = 3\n")
    (folder / ".hidden.yaml").write_text("n: 9\n")
    (folder / "README").write_text("no settings")


def test_a_pattern_is_read_in_the_order_of_names() -> None:
    assert App(n=2, m=1) == load(App, config_files="conf.d/*.y*ml", environ={})


def test_a_folder_is_read_in_the_order_of_names_without_hidden_files() -> None:
    settings = load(App, config_files=["conf.d"], environ={})
    assert App(n=3, m=1) == settings
    assert "conf.d/30-last.toml:1:5" == str(explain(settings, "n").origin)


def test_later_items_of_the_list_take_precedence() -> None:
    Path("own.yaml").write_text("n: 7\n")
    assert 7 == load(App, config_files=["conf.d", "own.yaml"], environ={}).n
    assert 3 == load(App, config_files=["own.yaml", "conf.d"], environ={}).n


def test_a_pattern_in_the_variable_counts_too() -> None:
    assert 2 == load(App, env_prefix="A_", environ={"A_CONFIG_FILE": "conf.d/*.yaml"}).n


def test_a_pattern_is_relative_to_the_folder_of_the_settings() -> None:
    assert 2 == load(App, config_dir="conf.d", config_files="*.yaml", environ={}).n


def test_a_pattern_without_matches_is_no_problem_unless_settings_are_required() -> None:
    assert App() == load(App, config_files="none.d/*.yaml", environ={})
    with pytest.raises(ConfigError, match="no settings file was found"):
        load(App, config_files="none.d/*.yaml", required=True, environ={})


def test_a_file_whose_name_looks_like_a_pattern_is_that_file() -> None:
    Path("app[1].yaml").write_text("n: 5\n")
    assert 5 == load(App, config_files="app[1].yaml", environ={}).n


def test_a_single_file_that_is_missing_is_still_an_error() -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load(App, config_files=["conf.d", "gone.yaml"], environ={})


def test_a_file_inside_a_zipped_package_is_read_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile("bundle.zip", "w") as bundle:
        bundle.writestr("bundled_defaults/__init__.py", "")
        bundle.writestr("bundled_defaults/app.yaml", "n: 4\nm: x\n")
    monkeypatch.syspath_prepend(str(Path("bundle.zip").absolute()))
    try:
        entry = importlib.resources.files("bundled_defaults") / "app.yaml"
        with pytest.raises(ConfigError, match=r"bundled_defaults/app\.yaml:2:4"):
            load(App, config_files=[entry], environ={})
        Path("own.yaml").write_text("m: 2\n")
        settings = lazy(App, config_files=[entry, "own.yaml"], environ={})
        assert (4, 2) == (settings.n, settings.m)
    finally:
        sys.modules.pop("bundled_defaults", None)


def test_a_folder_inside_a_zipped_package_is_read_in_the_order_of_names(monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile("folders.zip", "w") as bundle:
        bundle.writestr("zipped_folder/__init__.py", "")
        bundle.writestr("zipped_folder/conf/20.toml", "n = 2\n")
        bundle.writestr("zipped_folder/conf/10.yaml", "n: 1\nm: 1\n")
        bundle.writestr("zipped_folder/conf/.hidden.yaml", "n: 9\n")
        bundle.writestr("zipped_folder/conf/README", "no settings")
    monkeypatch.syspath_prepend(str(Path("folders.zip").absolute()))
    try:
        entry = importlib.resources.files("zipped_folder") / "conf"
        assert App(n=2, m=1) == load(App, config_files=[entry], environ={})
    finally:
        sys.modules.pop("zipped_folder", None)


def test_a_file_that_its_package_does_not_have_is_an_error() -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load(App, config_files=[importlib.resources.files("toriconfig") / "gone.yaml"], environ={})
