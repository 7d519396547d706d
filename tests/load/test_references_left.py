"""Text that looks like a reference, from a layer that resolves none: never a credential."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr
from pydantic_settings.exceptions import SettingsError

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, TomlConfigSettingsSource
from support.loading import loaded, problems, refused
from toriconfig import Secret, Settings, SettingsConfigDict, load, override, replace
from toriconfig import lazy as lazily
from toriconfig.errors import SecretError

TEXT = "${vault:secret/app#token}"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("run").mkdir()


class Account(BaseModel):
    user: str
    password: str


class App(BaseModel):
    model_config = SettingsConfigDict(env_prefix="A_", env_nested_delimiter="__", env_file=".env", secrets_dir="run")
    token: Secret[str] = Secret("default")
    account: Secret[Account] | None = None
    theirs: SecretStr = SecretStr("default")
    plain: str = "default"


class FromToml(Settings):
    model_config = SettingsConfigDict(toml_file="app.toml", vault_path="secret/other", env_prefix="A_")
    token: Secret[str]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, TomlConfigSettingsSource(settings_cls)


def from_env(name: str, text: str) -> dict[str, Any]:
    return {"environ": {f"A_{name.upper()}": text} | ({"A_ACCOUNT__USER": "u"} if "__" in name else {})}


def from_dotenv(name: str, text: str) -> dict[str, Any]:
    Path(".env").write_text(f"A_{name.upper()}='{text}'\n" + "A_ACCOUNT__USER=u\n" * ("__" in name))
    return {}


def from_secrets_dir(name: str, text: str) -> dict[str, Any]:
    Path(f"run/{name}").write_text(text)
    if "__" in name:
        Path("run/account__user").write_text("u")
    return {}


@pytest.mark.parametrize("source", [from_env, from_dotenv, from_secrets_dir])
@pytest.mark.parametrize("name", ["token", "theirs", "account__password"])
@pytest.mark.parametrize("text", [TEXT, "pg://u:${vault:secret/app#p}@h", "${env:OTHER}", "${file:/run/x}"])
def test_a_secret_whose_value_looks_like_a_reference_is_an_error(source: Any, name: str, text: str) -> None:
    found = refused(App, **source(name, text)).problems
    assert ["TC307"] == [problem.code for problem in found]
    assert found[0].origin is not None
    assert all(part not in str(found) for part in ("secret/app", "OTHER", "/run/x"))


@pytest.mark.parametrize("source", [from_env, from_dotenv, from_secrets_dir])
def test_a_reference_in_a_plain_field_stays_text_with_a_warning(source: Any) -> None:
    given = source("plain", TEXT)
    assert TEXT == loaded(App, **given).plain
    assert [("TC307", "warning", "plain")] == [(one.code, one.severity, one.path) for one in problems(App, **given)]


@pytest.mark.parametrize("text", ["a${b}c", "${}", "$${vault", "${HOME}", "pa$$word${x:y}"])
def test_other_text_in_braces_may_be_a_credential(text: str) -> None:
    assert text == loaded(App, environ={"A_TOKEN": text}).token.get()
    assert [] == problems(App, environ={"A_TOKEN": text, "A_PLAIN": text})


def test_an_invalid_value_that_is_overridden_is_no_error() -> None:
    Path(".env").write_text(f"A_TOKEN='{TEXT}'\n")
    assert "env" == loaded(App, environ={"A_TOKEN": "env"}).token.get()


def test_toml_through_pydantic_settings_resolves_none() -> None:
    Path("app.toml").write_text(f"token = '{TEXT}'\n")
    (only,) = refused(FromToml).problems
    assert ("TC307", "token") == (only.code, only.path)
    with pytest.raises(SettingsError, match="TC307"):
        FromToml()  # type: ignore[call-arg]


def test_arguments_of_a_constructor_resolve_none() -> None:
    with pytest.raises(SettingsError, match="TC307"):
        FromToml(token=TEXT)  # type: ignore[arg-type]


@pytest.mark.parametrize("default", [TEXT, Secret(TEXT)], ids=["text", "handle"])
def test_defaults_resolve_none(default: Any) -> None:
    class Default(BaseModel):
        token: Secret[str] = default

    assert ["TC307"] == [problem.code for problem in refused(Default).problems]


def test_a_handle_given_in_code_holds_no_reference() -> None:
    assert ["TC307"] == [problem.code for problem in refused(App, overrides={"token": Secret(TEXT)}).problems]


def test_the_value_of_a_variable_in_a_reference_is_not_scanned_again() -> None:
    (only,) = refused(App, "token: ${env:X}", environ={"X": TEXT}).problems
    assert ("TC307", "1.yaml:1:8") == (only.code, str(only.origin))
    assert TEXT == loaded(App, "plain: ${env:X}", environ={"X": TEXT}).plain


def test_a_file_that_a_secret_comes_from_resolves_none() -> None:
    Path("file").write_text(TEXT)
    with pytest.raises(SecretError, match="contains a reference") as caught:
        loaded(App, "token: ${file:file}").token.get()
    assert "secret/app" not in str(caught.value)


def test_an_escaped_reference_in_a_settings_file_is_text_on_purpose() -> None:
    model = loaded(App, "token: $${vault:x#k}\nplain: $${vault:x#k}")
    assert ("${vault:x#k}", "${vault:x#k}") == (model.token.get(), model.plain)
    assert [] == problems(App, "token: $${vault:x#k}\nplain: $${vault:x#k}")
    assert "${vault:x#k}" == replace(model, plain="y").token.get()


def test_overrides_resolve_references() -> None:
    assert "x" == load(App, overrides={"token": "${env:X}"}, environ={"X": "x"}).token.get()
    settings = lazily(App, environ={"X": "x"})
    with override(settings, token="${env:X}") as seen:
        assert "x" == seen.token.get()
