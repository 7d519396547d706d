"""A settings class below another schema reads its own sources, and the whole has the origins of its values."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from pydantic import BaseModel, Field

from toriconfig import Secret, Settings, SettingsConfigDict, explain, health, lazy, load, reload, replace


class Plain(Settings):
    model_config = SettingsConfigDict(env_prefix="DB_", env_nested_delimiter="__")
    pool: int = 3
    host: str = "h"
    names: dict[str, str] = {}  # noqa: RUF012 - defaults of a model are copied


class Sealed(Plain):
    url: Secret[str]


class Outer(BaseModel):
    model_config = SettingsConfigDict(env_prefix="AP_", env_nested_delimiter="__")
    plain: Plain = Field(default_factory=Plain)
    sealed: Sealed = Field(default_factory=Sealed)  # type: ignore[arg-type]


class OuterSettings(Settings):
    plain: Plain = Field(default_factory=Plain)
    sealed: Sealed


@pytest.fixture(autouse=True)
def _environ(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {"POOL": "11", "URL": "c4nary-url", "NAMES__A": "x"}.items():
        monkeypatch.setenv(f"DB_{name}", text)


def beaten(settings: Any, path: str) -> list[str]:
    """Origin of a key, and the overridden origins."""
    explanation = explain(settings, path)
    return [str(explanation.origin), *(str(loser.origin) for loser in explanation.losers)]


@pytest.mark.parametrize("section", ["plain", "sealed"])
@pytest.mark.parametrize("make", [partial(load, Outer), partial(load, OuterSettings), OuterSettings])
def test_values_that_a_section_reads_itself_have_their_origin(section: str, make: Callable[[], Any]) -> None:
    made = make()
    assert beaten(made, f"{section}.pool")[0] == "DB_POOL"
    assert beaten(made, f"{section}.names.a")[0] == "DB_NAMES__A"
    assert beaten(made, f"{section}.host") == [f"default {type(made).__name__}.{section}.host"]


@pytest.mark.parametrize("section", ["plain", "sealed"])
def test_values_of_the_whole_take_precedence_over_those_of_a_section(section: str) -> None:
    made: Any = load(Outer, environ={f"AP_{section}__POOL": "5"}, overrides={f"{section}.names.b": "y"})
    assert beaten(made, f"{section}.pool") == [f"AP_{section}__POOL", "DB_POOL", f"default Outer.{section}.pool"]
    assert beaten(made, f"{section}.names.a") == ["DB_NAMES__A"]
    assert beaten(made, f"{section}.names.b") == [f'overrides["{section}.names.b"]']


def test_a_secret_that_a_section_finds_belongs_to_the_whole() -> None:
    made = load(OuterSettings)
    assert str(explain(made, "sealed.url").origin) == "DB_URL"
    assert list(health(made).secrets) == ["sealed.url"]


@pytest.mark.parametrize("section", ["plain", "sealed"])
def test_a_reload_returns_the_origin_of_the_new_value(section: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = lazy(Outer)
    assert settings.plain.pool == 11
    monkeypatch.delenv("DB_POOL")
    told = [(change.path, str(change.old_origin), str(change.new_origin)) for change in reload(settings)]
    assert (f"{section}.pool", "DB_POOL", f"default Outer.{section}.pool") in told


@pytest.mark.parametrize("section", ["plain", "sealed"])
def test_a_derived_copy_keeps_values_that_its_sections_read(section: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = load(Outer)
    monkeypatch.setenv("DB_POOL", "12")
    copy = replace(made, {f"{section}.host": "other"})
    assert getattr(copy, section).pool == 11
    assert beaten(copy, f"{section}.pool")[0] == "DB_POOL"
    assert copy.sealed.url.get() == "c4nary-url"
