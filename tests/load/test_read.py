"""Layers: the inputs that a load reads, their order, and the choice of a profile."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from support.loading import attempt, loaded, problems, refused, told
from toriconfig import ConfigError, SettingsConfigDict, load
from toriconfig.testing import reset_warnings


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reset_warnings()


class Schema(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", env_file=".env", secrets_dir="run")
    a: str = "defaults"
    b: str = "defaults"


def everywhere() -> dict[str, Any]:
    Path("run").mkdir()
    Path("run/a").write_text("secrets_dir")
    Path(".env").write_text("APP_A=dotenv\n")
    Path("app.yaml").write_text("a: files\n")
    return {"environ": {"APP_A": "env"}, "overrides": {"a": "code"}}


KINDS = ("code", "env", "dotenv", "secrets_dir", "files", "defaults")


def test_the_default_order_is_that_of_the_design() -> None:
    given = everywhere()
    for at, kind in enumerate(KINDS):
        assert kind == loaded(Schema, layers=[*KINDS[at:]], **given).a, kind
    assert "code" == loaded(Schema, **given).a


def test_any_order_of_layers_can_be_requested() -> None:
    given = everywhere()
    for order in permutations(KINDS[:-1], 3):
        assert order[0] == loaded(Schema, layers=[*order, "defaults"], **given).a


def test_a_layer_that_is_not_named_is_not_read() -> None:
    Path("app.yaml").write_text("a: [broken")
    assert "env" == loaded(Schema, layers=["env", "defaults"], environ={"APP_A": "env"}).a


def test_files_rank_local_above_profile_above_plain() -> None:
    Path("app.yaml").write_text("a: plain\nb: plain")
    Path("app.prod.yaml").write_text("a: profile\nb: profile")
    assert ("profile", "plain") == (loaded(Schema, profile="prod").a, loaded(Schema).a)
    Path("app.local.yaml").write_text("a: local")
    model = loaded(Schema, profile="prod")
    assert ("local", "profile") == (model.a, model.b)


@pytest.mark.parametrize("ending", [".yaml", ".yml", ".json"])
def test_yaml_yml_and_json_are_found(ending: str) -> None:
    Path(f"app{ending}").write_text('{"a": "found"}')
    assert "found" == loaded(Schema).a


def test_a_file_ignored_for_one_with_another_extension_is_a_warning() -> None:
    Path("app.yaml").write_text("a: first")
    Path("app.yml").write_text("b: second")
    Path("app.local.json").write_text("{}")
    Path("run").mkdir()
    (one,) = problems(Schema)
    assert ("TC506", "warning", "app.yml") == (one.code, one.severity, str(one.origin))
    assert "app.yaml exists" in one.message
    assert "move its settings to app.yaml" in one.help
    assert [] == problems(Schema, config_files=["app.yaml"])
    assert [] == problems(Schema, layers=["env", "defaults"])


def test_a_folder_can_be_named() -> None:
    Path("config").mkdir()
    Path("config/app.yaml").write_text("a: there")
    assert "there" == loaded(Schema, config_dir="config").a == loaded(Schema, config_dir=Path("config")).a


def test_a_missing_folder_is_a_warning_if_files_are_searched_in_it() -> None:
    Path("run").mkdir()
    (one,) = problems(Schema, config_dir="config")
    assert ("TC006", "warning", "config") == (one.code, one.severity, str(one.origin))
    assert [] == problems(Schema, config_dir="config", layers=["env", "defaults"])
    assert [] == problems(Schema, config_dir="config", config_files=[])
    Path("config").mkdir()
    assert [] == problems(Schema, config_dir="config")


def test_the_working_directory_counts_at_the_time_of_the_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/app.yaml").write_text("a: deep")
    assert "defaults" == loaded(Schema).a
    monkeypatch.chdir(tmp_path / "deep")
    assert "deep" == loaded(Schema).a


def test_exact_files_count_instead_of_the_name_lowest_first() -> None:
    Path("app.yaml").write_text("a: name")
    for name in ("low", "high"):
        Path(f"{name}.yaml").write_text(f"a: {name}")
    assert "high" == loaded(Schema, config_files=["low.yaml", Path("high.yaml")]).a
    assert "high" == loaded(Schema, environ={"APP_CONFIG_FILE": "low.yaml:high.yaml"}).a
    assert "high" == loaded(Schema, environ={"app_config_file": "high.yaml"}).a
    assert "name" == loaded(Schema, environ={"APP_CONFIG_FILE": ""}).a


@pytest.mark.parametrize(
    "given",
    [{"config_files": ["none.yaml"]}, {"environ": {"APP_CONFIG_FILE": "none.yaml"}}],
    ids=["option", "variable"],
)
def test_a_missing_file_that_is_requested_by_name_is_an_error(given: dict[str, Any]) -> None:
    (only,) = refused(Schema, **given).problems
    assert ("TC006", "none.yaml") == (only.code, str(only.origin))


def test_optional_files_may_be_missing() -> None:
    assert [] == problems(Schema, secrets_dir=None)


@pytest.mark.parametrize("name", ["APP_PROFILE", "app_profile"])
def test_the_profile_comes_from_its_variable(name: str) -> None:
    Path("app.prod.yaml").write_text("a: prod")
    assert "prod" == loaded(Schema, environ={name: "prod"}).a
    assert "defaults" == loaded(Schema, environ={name: ""}).a


def test_the_option_comes_before_the_variable_which_can_be_named() -> None:
    for name in ("one", "two"):
        Path(f"app.{name}.yaml").write_text(f"a: {name}")
    assert "two" == loaded(Schema, profile="two", environ={"APP_PROFILE": "one"}).a
    assert "two" == loaded(Schema, profile_env="STAGE", environ={"APP_PROFILE": "one", "STAGE": "two"}).a


@pytest.mark.parametrize(
    "name",
    [
        "../prod",
        "a/b",
        "/etc/passwd",
        "..",
        ".hidden",
        "-x",
        "a b",
        "prod.yaml/../x",
        "pröd",
        "a\\b",
        "a\n",
        "a\0b",
        "${x}",
        "~",
    ],
)
def test_a_profile_that_is_no_name_is_refused_and_reads_nothing(name: str) -> None:
    (found,) = refused(Schema, environ={"APP_PROFILE": name}).problems
    assert ("TC503", "APP_PROFILE") == (found.code, str(found.origin))
    assert "letters, digits" in found.expected
    with pytest.raises(ConfigError):
        load(Schema, profile=name, environ={}, offline=True)


@pytest.mark.parametrize("name", ["prod", "eu-west_1", "v1.2", "7"])
def test_names_with_letters_digits_dots_dashes_are_profiles(name: str) -> None:
    Path(f"app.{name}.yaml").write_text("a: found")
    assert "found" == loaded(Schema, profile=name).a


@pytest.mark.parametrize("given", [{"environ": {"APP_PROFILE": "producton"}}, {"profile": "producton"}], ids=str)
def test_a_profile_without_a_file_is_an_error_with_the_one_that_was_meant(given: dict[str, Any]) -> None:
    for name in ("app.production.yaml", "app.local.yaml", "app.staging.yml"):
        Path(name).write_text("{}")
    (only,) = refused(Schema, secrets_dir=None, **given).problems
    assert ("TC503", "error", "did you mean `production`?") == (only.code, only.severity, only.help)
    assert str(only.origin) == ("APP_PROFILE" if "environ" in given else "profile")
    assert "there are production, staging" in only.expected


def test_a_profile_that_names_a_place_in_vault_may_have_no_file() -> None:
    (only,) = problems(Schema, profile="prod", vault_path="secret/${profile}/app", secrets_dir=None)
    assert ("TC503", "warning") == (only.code, only.severity)


def test_a_profile_needs_no_file_if_no_file_is_named_by_it() -> None:
    Path("exact.yaml").write_text("a: x")
    assert "x" == loaded(Schema, profile="prod", config_files=["exact.yaml"]).a
    assert [] == problems(Schema, profile="prod", layers=["env", "defaults"])


@pytest.mark.parametrize("given", [{"environ": {"APP_PROFILE": "local"}}, {"profile": "local"}], ids=str)
def test_local_is_no_profile(given: dict[str, Any]) -> None:
    Path("app.local.yaml").write_text("a: x")
    (only,) = refused(Schema, secrets_dir=None, **given).problems
    assert ("TC503", "`local` is not a profile") == (only.code, only.message)
    assert "app.local.yaml is read above every profile" in only.help


def test_two_spellings_of_a_variable_are_an_error_that_names_both() -> None:
    (only,) = refused(Schema, environ={"APP_A": "1", "app_a": "2"}, secrets_dir=None).problems
    assert ("TC502", "APP_A" in only.message and "app_a" in only.message) == (only.code, True)


def test_layers_read_are_remembered_lowest_first() -> None:
    given = everywhere()
    found = attempt(Schema, **given)
    assert found.loaded is not None
    names = [one.name for one in found.loaded.snapshot.layers]
    assert ["app.yaml", "run", ".env", "environment", "overrides"] == names


def test_an_empty_file_and_a_file_of_comments_set_nothing() -> None:
    for text in ("", "# nothing\n", "---\n", "{}\n"):
        Path("app.yaml").write_text(text)
        assert "defaults" == loaded(Schema, secrets_dir=None).a, text


def test_a_file_that_is_no_mapping_is_reported() -> None:
    assert [("TC007", "1.yaml:1:1", "")] == told(Schema, "- a\n- b\n", secrets_dir=None)
