"""Settings of any values: the output of `show` reads back to the same ones."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from toriconfig import SettingsConfigDict, load
from toriconfig._inspect.effective import leaves
from toriconfig._load.attempt import try_load
from toriconfig._load.snapshot import Recipe
from toriconfig.cli._write import as_env, as_json, as_yaml

LOOKALIKES = [
    *(
        "",
        " ",
        "no",
        "On",
        "null",
        "NULL",
        "~",
        "true",
        "0777",
        "0o17",
        "0x1f",
        "1e3",
        "1_000",
        "1:30:00",
        "2026-01-01",
    ),
    *(".inf", ".nan", "NaN", "-", "- a", "a: b", "a #b", "#", "%x", "@x", "`x", "!x", "&x", "*x", "|", ">", "{a", "[a"),
    *(
        "${env:HOME}",
        "$${env:HOME}",
        "$$${x}",
        "${",
        "$",
        "${vault:secret/x#y}",
        "<<",
        "=",
        "---",
        "...",
        "'",
        '"',
        "\\",
    ),
    *(
        "a\nb",
        "a\r\nb",
        "\t",
        "\x07",
        "\x7f",
        "\x85",
        "\u2028",
        "\ufeff",
        "é",
        "日本",
        "😀",
        "\u200e",
        "a\u0301",
        "x " * 80,
    ),
]
texts = st.sampled_from(LOOKALIKES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.floats(allow_nan=False) | st.sampled_from([1e16, 1e-9, 0.1, -0.0, 1.0])
keys = texts.filter(lambda text: 0 < len(text) < 100)


class Item(BaseModel):
    label: str = ""
    weights: dict[str, float] = {}


class Deep(BaseModel):
    many: list[str] = []
    table: dict[str, list[int]] = {}


class Mixed(BaseModel):
    model_config = SettingsConfigDict(env_prefix="MIXED_", env_nested_delimiter="__")

    text: str = "default"
    maybe: str | None = "default"
    whole: int = 1
    real: float = 1.0
    switch: bool = True
    either: int | str = 1
    level: Literal["no", "yes"] = "no"
    words: set[str] = {"default"}
    free: dict[str, str] = Field(default_factory=dict)
    items: list[Item] = []
    deep: Deep = Deep()
    day: date = date(2026, 1, 1)
    moment: datetime | None = None
    span: timedelta = timedelta(0)
    exact: Decimal = Decimal("1.10")
    path: Path = Path("x")


values = st.fixed_dictionaries(
    {},
    optional={
        "text": texts,
        "maybe": st.none() | texts,
        "whole": st.integers(-(2**70), 2**70),
        "real": numbers,
        "switch": st.booleans(),
        "either": st.integers(-9, 9) | texts,
        "level": st.sampled_from(["no", "yes"]),
        "words": st.sets(texts, max_size=3),
        "free": st.dictionaries(keys, texts, max_size=3),
        "items": st.lists(
            st.fixed_dictionaries({"label": texts, "weights": st.dictionaries(keys, numbers, max_size=2)}), max_size=2
        ),
        "deep": st.fixed_dictionaries(
            {
                "many": st.lists(texts, max_size=3),
                "table": st.dictionaries(keys, st.lists(st.integers(), max_size=2), max_size=2),
            }
        ),
        "day": st.dates(),
        "moment": st.none() | st.datetimes(),
        "span": st.timedeltas(timedelta(0), timedelta(days=400)),
        "exact": st.decimals(allow_nan=False, allow_infinity=False, places=3),
        "path": st.sampled_from(["a/b", "~", "./no", "null"]).map(Path),
    },
)


@pytest.fixture(name="folder", scope="module", autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("shown"))
    yield
    os.chdir(before)


def written(given: dict[str, Any], form: str) -> tuple[Mixed, str, set[str]]:
    """The settings, what `show` writes of them, and the fields that are hidden, since they look like a credential."""
    attempt = try_load(Recipe(Mixed, {}, _literal(given), {}, offline=True))
    assert attempt.loaded is not None, attempt.problems
    assert isinstance(attempt.loaded.model, Mixed)
    found = list(leaves(attempt.loaded))
    forms = {"yaml": as_yaml, "json": as_json}
    text = as_env(found, Mixed, origins=False) if form == "env" else forms[form](found, origins=False)
    return attempt.loaded.model, text, {str(leaf.path[0]) for leaf in found if leaf.hidden}


def same(one: Mixed, other: Mixed, leaving: set[str]) -> None:
    for name in Mixed.model_fields:
        if name not in leaving:
            assert getattr(one, name) == getattr(other, name), name


def _literal(value: Any) -> Any:
    """With every `${` spelt as a literal one."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, dict):
        return {key: _literal(item) for key, item in value.items()}
    return type(value)(map(_literal, value)) if isinstance(value, (list, set)) else value


@given(values)
def test_yaml_reads_back_to_the_same_settings(given: dict[str, Any]) -> None:
    model, text, hidden = written(given, "yaml")
    Path("shown.yaml").write_text(text, encoding="utf-8")
    same(model, load(Mixed, config_files=["shown.yaml"], environ={}), hidden)


@given(values)
def test_json_reads_back_to_the_same_settings(given: dict[str, Any]) -> None:
    model, text, hidden = written(given, "json")
    json.loads(text, parse_constant=pytest.fail)
    Path("shown.json").write_text(text, encoding="utf-8")
    same(model, load(Mixed, config_files=["shown.json"], environ={}), hidden)


@given(values)
def test_variables_read_back_to_the_same_settings_if_they_can_hold_them(given: dict[str, Any]) -> None:
    model, text, hidden = written(given, "env")
    Path("shown.env").write_text(text, encoding="utf-8", newline="")
    comments = [line.split()[1] for line in text.splitlines() if line.startswith("# MIXED_")]
    unsaid = {name.removeprefix("MIXED_").rstrip(":").lower().partition("__")[0] for name in comments}
    ambiguous = {"either"}  # a variable is text, so of `int | str` it is the text
    same(model, load(Mixed, env_file="shown.env", environ={}), hidden | unsaid | ambiguous)
