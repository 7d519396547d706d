"""References to keys that no layer sets: their value comes from the schema, or from an object passed in code."""

from __future__ import annotations

import datetime
import enum
import itertools
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr, create_model

from support.loading import loaded, problems
from toriconfig import Secret, explain


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Part(BaseModel):
    text: str = "inner default"
    size: int = 3


class Level(enum.Enum):
    INFO = "info"


class Typed(BaseModel):
    root: Path = Path("/data")
    level: Level = Level.INFO
    wait: datetime.timedelta = datetime.timedelta(seconds=90)
    day: datetime.date = datetime.date(2026, 1, 2)
    names: list[str] = ["one"]
    part: Part = Part()
    made: Part = Field(default_factory=Part)
    sealed: SecretStr = SecretStr("s3aled")
    other: SecretStr | None = None
    anything: Any = None
    a: str = ""
    again: datetime.timedelta | None = None


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("${root}/log", "/data/log"),
        ("${root}", "/data"),
        ("at ${level}", "at info"),
        ("${wait}", "PT1M30S"),
        ("${day}.log", "2026-01-02.log"),
        ("${names[0]}", "one"),
    ],
)
def test_a_default_that_is_an_object_is_spelt_as_in_a_file(text: str, spelt: str) -> None:
    assert spelt == loaded(Typed, f"a: {text}").a


def test_written_values_are_read_back_by_a_field_of_their_type() -> None:
    assert datetime.timedelta(seconds=90) == loaded(Typed, "again: ${wait}").again


def test_a_reference_to_a_part_of_an_object_that_code_passed_is_that_part() -> None:
    assert "9 of it" == loaded(Typed, "a: ${part.size} of it", overrides={"part": Part(size=9)}).a


_numbers = itertools.count()


class Numbered(BaseModel):
    number: int = Field(default_factory=_numbers.__next__)
    size: int = 0


class Outer(BaseModel):
    inner: Numbered = Numbered()


class Run(BaseModel):
    number: int = Field(default_factory=_numbers.__next__)
    of_class: Numbered = Field(default_factory=Numbered)
    of_factory: Numbered = Field(default_factory=lambda: Numbered(size=next(_numbers)))
    free: dict[str, int] = Field(default_factory=lambda: {"number": next(_numbers)})
    nobody: Outer | None = None
    a: str = ""
    b: str = ""


@pytest.mark.parametrize("key", ["number", "of_class.number", "of_factory.number", "of_factory.size", "free.number"])
def test_a_factory_result_used_by_a_reference_is_the_value_of_the_setting(key: str) -> None:
    model = loaded(Run, f"a: ${{{key}}}.log\nb: <${{{key}}}>")
    value = explain(model, key).value
    assert (f"{value}.log", f"<{value}>") == (model.a, model.b)


@pytest.mark.parametrize("schema", [Run, create_model("Holder", __base__=Run, nobody=(Outer, ...))])
def test_a_key_below_a_null_or_missing_section_is_not_set(schema: type[BaseModel]) -> None:
    assert ("TC304", "a") in [(one.code, one.path) for one in problems(schema, "a: ${nobody.inner.size}")]


@pytest.mark.parametrize("name", ["names", "part", "made"])
def test_an_unset_list_or_section_is_not_a_scalar(name: str) -> None:
    (only,) = problems(Typed, f"a: ${{{name}}}")
    assert ("TC304", f"`{name}` is not a scalar") == (only.code, only.message)


def test_a_sealed_object_is_accepted_only_by_a_sealed_field() -> None:
    model = loaded(Typed, "other: <${sealed}>")
    assert model.other is not None
    assert "<s3aled>" == model.other.get_secret_value()
    for given in (SecretStr("s3aled"), Secret("s3aled")):
        found = problems(Typed, overrides={"anything": given, "a": "<${anything}>"})
        assert [("TC302", "a")] == [(one.code, one.path) for one in found]
