"""A `Settings` class with an option of ours: its sources are layers among ours, and every value has its origin."""

# ruff: noqa: RUF012 - defaults of a model are copied

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from pydantic_settings import (
    CliApp,
    CliSettingsSource,
    EnvSettingsSource,
    JsonConfigSettingsSource,
    PydanticBaseSettingsSource,
    SettingsError,
)
from toriconfig import ConfigError, Settings, SettingsConfigDict, explain, health, lazy, load, override, reload, replace
from toriconfig.testing import reset_warnings


class Pool(BaseModel):
    size: int = 1


class Database(BaseModel):
    host: str = "localhost"
    pool: Pool = Pool()
    tags: list[str] = []


class App(Settings):
    model_config = SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__", config_name="app", env_file=".env")

    port: int = 1
    name: str = "app"
    database: Database = Database()
    free: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reset_warnings()
    Path("app.yaml").write_text("port: 80\ndatabase:\n  host: from-file\n  pool: {size: 4}\n")
    Path(".env").write_text("# comment\nAPP_PORT=81\nAPP_NAME=dotted\n")


def beaten(settings: Any, path: str) -> list[str]:
    """Origin of a key, and the overridden origins."""
    explanation = explain(settings, path)
    return [str(explanation.origin), *(str(loser.origin) for loser in explanation.losers)]


def test_a_value_from_the_file_is_reported_with_line_and_column() -> None:
    assert beaten(load(App, environ={}), "database.pool.size") == ["app.yaml:4:16", "default App.database.pool.size"]


def test_options_may_be_given_as_class_arguments() -> None:
    class Below(App, config_name="other", env_prefix="X_", env_file=None):
        pass

    Path("other.yaml").write_text("port: 5\n")
    assert beaten(load(Below, environ={"X_NAME": "x"}), "port")[0] == "other.yaml:1:7"
    assert load(App, environ={}).port == 81


def test_the_constructor_reads_the_same_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_PORT", "82")
    made = App()
    assert (made.port, made.name, made.database.host) == (82, "dotted", "from-file")
    assert beaten(made, "port") == ["APP_PORT", ".env:2 APP_PORT", "app.yaml:1:7", "default App.port"]


def test_arguments_of_the_constructor_are_the_code_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_DATABASE__HOST", "from-env")
    made = App(database={"host": "given"})  # type: ignore[arg-type]
    assert made.database.pool.size == 4
    assert beaten(made, "database.host")[:3] == ["App(database.host=...)", "APP_DATABASE__HOST", "app.yaml:3:9"]


def test_a_variable_is_reported_as_it_is_spelt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("app_Database__Pool__Size", "9")
    assert beaten(App(), "database.pool.size")[0] == "app_Database__Pool__Size"


def test_json_in_a_variable_is_reported_by_the_variable() -> None:
    made = load(App, environ={"APP_DATABASE": '{"pool": {"size": 7}}', "APP_DATABASE__HOST": "h"})
    assert (made.database.pool.size, made.database.host) == (7, "h")
    assert beaten(made, "database.pool.size")[0] == "APP_DATABASE"
    assert beaten(made, "database.host")[0] == "APP_DATABASE__HOST"


def test_an_alias_is_found_without_the_prefix_as_pydantic_settings_has_it() -> None:
    class Aliased(App):
        port: int = Field(1, validation_alias="SERVICE_PORT")

    made = load(Aliased, environ={"service_port": "5", "APP_PORT": "6"}, env_file=None, config_name=None)
    assert made.port == 5
    assert beaten(made, "SERVICE_PORT")[0] == "service_port"


def test_load_takes_any_environment_and_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_PORT", "not this")
    made = load(App, environ={"APP_PORT": "90"}, overrides={"database.host": "over", "name": "${env:WHO:-me}"})
    assert (made.port, made.database.host, made.name) == (90, "over", "me")
    assert beaten(made, "database.host")[:2] == ['overrides["database.host"]', "app.yaml:3:9"]


def test_options_of_load_override_those_of_the_class() -> None:
    Path("other.yaml").write_text("port: 5\n")
    made = load(App, environ={"X__NAME": "x"}, config_files=["other.yaml"], env_prefix="X__", env_file=None)
    assert (made.port, made.name) == (5, "x")


def test_the_profile_comes_from_the_environment() -> None:
    Path("app.prod.yaml").write_text("name: ${profile}\n")
    assert load(App, environ={"APP_PROFILE": "prod"}, env_file=None).name == "prod"


