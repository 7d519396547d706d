"""Variables of a `Settings` class with options of ours: those that pydantic-settings reads, and renamed keys."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field

from toriconfig import Secret, Settings, SettingsConfigDict, load
from toriconfig._core.path import show
from toriconfig._inspect.json_schema import variables_of
from toriconfig.testing import reset_warnings


@pytest.fixture(autouse=True)
def _anew() -> None:
    reset_warnings()


class CasedPool(BaseModel):
    size: int = 1


class Cased(Settings):
    model_config = SettingsConfigDict(
        case_sensitive=True, env_prefix="C_", env_nested_delimiter="__", unknown_keys="error", renamed={"old": "port"}
    )
    port: int = 1
    pool: CasedPool = CasedPool()


@pytest.mark.parametrize(
    ("environ", "values"),
    [
        ({"C_PORT": "9"}, (1, 1)),
        ({"C_PORT": "9", "C_port": "5"}, (5, 1)),
        ({"C_port": "5", "c_port": "9"}, (5, 1)),
        ({"C_POOL__SIZE": "9", "C_pool__size": "5"}, (1, 5)),
        ({"C_OLD": "9"}, (1, 1)),
        ({"C_old": "9"}, (9, 1)),
    ],
)
def test_another_spelling_is_another_variable_if_case_sensitive(
    environ: dict[str, str], values: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    assert [(made.port, made.pool.size) for made in (Cased(), load(Cased, environ=environ))] == [values, values]


def test_the_hint_has_the_exact_spelling_if_case_sensitive(caplog: pytest.LogCaptureFixture) -> None:
    load(Cased, environ={"C_PORT": "9"})
    assert "variable `C_PORT` is not a key of the schema (did you mean `C_port`?)" in caplog.text


def test_an_alias_is_not_read_with_the_prefix(caplog: pytest.LogCaptureFixture) -> None:
    class Aliased(Settings):
        model_config = SettingsConfigDict(env_prefix="APP_", unknown_keys="error")
        port: int = Field(1, validation_alias="P")

    assert load(Aliased, environ={"APP_P": "9"}).port == 1
    assert "variable `APP_P` is not a key of the schema (did you mean `P`?)" in caplog.text


class Below(BaseModel):
    size: int = Field(default=1, validation_alias="theSize")


def with_names(target: Any, case_sensitive: bool) -> type[Settings]:
    class Named(Settings):
        model_config = SettingsConfigDict(
            env_prefix="App_",
            env_nested_delimiter="__x__",
            env_prefix_target=target,
            case_sensitive=case_sensitive,
        )
        port: int = 1
        plain: int = Field(1, validation_alias="Plain_No")
        several: int = Field(1, validation_alias=AliasChoices("First", "Second"))
        below: Below = Below()
        aliased: Below = Field(Below(), validation_alias="Other")
        inside: int = Field(1, validation_alias=AliasPath("Whole", "deep"))

    return Named


@pytest.mark.parametrize("case_sensitive", [False, True])
@pytest.mark.parametrize("target", ["variable", "alias", "all"])
def test_each_variable_that_is_named_sets_its_key(target: str, case_sensitive: bool) -> None:
    cls = with_names(target, case_sensitive)
    named = dict(variables_of(cls, sections=True))
    assert len(named) == 8
    for name, path in named.items():
        text = {"below": '{"theSize": 7}', "Other": '{"theSize": 7}', "Whole": '{"deep": 7}'}.get(show(path), "7")
        assert "7" in str(load(cls, environ={name: text})), name


@pytest.mark.parametrize(
    ("case_sensitive", "alias", "name", "looked"),
    [
        (False, "Api_Key", "API_KEY", "variables A_*, variable API_KEY"),
        (True, "Api_Key", "Api_Key", "variables A_*, variable Api_Key"),
        (True, None, "A_key", "variables A_*"),
    ],
)
def test_a_missing_key_is_reported_with_its_variable(
    case_sensitive: bool, alias: str | None, name: str, looked: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Lacking(Settings):
        model_config = SettingsConfigDict(env_prefix="A_", case_sensitive=case_sensitive)
        key: Secret[str] = Field(validation_alias=alias)

    load(Lacking, environ={})
    assert f"looked in: {looked}; set {name}" in caplog.text
    assert load(Lacking, environ={name: "x"}).key.get() == "x"
