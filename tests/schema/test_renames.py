"""Renamed and deprecated keys keep working, from every layer, and warn once with the place and the new name."""

from __future__ import annotations

import json
import logging
import pickle
import warnings
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel, Field

from support.loading import attempt, loaded, problems, refused
from toriconfig import Secret, Settings, SettingsConfigDict, explain, lazy, load, override, reload, replace
from toriconfig._inspect.json_schema import schema_of_files
from toriconfig._load.attempt import Attempt
from toriconfig.cli._env_example import env_example
from toriconfig.testing import Canary


class Pool(BaseModel):
    model_config = SettingsConfigDict(renamed={"maximum": "max_size"})

    max_size: int = 10
    timeout: float = 1.0


class Database(BaseModel):
    pool: Pool = Pool()
    host: str = "localhost"


class App(BaseModel):
    model_config = SettingsConfigDict(
        config_name="app",
        env_prefix="APP_",
        env_nested_delimiter="__",
        renamed={"pool_size": "database.pool.max_size", "db": "database", "legacy": "token", "old.deep": "words"},
    )

    database: Database = Database()
    words: list[str] = []
    token: Secret[str] | None = None
    gone: int = Field(1, deprecated="use `database.host`")
    soon: int = Field(1, deprecated=True)


@pytest.fixture(name="here", autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(found: Attempt) -> list[tuple[str, str, str]]:
    return [(str(one.origin), one.path, one.help) for one in found.problems if one.code == "TC107"]


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("pool_size: 3", "database.pool.max_size", 3),
        ("db: {host: h}", "database.host", "h"),
        ("database: {pool: {maximum: 4}}", "database.pool.max_size", 4),
        ("db: {pool: {maximum: 5}}", "database.pool.max_size", 5),
        ("old: {deep: [a]}", "words", ["a"]),
        ("gone: 2", "gone", 2),
    ],
)
def test_an_old_key_still_sets_the_value_and_its_place_is_reported(text: str, path: str, value: Any) -> None:
    model = loaded(App, text)
    found: Any = model.__dict__
    for part in path.split("."):
        found = found[part] if isinstance(found, dict) else found.__dict__[part]
    assert value == found
    assert str(explain(model, path).origin).startswith("1.yaml:1:")


def test_the_warning_names_place_old_name_and_new_name() -> None:
    (one,) = problems(App, "\npool_size: 3")
    assert ("TC107", "warning", "1.yaml:2:1") == (one.code, one.severity, str(one.origin))
    assert "`pool_size` is deprecated: it is `database.pool.max_size` now" == one.message
    assert "rename it to `database.pool.max_size`" == one.help
    assert one.fix is None, "it has moved elsewhere, which is more than a word to replace"
    (near,) = problems(App, "database: {pool: {maximum: 4}}")
    assert ("max_size", "1.yaml:1:19") == (near.fix, str(near.origin))


def test_the_warning_is_logged_once_per_place(caplog: pytest.LogCaptureFixture, fresh_warnings: None) -> None:
    Path("app.yaml").write_text("pool_size: 3\n")
    with caplog.at_level(logging.WARNING, "toriconfig"):
        for _ in range(3):
            load(App, environ={})
    (record,) = caplog.records
    assert "app.yaml:1:1" in record.getMessage()
    assert "rename it to `database.pool.max_size`" in record.getMessage()


@pytest.mark.parametrize(
    ("name", "path", "value", "remedy"),
    [
        ("APP_POOL_SIZE", "database.pool.max_size", 7, "set APP_DATABASE__POOL__MAX_SIZE instead"),
        ("APP_DATABASE__POOL__MAXIMUM", "database.pool.max_size", 7, "set APP_DATABASE__POOL__MAX_SIZE instead"),
        ("APP_DB__POOL__MAX_SIZE", "database.pool.max_size", 7, "rename it to `database`"),
        ("APP_DB__POOL__MAXIMUM", "database.pool.max_size", 7, "rename it to `database`"),
        ("APP_OLD__DEEP", "words", ["7"], "set APP_WORDS instead"),
    ],
)
def test_variables_of_old_names_work_too(name: str, path: str, value: Any, remedy: str) -> None:
    found = attempt(App, "pool_size: 3", environ={name: "7"})
    assert found.loaded is not None
    explanation = explain(found.loaded.model, path)
    assert (name, json.dumps(value)) == (str(explanation.origin), explanation.value)
    assert (name, remedy) in [(place, help) for place, _, help in told(found)]
    assert not [one for one in found.problems if one.code == "TC501"]