def test_references_are_resolved_in_our_files_only(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("app.yaml").write_text("name: ${env:WHO}\n")
    monkeypatch.setenv("WHO", "${env:PATH}")
    monkeypatch.setenv("APP_FREE__A", "${env:WHO}")
    made = App(_env_file=None)  # type: ignore[call-arg]
    assert (made.name, made.free) == ("${env:PATH}", {"a": "${env:WHO}"})


def test_a_class_without_options_has_origins_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Neutral(Settings):
        model_config = SettingsConfigDict(env_prefix="N_", env_file=".env", extra="ignore")
        port: int = 1
        app_name: str = "x"
        name: str = "n"

    monkeypatch.setenv("N_PORT", "2")
    Path(".env").write_text("\nN_PORT=3\nN_APP_NAME=y\n")
    made = Neutral(name="given")
    assert beaten(made, "port") == ["N_PORT", ".env:2 N_PORT", "default Neutral.port"]
    assert beaten(made, "app_name")[0] == ".env:3 N_APP_NAME"
    assert beaten(made, "name")[0] == "Neutral(name=...)"
    assert beaten(Neutral(), "name") == ["default Neutral.name"]
    assert [read.kind for read in health(made).layers] == ["dotenv", "env", "code"]


def test_instances_can_be_replaced_and_keep_their_arguments() -> None:
    made = App(port=3)
    changed = replace(made, {"database.pool.size": 8})
    assert (changed.port, changed.database.pool.size, changed.database.host) == (3, 8, "from-file")
    assert beaten(changed, "port")[0] == "App(port=...)"
    assert made.database.pool.size == 4


def test_a_later_assignment_has_the_origin_code() -> None:
    made = App()
    made.port = 5
    made.database = Database(host="assigned")
    assert replace(made).port == 5
    assert replace(made).database.host == "assigned"
    assert beaten(made, "port")[:2] == ["App.port", ".env:2 APP_PORT"]


def test_only_load_freezes_containers() -> None:
    made = App(free={"a": 1})
    made.free["b"] = 2
    with pytest.raises(TypeError, match="cannot be changed"):
        load(App, overrides={"free": {"a": 1}}).free["b"] = 2


def test_lazy_loads_reloads_and_is_overridden(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = lazy(App)
    assert settings.port == 81
    with override(settings, port=5):
        assert settings.port == 5
    monkeypatch.setenv("APP_PORT", "83")
    assert [change.path for change in reload(settings)] == ["port"]
    assert settings.port == 83
    monkeypatch.setenv("APP_PORT", "x")
    with pytest.raises(ConfigError, match="APP_PORT"):
        reload(settings)
    assert settings.port == 83


def test_load_runs_a_custom_constructor() -> None:
    class Own(App):
        def __init__(self, **values: Any) -> None:
            super().__init__(**values)
            self.name += "!"

    assert (Own().name, load(Own).name) == ("dotted!", "dotted!")


class Mine(PydanticBaseSettingsSource):
    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        return {"name": f"saw {sorted(self.current_state)}", "database": {"host": "mine"}}


class Custom(App):
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: Any,
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        assert type(env_settings) is EnvSettingsSource
        return env_settings, Mine(settings_cls), JsonConfigSettingsSource(settings_cls, "data.json"), init_settings


def test_sources_of_users_take_part_in_their_order_under_their_class_name() -> None:
    Path("data.json").write_text('{"free": {"a": {"b": 1}}, "port": 6}')
    made = load(Custom, environ={"APP_PORT": "5"}, overrides={"port": 7, "free": {"c": 2}})
    assert (made.port, made.name, made.free) == (5, "saw ['free', 'port']", {"a": {"b": 1}, "c": 2})
    assert beaten(made, "port")[:4] == ["APP_PORT", "JsonConfigSettingsSource", 'overrides["port"]', "app.yaml:1:7"]
    assert beaten(made, "database.host")[:2] == ["Mine", "app.yaml:3:9"]
    assert beaten(made, "free.a.b")[0] == "JsonConfigSettingsSource"


def test_the_variables_of_overrides_are_used_without_arguments() -> None:
    class Fewer(App):
        @classmethod
        def settings_customise_sources(cls, *classes: Any, **made: Any) -> tuple[PydanticBaseSettingsSource, ...]:
            return (made["env_settings"],)

    assert load(Fewer, environ={"APP_PORT": "5"}, overrides={"port": 7}).port == 7


def test_the_option_layers_ranks_the_sources_that_pydantic_settings_makes() -> None:
    class Ranked(App):
        model_config = SettingsConfigDict(layers=("files", "env", "code", "defaults"))

    made = load(Ranked, environ={"APP_PORT": "5", "APP_NAME": "env"}, overrides={"port": 7, "name": "code"})
    assert beaten(made, "port") == ["app.yaml:1:7", "APP_PORT", 'overrides["port"]', "default Ranked.port"]
    assert made.name == "env"


def test_the_command_line_overrides_everything() -> None:
    class Cli(App):
        model_config = SettingsConfigDict(cli_parse_args=["--database.pool.size", "7"])

    made = Cli(database={"pool": {"size": 3}})  # type: ignore[arg-type]
    assert beaten(made, "database.pool.size")[:3] == [
        "command line --database.pool.size",
        "Cli(database.pool.size=...)",
        "app.yaml:4:16",
    ]
    assert load(Cli).database.pool.size == 7
    own = CliSettingsSource[Any](App, cli_parse_args=["--port", "4"])
    assert App(_cli_settings_source=own).port == 4  # type: ignore[call-arg]


def test_an_application_on_the_command_line_has_layers_too() -> None:
    class Run(App):
        def cli_cmd(self) -> None:
            self.name += " ran"

    made = CliApp.run(Run, cli_args=["--port", "9"])
    assert (made.port, made.name, made.database.host) == (9, "dotted ran", "from-file")
    assert beaten(made, "port")[0] == "command line --port"


def test_a_misspelt_variable_warns_once_with_the_name_that_was_meant(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "toriconfig"):
        for _ in range(2):
            load(App, environ={"APP_PRT": "1", "APP_DATABASE__HOOST": "x", "APP_VAULT__TIMEOUT": "2", "OTHER": "1"})
    told = sorted(record.getMessage() for record in caplog.records)
    assert len(told) == 2
    assert "did you mean `APP_DATABASE__HOST`?" in told[0]
    assert "did you mean `APP_PORT`?" in told[1]


def test_a_misspelt_key_in_the_json_of_a_variable_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"unknown key `hoost`"):
        load(App, environ={"APP_DATABASE": '{"hoost": "x"}'})


def test_variables_of_kubernetes_for_a_service_are_ignored() -> None:
    made = load(App, environ={"APP_PORT": "tcp://10.0.0.1:80", "APP_SERVICE_HOST": "10.0.0.1"}, env_file=None)
    assert made.port == 80
    assert health(made).warnings == ()


def test_two_spellings_of_a_variable_are_an_error_unless_case_counts() -> None:
    environ = {"APP_PORT": "1", "app_port": "2"}
    with pytest.raises(ConfigError, match="two spellings"):
        load(App, environ=environ)

    class Cased(App):
        model_config = SettingsConfigDict(case_sensitive=True, env_prefix="APP_")
        PORT: int = 0

    assert load(Cased, environ=environ, env_file=None, config_name=None).PORT == 1


def test_the_constructor_raises_errors_of_pydantic_and_ours_together() -> None:
    Path("app.yaml").write_text("port: x\ndatabase: {hoost: h}\n")
    with pytest.raises(ValidationError) as caught:
        App(_env_file=None)  # type: ignore[call-arg]
    assert {(error["loc"], error["type"]) for error in caught.value.errors()} == {
        (("port",), "int_parsing"),
        (("database", "hoost"), "extra_forbidden"),
    }
    assert "app.yaml:2:12" in str(caught.value)


def test_load_reports_all_problems_at_once() -> None:
    Path("app.yaml").write_text("port: x\ndatabase: {hoost: h}\n")
    with pytest.raises(ConfigError) as caught:
        load(App, environ={"APP_DATABASE__TAGS": "[1"}, env_file=None)
    assert {problem.path for problem in caught.value.problems} >= {"port", "database.hoost", "database"}


@pytest.mark.parametrize(
    ("text", "words"),
    [("a: [", "not closed"), ("free: {a: '${env:NOBODY}'}", "NOBODY"), ("port: 1\nport: 2", "duplicate")],
)
def test_a_file_that_cannot_be_used_is_a_settings_error_for_the_constructor(text: str, words: str) -> None:
    Path("app.yaml").write_text(text)
    with pytest.raises(SettingsError, match=words):
        App()
    with pytest.raises(ConfigError, match=words):
        load(App)


def test_a_source_that_pydantic_settings_refuses_is_a_config_error_for_load() -> None:
    with pytest.raises(SettingsError, match='field "free" from source "EnvSettingsSource"'):
        load_by_constructor({"APP_FREE": "{"})
    with pytest.raises(ConfigError, match='field "free" from source "EnvSettingsSource"') as caught:
        load(App, environ={"APP_FREE": "{"})
    assert caught.value.problems[0].path == "free"


def load_by_constructor(environ: dict[str, str]) -> App:
    with pytest.MonkeyPatch.context() as patch:
        for name, text in environ.items():
            patch.setenv(name, text)
        return App()


def test_unknown_keys_pass_with_the_option_although_settings_forbid_extras() -> None:
    Path("app.yaml").write_text("port: 2\nnobody: 1\ndatabase: {none: 1}\n")
    assert load(App, unknown_keys="ignore", env_file=None).port == 2
    assert len(health(load(App, unknown_keys="warn", env_file=None)).warnings) == 2
