"""Spellings of a key: aliases and alias paths (`AliasPath`) mean the same key in every layer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field

from toriconfig import Secret, explain, load


class Below(BaseModel):
    size: int = Field(default=2, validation_alias=AliasChoices("size", "groesse"))


class Spelt(BaseModel):
    port: int = Field(1, validation_alias=AliasChoices("port", AliasPath("server", "port")))
    host: str = Field("h", validation_alias=AliasPath("server", "host"))
    first: int = Field(1, validation_alias=AliasPath("all", 0))
    below: Below = Field(Below(), validation_alias=AliasChoices("below", "unten", AliasPath("deep", "er")))
    token: Secret[str] | None = Field(None, validation_alias=AliasChoices("token", AliasPath("login", "key")))
    sealed: Secret[str] | None = Field(None, validation_alias=AliasPath("login", "other"))
    other: Secret[str] | None = None
    said: Any = None


@pytest.mark.parametrize(
    ("low", "high", "port"),
    [
        ({"port": 1}, {"server": {"port": 2}}, 2),
        ({"server": {"port": 1}}, {"port": 2}, 2),
        ({"server": {"port": 1}}, {"server": {"port": 2}}, 2),
        ({"server": {"port": 1}}, {"server": {"host": "x"}}, 1),
    ],
)
def test_a_key_and_an_alias_path_to_it_are_merged_across_layers(
    low: dict[str, Any], high: dict[str, Any], port: int, tmp_path: Path
) -> None:
    (tmp_path / "low.json").write_text(json.dumps(low))
    assert port == load(Spelt, config_files=[tmp_path / "low.json"], overrides=high).port


def test_a_secret_at_an_alias_path_beside_its_key_is_found() -> None:
    token = load(Spelt, overrides={"login": {"key": "at the end"}}).token
    assert token is not None
    assert "at the end" == token.get()


@pytest.mark.parametrize("key", ["port", "server.port"])
def test_explain_names_the_alias_path_of_a_value(key: str) -> None:
    settings = load(Spelt, overrides={"server": {"port": 2}})
    assert 'overrides["server.port"]' == str(explain(settings, key).origin)


@pytest.mark.parametrize(
    ("key", "value"),
    [("server.host", "x"), ("host", "x"), ("all[0]", "7"), ("first", "7"), ("login.other", "**********")],
)
def test_explain_finds_values_behind_an_alias_path(key: str, value: str) -> None:
    said = {"server": {"host": "x"}, "all": [7], "login": {"other": "sealed"}}
    assert value == explain(load(Spelt, overrides=said), key).value


@pytest.mark.parametrize("reference", ["port", "server.port", "unten.groesse", "below.size", "deep.er.groesse"])
def test_a_reference_may_use_any_spelling(reference: str) -> None:
    said = {"server": {"port": 7}, "deep": {"er": {"groesse": 7}}, "said": f"${{{reference}}}"}
    assert 7 == load(Spelt, overrides=said).said


def test_a_reference_to_a_secret_may_use_any_spelling() -> None:
    made = load(Spelt, overrides={"login": {"key": "hidden"}, "other": "${login.key}"})
    assert made.other is not None
    assert "hidden" == made.other.get()
