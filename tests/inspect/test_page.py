"""The rows of the page of settings: one column per layer, and the age and end of each secret."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from support.memory_backend import App, Memory
from support.own_source import Store
from toriconfig import Secret, load
from toriconfig._api import loaded_settings
from toriconfig._inspect.page import page_of


def page(settings: Any) -> str:
    return page_of(loaded_settings(settings))


def test_columns_are_layers_from_the_highest_to_the_defaults() -> None:
    class Sizes(BaseModel):
        size: int = 1
        width: int = 2
        depth: int = 3
        token: Secret[str] | None = None

    given: dict[str, Any] = {"size": 5, "token": "${memory:db}"}
    sources = [Store({"width": 4})]
    settings = load(
        Sizes,
        overrides=given,
        backends=[Memory({"db": "x"})],
        environ={"A_DEPTH": "6"},
        env_prefix="A_",
        sources=sources,
    )
    assert ["key", "code", "vault", "env", "files", "defaults"] == re.findall(r"scope=col>(\w+)<", page(settings))


def test_a_key_that_two_fields_read_is_one_row() -> None:
    class Twice(BaseModel):
        one: Annotated[int, Field(validation_alias="size")] = 1
        two: Annotated[int, Field(validation_alias="size")] = 1

    assert ["size"] == re.findall(r"scope=row>(\w+)", page(load(Twice, overrides={"size": 5})))


@pytest.mark.parametrize(("ttl", "marked"), [(3600.0, False), (60.0, True)])
def test_the_rest_of_a_lifetime_is_a_bar_that_is_marked_if_it_is_short(ttl: float, marked: bool) -> None:
    memory = Memory({"db": {"password": "x"}})
    memory.ttl = ttl
    settings = load(App, overrides={"token": "${memory:db#password}"}, backends=[memory])
    settings.token.get()
    found = re.search(r"<label( class=\"ending\")?>(\d+) s left <progress", page(settings))
    assert found is not None
    assert (marked, True) == (found[1] is not None, ttl - 60 <= float(found[2]) <= ttl)


def test_no_text_of_a_value_a_description_or_a_reference_makes_a_line_or_a_command() -> None:
    forged = "a\nforged ##[error]b\x1b[31m"

    class Described(App):
        title: str = Field("t", description=forged)
        more: dict[str, str] = Field(default_factory=dict)

    memory = Memory({"db": {forged: "x"}})
    plain: dict[str, Any] = {"token": "t", "title": "t", "more": {"k": "v"}}
    given: dict[str, Any] = {"token": f"${{memory:db#{forged}}}", "title": forged, "more": {forged: "v"}}
    lines = page(load(Described, overrides=given, backends=[memory])).splitlines()
    assert len(page(load(Described, overrides=plain, backends=[memory])).splitlines()) == len(lines)
    text = "\n".join(lines)
    assert 3 <= text.count("forged")
    assert not [part for part in ("##[", "\x1b") if part in text]