def test_layers_meet_under_the_new_name() -> None:
    model = loaded(App, "pool_size: 3", "database: {pool: {max_size: 4}}", environ={"APP_POOL_SIZE": "5"})
    explanation = explain(model, "pool_size")
    origins = [explanation.origin, *(loser.origin for loser in explanation.losers)]
    assert ["APP_POOL_SIZE", "2.yaml:1:29", "1.yaml:1:12"] == list(map(str, origins[:3]))


def test_a_new_key_takes_precedence_over_an_old_one_of_its_layer_with_a_problem() -> None:
    found = attempt(App, "pool_size: 3\ndatabase: {pool: {max_size: 4}}")
    assert found.loaded is not None
    assert 4 == found.loaded.model.database.pool.max_size  # type: ignore[attr-defined]
    (one,) = found.problems
    assert "delete it: `database.pool.max_size` is set too, and is used" == one.help
    assert ["1.yaml:2:19"] == [str(other.origin) for other in one.related]


def test_an_old_and_a_new_section_are_one() -> None:
    model = loaded(App, "db: {host: old, pool: {timeout: 2}}\ndatabase: {host: new}")
    assert ("new", 2.0) == (model.database.host, model.database.pool.timeout)


def test_references_to_an_old_key_find_the_new_one() -> None:
    assert ["9 s"] == loaded(App, "pool_size: 9\nwords: ['${pool_size} s']").words
    assert ["9 s"] == loaded(App, "database: {pool: {max_size: 9}}\nwords: ['${db.pool.maximum} s']").words


def test_a_reference_to_an_old_key_is_reported_at_its_position() -> None:
    found = attempt(App, "database: {pool: {max_size: 9}}\nwords: ['${db.pool.maximum} s ${database.host}']")
    assert [("1.yaml:2:9", "words[0]", "write `${database.pool.max_size}` instead")] == told(found)


def test_code_may_use_old_names_as_well() -> None:
    model = load(App, environ={}, overrides={"pool_size": 2})
    assert 2 == model.database.pool.max_size
    assert 3 == replace(model, {"db.host": "x", "pool_size": 3}).database.pool.max_size


def test_a_wrong_value_is_reported_at_its_position() -> None:
    (error,) = refused(App, "pool_size: many").problems
    assert ("TC102", "1.yaml:1:12") == (error.code, str(error.origin))


def test_a_misspelt_old_name_is_not_accepted() -> None:
    assert ["TC101"] == [one.code for one in refused(App, "pool_sise: 3").problems]


def test_a_deprecated_key_without_a_successor_shows_its_own_message() -> None:
    assert [
        ("1.yaml:1:1", "gone", "use `database.host`"),
        ("1.yaml:2:1", "soon", "see the schema for what to use instead"),
    ] == told(attempt(App, "gone: 2\nsoon: 3"))
    assert [] == told(attempt(App, "words: []"))


