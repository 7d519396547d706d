"""Options of a load: profile, files and local files, from options, variables and `.env` files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from pydantic_settings import BaseSettings
from support.loading import attempt, loaded, problems, refused
from toriconfig import Secret, Settings, SettingsConfigDict, load
from toriconfig.sources import endings
from toriconfig.testing import reset_warnings

ENDINGS_SHOWN = ", ".join(endings())


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    reset_warnings()


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", env_file=".env")
    a: str = "-"


class OfSettings(Settings):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", env_file=".env")
    a: str = "-"


def write(**files: str) -> None:
    """Files of the working directory: `_` in their names stands for a dot."""
    for name, text in files.items():
        Path(name.replace("_", ".")).write_text(text)


@pytest.mark.parametrize("schema", [App, OfSettings])
@pytest.mark.parametrize("name", ["APP_PROFILE", "app_profile"])
def test_the_profile_may_be_set_in_a_dotenv_file(schema: Any, name: str) -> None:
    write(app_yaml="a: base", app_dev_yaml="a: dev", app_prod_yaml="a: prod", _env=f"{name}=dev\n")
    assert "dev" == loaded(schema).a
    assert "prod" == loaded(schema, environ={"APP_PROFILE": "prod"}).a
    assert "base" == loaded(schema, environ={"APP_PROFILE": ""}).a
    assert [] == problems(schema)


def test_a_wrong_profile_in_a_dotenv_file_is_reported_with_its_line() -> None:
    write(app_dev_yaml="a: dev", _env="OTHER=1\nAPP_PROFILE=dve\n")
    (only,) = refused(App).problems
    assert ("TC503", ".env:2 APP_PROFILE", "did you mean `dev`?") == (only.code, str(only.origin), only.help)


def test_the_files_may_be_named_in_a_dotenv_file() -> None:
    write(one_yaml="a: one", two_yaml="a: two", _env="APP_CONFIG_FILE=one.yaml:two.yaml\n")
    assert "two" == loaded(App).a
    assert "-" == loaded(App, layers=["env", "files", "defaults"]).a


def test_a_variable_with_its_own_name_may_be_in_a_dotenv_file() -> None:
    write(app_dev_yaml="a: dev", _env="STAGE=dev\n")
    assert "dev" == loaded(App, profile_env="STAGE").a


def test_a_field_of_the_name_of_a_steering_variable_is_a_field_and_steers_nothing() -> None:
    class Fields(App):
        profile: str = "-"
        config_file: str = "-"
        local: str = Field("-", alias="no_local")

    write(app_yaml="a: base", app_local_yaml="a: local", _env="APP_CONFIG_FILE=/etc/other/app.ini\n")
    model = loaded(Fields, environ={"APP_PROFILE": "my account", "APP_NO_LOCAL": "maybe"})
    assert ("local", "my account", "/etc/other/app.ini", "maybe") == (
        model.a, model.profile, model.config_file, model.local,
    )  # fmt: skip


def test_a_field_called_profile_leaves_a_variable_with_a_name_of_its_own_in_charge() -> None:
    class Fields(App):
        profile: str = "-"

    write(app_dev_yaml="a: dev")
    model = loaded(Fields, profile_env="STAGE", environ={"STAGE": "dev", "APP_PROFILE": "mine"})
    assert ("dev", "mine") == (model.a, model.profile)


@pytest.mark.parametrize(
    ("given", "a"),
    [
        ({}, "local"),
        ({"local": False}, "base"),
        ({"environ": {"APP_NO_LOCAL": "1"}}, "base"),
        ({"environ": {"APP_NO_LOCAL": "True"}}, "base"),
        ({"environ": {"APP_NO_LOCAL": "false"}}, "local"),
        ({"environ": {"APP_NO_LOCAL": ""}}, "local"),
    ],
    ids=str,
)
def test_local_files_can_be_left_out(given: dict[str, Any], a: str) -> None:
    write(app_yaml="a: base", app_local_yaml="a: local")
    assert a == loaded(App, **given).a


def test_a_dotenv_file_can_leave_local_files_out() -> None:
    write(app_yaml="a: base", app_local_yaml="a: local", _env="APP_NO_LOCAL=yes\n")
    assert "base" == loaded(App).a


def test_a_value_that_is_not_a_boolean_is_an_error() -> None:
    (only,) = refused(App, environ={"APP_NO_LOCAL": "perhaps"}).problems
    assert ("TC102", "APP_NO_LOCAL") == (only.code, str(only.origin))


@pytest.mark.parametrize("name", ["app.yaml", "app.yml", "app.json"])
def test_a_name_with_an_ending_is_the_name(name: str) -> None:
    write(app_yaml="a: base", app_local_yaml="a: local")
    assert "local" == loaded(App, config_name=name).a


@pytest.mark.parametrize(
    "option", ["config_dir", "config_name", "config_files", "env_file", "secrets_dir", "yaml_file"]
)
def test_a_tilde_is_the_home_directory_in_every_path(option: str) -> None:
    home = Path("home")
    (home / "run").mkdir()
    for name, text in (("app.yaml", "a: x"), ("h.env", "APP_A=x"), ("run/a", "x")):
        (home / name).write_text(text)
    given = {
        "config_dir": "~",
        "config_name": "~/app",
        "config_files": Path("~/app.yaml"),
        "env_file": ["~/h.env"],
        "secrets_dir": "~/run",
        "yaml_file": "~/app.yaml",
    }
    assert "x" == loaded(App, **{option: given[option]}).a


def test_a_tilde_is_the_home_directory_in_variables_and_roots() -> None:
    Path("home/app.yaml").write_text("a: ${file:~/text}")
    Path("home/text").write_text("x")
    assert "x" == loaded(App, environ={"APP_CONFIG_FILE": "~/app.yaml"}, file_roots=["~"]).a


def test_required_settings_files_must_be_found() -> None:
    (only,) = refused(App, required=True).problems
    assert ("TC006", "error", "no settings file was found") == (only.code, only.severity, only.message)
    assert f"{Path.cwd() / 'app'} ({ENDINGS_SHOWN})" in only.expected
    write(app_local_yaml="a: x")
    assert "x" == loaded(App, required=True).a


def test_searched_files_are_logged_at_info(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "toriconfig"):
        load(App, environ={}, profile=None)
        write(app_yaml="a: x")
        load(App, environ={})
    assert [
        f"App: no settings file; looked for {Path.cwd() / 'app'} ({ENDINGS_SHOWN}), {Path.cwd() / 'app.local.yaml'}",
        "App: settings files: app.yaml",
    ] == caplog.messages


def test_without_options_for_files_nothing_is_logged_at_info(caplog: pytest.LogCaptureFixture) -> None:
    class Plain(BaseModel):
        a: str = "-"

    with caplog.at_level(logging.INFO, "toriconfig"):
        load(Plain)
    assert [] == caplog.messages


def test_files_of_pydantic_settings_options_are_read_and_may_be_missing() -> None:
    class Named(BaseModel):
        model_config = SettingsConfigDict(yaml_file=["y.yaml", "none.yaml"], json_file="j.json")
        a: str = "-"
        b: str = "-"

    write(y_yaml="a: y", j_json='{"a": "j", "b": "j"}')
    model = loaded(Named)
    assert ("y", "j") == (model.a, model.b)
    assert attempt(Named, config_name="app").loaded is not None


def test_a_tilde_is_expanded_in_paths_for_vault() -> None:
    from toriconfig import Vault
    from toriconfig._vault.auth.login import read_text
    from toriconfig._vault.resolve import resolve

    home = str(Path("home").absolute())
    paths: dict[str, Any] = {"ca_cert": "~/ca.pem", "client_cert": "~/cert.pem", "client_key": "~/key.pem"}
    found = resolve(Vault("https://vault.example", **paths), {})
    assert found is not None
    assert [f"{home}/ca.pem", f"{home}/cert.pem", f"{home}/key.pem"] == [
        found.tls.ca_cert,
        found.tls.cert,
        found.tls.key,
    ]
    of_variables = resolve(Vault("https://vault.example"), {"VAULT_CACERT": "~/ca.pem", "VAULT_CLIENT_CERT": "~/c.pem"})
    assert of_variables is not None
    assert (f"{home}/ca.pem", f"{home}/c.pem") == (of_variables.tls.ca_cert, of_variables.tls.cert)
    Path("home/token").write_text("t0ken\n")
    assert "t0ken" == read_text("~/token", "the token")


def test_a_tilde_is_the_home_directory_in_a_secret_s_file() -> None:
    class Sealed(BaseModel):
        token: Secret[str]

    Path("home/token").write_text("t0ken\n")
    assert "t0ken" == loaded(Sealed, "token: ${file:~/token}").token.get()


class _Named(Settings):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", env_file=".env", profile_env="APP_ENV")
    a: str = "-"


class _OfPydantic(BaseSettings):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", env_file=".env", profile_env="APP_ENV")
    a: str = "-"


@pytest.mark.parametrize(
    "more", [{}, {"case_sensitive": True}, {"env_nested_delimiter": "__", "env_nested_max_split": 1}]
)
@pytest.mark.parametrize("name", ["APP_ENV", "app_env"])
def test_a_profile_variable_with_the_prefix_is_not_unknown(more: dict[str, Any], name: str) -> None:
    write(app_yaml="a: base", app_dev_yaml="a: dev")
    schemas: list[Any] = [_Named, _OfPydantic]
    for schema in schemas:
        found = attempt(schema, environ={name: "dev"}, **more)
        assert found.loaded is not None
        assert [] == [str(one) for one in found.problems]
        assert "dev" == loaded(schema, environ={name: "dev"}, **more).a
        assert ["TC501"] == [one.code for one in problems(schema, environ={"APP_ENVS": "x", name: "dev"}, **more)]
    write(_env=f"{name}=dev\n")
    assert [] == problems(_Named, **more)
