"""Which variables a `Settings` class with options of ours reads: those that pydantic-settings reads, and renamed keys."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, Field

from toriconfig import Settings, SettingsConfigDict, load
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
def test_where_case_counts_another_spelling_is_another_variable(
    environ: dict[str, str], values: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    assert [(made.port, made.pool.size) for made in (Cased(), load(Cased, environ=environ))] == [values, values]


def test_where_case_counts_the_hint_is_spelt_as_it_is_read(caplog: pytest.LogCaptureFixture) -> None:
    load(Cased, environ={"C_PORT": "9"})
    assert "variable `C_PORT` means no key of the schema (did you mean `C_port`?)" in caplog.text


def test_an_alias_is_not_read_with_the_prefix(caplog: pytest.LogCaptureFixture) -> None:
    class Aliased(Settings):
        model_config = SettingsConfigDict(env_prefix="APP_", unknown_keys="error")
        port: int = Field(1, validation_alias="P")

    assert load(Aliased, environ={"APP_P": "9"}).port == 1
    assert "variable `APP_P` means no key" in caplog.text
    assert "did you mean" not in caplog.text