def test_the_library_itself_reads_no_deprecated_field() -> None:
    Path("app.yaml").write_text("gone: 2\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = load(App, environ={})
        explain(model, "gone")
        replace(model, words=["x"])


def test_a_secret_under_its_old_name_is_masked() -> None:
    canary = Canary()
    found = attempt(App, f"legacy: {canary.secret}\npool_size: many")
    canary.absent_from(*map(repr, found.problems))
    bad = refused(App, f"legacy: {canary.secret}\nunknown: [x]\nlegcy: {canary.secret}")
    canary.absent_from(str(bad), *map(repr, bad.problems))
    (one,) = [problem for problem in found.problems if problem.path == "legacy"]
    assert one.excerpts[0][2] == "legacy: **********"


def test_a_rename_to_an_unknown_key_is_an_error_of_the_schema() -> None:
    class Wrong(BaseModel):
        model_config = SettingsConfigDict(renamed={"old": "nwe"})
        new: int = 1

    with pytest.raises(TypeError, match="`old` is renamed to `nwe`, which is no key of it"):
        load(Wrong, environ={}, overrides={"new": 2})


class Section(BaseModel):
    pool: Pool = Pool()
    token: Secret[str] | None = None


class SettingsSection(Settings):
    pool: Pool = Pool()


GIVEN: dict[str, Any] = {"env_prefix": "X_", "env_nested_delimiter": "__", "renamed": {"old": "pool"}}


@pytest.mark.parametrize("schema", [Section, SettingsSection])
@pytest.mark.parametrize(
    "said",
    [
        {"overrides": {"old": {"max_size": 3}}, "environ": {}},
        {"environ": {"X_OLD__MAX_SIZE": "3"}},
        {"environ": {"X_OLD__MAXIMUM": "3"}},
    ],
)
def test_load_and_lazy_take_the_renamed_keys_of_the_schema_itself(schema: Any, said: dict[str, Any]) -> None:
    made = [load(schema, **GIVEN, **said), lazy(schema, **GIVEN, **said)]
    assert [3, 3] == [one.pool.max_size for one in made]
    assert 7 == replace(made[1], old={"max_size": 7}).pool.max_size
    assert "pool.max_size" == explain(made[1], "old.max_size").path


def test_a_given_rename_to_an_unknown_key_is_an_error_even_if_unused() -> None:
    with pytest.raises(TypeError, match="`old` is renamed to `nwe`, which is no key of it"):
        load(Section, environ={}, renamed={"old": "nwe"})


@pytest.mark.parametrize(
    ("schema", "options"), [(Section, {"renamed": {"legacy": "token"}}), (App, {})], ids=["given", "declared"]
)
def test_a_recipe_with_a_secret_under_its_old_name_does_not_pickle(schema: Any, options: dict[str, Any]) -> None:
    settings = lazy(schema, overrides={"legacy": "hunter2"}, **options)
    with pytest.raises(TypeError, match="overrides hold the secret `legacy`"):
        pickle.dumps(settings)


def test_the_json_schema_allows_old_keys_and_names_the_new_ones() -> None:
    schema = schema_of_files(App)
    old = schema["properties"]["pool_size"]
    assert True is old["deprecated"]
    assert "database.pool.max_size" == old["x-toriconfig-replacement"]
    assert "Renamed to `database.pool.max_size`." == old["deprecationMessage"]
    assert True is schema["properties"]["legacy"]["x-toriconfig-secret"]
    assert (
        "max_size"
        == schema["properties"]["database"]["properties"]["pool"]["properties"]["maximum"][
            "x-toriconfig-replacement"
        ].rpartition(".")[2]
    )
    assert True is schema["properties"]["gone"]["deprecated"]
    assert "use `database.host`" == schema["properties"]["gone"]["deprecationMessage"]
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid({"pool_size": 3, "old": {"deep": ["a"]}, "database": {"pool": {"maximum": 3}}})
    assert not validator.is_valid({"pool_size": "many"})
    assert "APP_GONE" not in env_example(App)


def test_a_settings_class_warns_of_old_keys_in_files_and_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mine(Settings):
        model_config = SettingsConfigDict(
            config_name="mine", env_prefix="MINE_", renamed={"sise": "size", "wide": "width"}
        )
        size: int = 1
        width: int = 1

    Path("mine.yaml").write_text("sise: 3\n")
    monkeypatch.setenv("MINE_WIDE", "4")
    made = load(Mine)
    assert (3, 4) == (made.size, made.width)


class RenamesItself(Settings):
    model_config = SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__", renamed={"old": "pool.max_size"})

    pool: Pool = Pool()


class RenamesBelow(Settings):
    model_config = SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__")

    pool: Pool = Pool()


class WithoutPrefix(Settings):
    model_config = SettingsConfigDict(renamed={"app_old": "pool.max_size"})

    pool: Pool = Pool()


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        (RenamesItself, "APP_OLD"),
        (RenamesItself, "APP_POOL__MAXIMUM"),
        (RenamesBelow, "APP_POOL__MAXIMUM"),
        (WithoutPrefix, "APP_OLD"),
    ],
)
def test_a_settings_class_without_other_options_accepts_old_variables(
    schema: Any, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fresh_warnings: None
) -> None:
    monkeypatch.setenv(name, "6")
    assert [6, 6] == [made.pool.max_size for made in (schema(), load(schema))]
    assert "TC107" in caplog.text
    assert "TC501" not in caplog.text


@pytest.mark.parametrize(("schema", "given"), [(RenamesItself, {"old": 7}), (RenamesBelow, {"pool": {"maximum": 7}})])
def test_the_constructor_of_a_settings_class_takes_old_names(schema: Any, given: dict[str, Any]) -> None:
    assert 7 == schema(**given).pool.max_size


def test_an_override_and_a_reload_accept_old_names() -> None:
    from toriconfig import lazy

    Path("app.yaml").write_text("pool_size: 3\n")
    settings = lazy(App, environ={})
    with override(settings, {"pool_size": 8}):
        assert 8 == settings.database.pool.max_size
    assert 3 == settings.database.pool.max_size
    Path("app.yaml").write_text("pool_size: 4\n")
    assert ["database.pool.max_size"] == [change.path for change in reload(settings)]
