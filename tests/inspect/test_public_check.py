"""`check` and `json_schema` for programs: the same results as the commands of these names."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import toriconfig
from toriconfig import Secret, SettingsConfigDict, check, json_schema, lazy
from toriconfig._inspect.json_schema import schema_text


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_")
    port: int
    token: Secret[str] | None = None


CHECK: Any = check


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def codes(*arguments: Any, **options: Any) -> list[str]:
    return [problem.code for problem in CHECK(*arguments, **options)]


def test_the_settings_are_checked_with_their_environment() -> None:
    assert ["TC103"] == codes(App, environ={})
    assert [] == codes(App, environ={"APP_PORT": "80"})
    assert ["TC102"] == codes(App, environ={"APP_PORT": "x"})


def test_files_are_checked_alone_without_missing_keys() -> None:
    Path("a.yaml").write_text("prot: 80\n")
    Path("conf").mkdir()
    Path("conf/b.toml").write_text("port = 'x'\n")
    (first, second) = check(App, "a.yaml", Path("conf"))
    assert ("TC101", "a.yaml:1:1") == (first.code, str(first.origin))
    assert ("TC102", "conf/b.toml:1:8") == (second.code, str(second.origin))


def test_a_lazy_object_brings_its_own_options_and_is_not_loaded() -> None:
    settings = lazy(App, config_name="other", environ={})
    Path("other.yaml").write_text("port: x\n")
    assert ["TC102"] == codes(settings)
    assert "not loaded" in repr(settings)


def test_a_class_is_named_by_text_too() -> None:
    assert {"TC401"} == set(codes("toriconfig.schema:ToriSettings", environ={}))


def test_every_profile_is_judged() -> None:
    Path("app.yaml").write_text("port: 80\n")
    Path("app.prod.yaml").write_text("port: x\n")
    assert [] == codes(App, environ={})
    (problem,) = check(App, environ={}, all_profiles=True)
    assert "app.prod.yaml:1:7" == str(problem.origin)


@pytest.mark.parametrize("wrong", [1, object(), int, "no.module"])
def test_an_object_that_is_not_a_settings_class_is_refused(wrong: object) -> None:
    for function in (check, json_schema):
        with pytest.raises((TypeError, ImportError)):
            function(wrong)


def test_options_that_do_not_exist_are_refused() -> None:
    with pytest.raises(TypeError, match="did you mean `config_name`"):
        CHECK(App, config_nam="x")
    with pytest.raises(TypeError, match="omit `online`"):
        check(App, "a.yaml", online=True)


def test_the_schema_is_the_one_that_the_command_writes() -> None:
    assert json.loads(schema_text(App)) == json_schema(App) == json_schema(lazy(App))


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "toriconfig", "--version"], capture_output=True, text=True, check=False
    )
    assert (0, f"toriconfig {toriconfig.__version__}") == (
        done.returncode,
        done.stdout.strip().replace(", version", ""),
    )


def test_a_lazy_object_is_named_as_a_class_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path.cwd()))
    Path("named_app.py").write_text(
        "from pydantic import BaseModel\nfrom toriconfig import lazy\n\nclass App(BaseModel):\n    port: int\n\n"
        "settings = lazy(App, overrides={'port': 1})\n"
    )
    assert (["TC103"], []) == (codes("named_app:App"), codes("named_app:settings"))
    assert "App" == json_schema("named_app:settings")["title"]
