"""Strict models and fields: files count as JSON does in pydantic's strict mode, text of variables is coerced."""

from __future__ import annotations

import datetime
import enum
import uuid
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pytest
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, field_validator

from support.loading import loaded, problems
from support.one_field import BASES, PREFIX, value
from toriconfig import Secret, Settings, SettingsConfigDict, load, replace


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=BASES)
def base(request: pytest.FixtureRequest) -> type[BaseModel]:
    made: type[BaseModel] = type("Strict", (BASES[request.param],), {"model_config": ConfigDict(strict=True)})
    return made


class Color(enum.Enum):
    RED = "red"


class Pair(NamedTuple):
    a: int
    b: str


class Sub(BaseModel):
    model_config = ConfigDict(strict=True)

    day: datetime.date
    n: int = 0


@dataclass
class Data:
    day: datetime.date


FROM_FILES: list[tuple[Any, str, Any]] = [
    (set[int], "[1]", {1}),
    (frozenset[str], "[a]", frozenset({"a"})),
    (tuple[int, str], "[1, a]", (1, "a")),
    (Pair, "[1, a]", Pair(1, "a")),
    (datetime.date, "2024-01-01", datetime.date(2024, 1, 1)),
    (datetime.datetime, "2024-01-01T00:00:00", datetime.datetime(2024, 1, 1)),  # noqa: DTZ001 - as the file says
    (datetime.timedelta, "5m", datetime.timedelta(minutes=5)),
    (datetime.timedelta, "300", datetime.timedelta(minutes=5)),
    (uuid.UUID, "12345678-1234-5678-1234-567812345678", uuid.UUID("12345678-1234-5678-1234-567812345678")),
    (Decimal, "12345678901234567.89", Decimal("12345678901234567.89")),
    (Color, "red", Color.RED),
    (bytes, "abc", b"abc"),
    (Path, "a/b", Path("a/b")),
    (float, "1", 1.0),
    (dict[int, str], "{1: a}", {1: "a"}),
    (Sub, "{day: 2024-01-01}", Sub(day=datetime.date(2024, 1, 1))),
    (Data, "{day: 2024-01-01}", Data(datetime.date(2024, 1, 1))),
    (list[Sub], "[{day: 2024-01-01}]", [Sub(day=datetime.date(2024, 1, 1))]),
    (datetime.date | None, "2024-01-01", datetime.date(2024, 1, 1)),
]
FROM_TEXT: list[tuple[Any, str, Any]] = [
    (int, "5", 5),
    (float, "1.5", 1.5),
    (bool, "true", True),
    (bool, "yes", True),
    (int | None, "5", 5),
    (StrictInt | StrictFloat, "5", 5),
    (StrictInt | StrictFloat, "5.5", 5.5),
    (StrictInt | StrictStr, "5", "5"),
    (StrictBool | StrictInt, "true", True),
    (list[int], "1,2", [1, 2]),
    (set[int], "[1]", {1}),
    (dict[str, int], "a=1", {"a": 1}),
    (datetime.date, "2024-01-01", datetime.date(2024, 1, 1)),
    (datetime.timedelta, "300", datetime.timedelta(minutes=5)),
    (Decimal, "1.10", Decimal("1.10")),
    (Color, "red", Color.RED),
    (str, "5", "5"),
]


@pytest.mark.parametrize(("annotation", "yaml", "expected"), FROM_FILES, ids=str)
def test_a_file_may_contain_what_strict_json_may(
    base: type[BaseModel], annotation: Any, yaml: str, expected: Any
) -> None:
    Path("c.yaml").write_text(f"v: {yaml}\n")
    assert expected == value(base, annotation, config_name="c")


@pytest.mark.parametrize(("annotation", "text", "expected"), FROM_TEXT, ids=str)
def test_the_text_of_a_variable_is_coerced(base: type[BaseModel], annotation: Any, text: str, expected: Any) -> None:
    found = value(base, annotation, A_V=text)
    assert (expected, type(found)) == (found, type(found))
    assert isinstance(found, type(expected))


def test_the_text_of_a_resolved_reference_is_coerced(base: type[BaseModel]) -> None:
    Path("c.yaml").write_text("v: ${env:L}\n")
    assert value(base, int, config_name="c", L="5") == 5


@pytest.mark.parametrize(
    ("annotation", "yaml"),
    [(int, "'5'"), (int, "5.5"), (str, "5"), (bool, "1"), (set[int], "['1']"), (float, "'1.5'"), (Sub, "{day: 2024-01-01, n: '5'}")],
    ids=str,
)  # fmt: skip
def test_a_file_may_not_contain_what_strict_json_may_not(annotation: Any, yaml: str) -> None:
    schema = type("Schema", (BaseModel,), {"__annotations__": {"v": annotation}, "model_config": {"strict": True}})
    Path("c.yaml").write_text(f"v: {yaml}\n")
    found = problems(schema, config_name="c", environ={})
    assert ["TC102"] == [problem.code for problem in found if problem.severity == "error"]


def test_a_strict_field_is_strict_alone() -> None:
    class Schema(BaseModel):
        n: StrictInt
        tags: Annotated[set[int], Field(strict=True)]
        lax: int = 0

    Path("c.yaml").write_text("n: 1\ntags: [2]\nlax: '3'\n")
    made = loaded(Schema, config_name="c", environ={"A_N": "4"}, **PREFIX)
    assert (4, {2}, 3) == (made.n, made.tags, made.lax)


def test_a_strict_model_holds_secrets_and_objects_of_code() -> None:
    class Schema(BaseModel):
        model_config = ConfigDict(strict=True)

        token: Secret[str]
        several: list[Secret[str]] = []
        day: datetime.date
        sub: Sub = Sub(day=datetime.date(2024, 1, 1))

    Path("c.yaml").write_text("day: 2024-01-02\nsub: {n: 3}\n")
    given = {"A_TOKEN": "s3cr3t", "A_SEVERAL": '["x", "y"]'}
    made = load(Schema, environ=given, config_name="c", overrides={"sub": {"day": datetime.date(2024, 1, 3)}}, **PREFIX)
    assert ("s3cr3t", ["x", "y"]) == (made.token.get(), [one.get() for one in made.several])
    assert (2, 3, 3) == (made.day.day, made.sub.day.day, made.sub.n)


def test_settings_derived_from_a_strict_model_are_strict_json_too() -> None:
    class Schema(BaseModel):
        model_config = ConfigDict(strict=True)

        tags: set[int] = set()
        day: datetime.date | None = None

    made = replace(load(Schema, environ={}), tags=[1], day="2024-01-01")
    assert ({1}, datetime.date(2024, 1, 1)) == (made.tags, made.day)


def test_the_constructor_of_a_strict_settings_class_reads_files_too() -> None:
    class Schema(Settings):
        model_config = SettingsConfigDict(strict=True, config_name="c")

        tags: set[int]
        day: datetime.date

    Path("c.yaml").write_text("day: 2024-01-02\ntags: [3]\n")
    made = Schema()  # type: ignore[call-arg]
    assert ({3}, 2) == (made.tags, made.day.day)


def test_validators_of_a_strict_model_run_once_on_the_effective_values() -> None:
    class Schema(BaseModel):
        model_config = ConfigDict(strict=True)

        n: int
        day: datetime.date

        @field_validator("n")
        @classmethod
        def _doubled(cls, n: int) -> int:
            return n * 2

    Path("c.yaml").write_text("day: 2024-01-02\n")
    assert 10 == loaded(Schema, config_name="c", environ={"A_N": "5"}, **PREFIX).n
