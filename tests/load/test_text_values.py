"""Text of variables, `.env` files and references, read by the type of the field that it is for."""

from __future__ import annotations

import datetime
import enum
from collections import deque
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType

import pytest
from pydantic import (
    BaseModel,
    BeforeValidator,
    PlainValidator,
    RootModel,
    WrapValidator,
    field_validator,
    model_validator,
)

from pydantic_settings import NoDecode
from support.one_field import BASES, PREFIX, value
from toriconfig import ConfigError, load


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=BASES)
def base(request: pytest.FixtureRequest) -> type[BaseModel]:
    return BASES[request.param]


def split(text: Any) -> Any:
    return text.split("|") if isinstance(text, str) else text


def wrapped(text: Any, handler: Any) -> Any:
    return handler(split(text))


class Words(RootModel[list[str]]):
    @model_validator(mode="before")
    @classmethod
    def _split(cls, text: Any) -> Any:
        return split(text)


class Address(BaseModel):
    host: str
    port: int = 80

    @model_validator(mode="before")
    @classmethod
    def _read(cls, text: Any) -> Any:
        return dict(zip(("host", "port"), text.split(":"), strict=False)) if isinstance(text, str) else text


SPLIT = {
    "before": Annotated[list[str], BeforeValidator(split)],
    "wrap": Annotated[list[str], WrapValidator(wrapped)],
    "plain": Annotated[list[str], PlainValidator(split)],
    "none but NoDecode": Annotated[list[str], NoDecode, BeforeValidator(split)],
    "of an optional list": Annotated[list[str] | None, BeforeValidator(split)],
    "inside an optional list": Annotated[list[str], BeforeValidator(split)] | None,
}


@pytest.mark.parametrize("kind", SPLIT)
def test_a_validator_that_runs_first_gets_the_text(base: type[BaseModel], kind: str) -> None:
    assert ["a", "b,c"] == value(base, SPLIT[kind], A_V="a|b,c")


def test_a_validator_of_the_class_gets_the_text(base: type[BaseModel]) -> None:
    class Schema(base):  # type: ignore[valid-type, misc]
        hosts: list[str]
        ports: set[int] = set()  # noqa: RUF012 - defaults of a model are copied

        @field_validator("*", mode="before")
        @classmethod
        def _split(cls, text: Any) -> Any:
            return split(text)

    made = load(Schema, environ={"A_HOSTS": "a|b,c", "A_PORTS": "1|2"}, **PREFIX)
    assert (["a", "b,c"], {1, 2}) == (made.hosts, made.ports)


@pytest.mark.parametrize(
    ("annotation", "text", "expected"), [(Words, "a|b,c", "root=['a', 'b,c']"), (Address, "h:81", "host='h' port=81")]
)
def test_a_validator_of_a_model_below_gets_the_text(
    base: type[BaseModel], annotation: Any, text: str, expected: str
) -> None:
    assert expected == str(value(base, annotation, A_V=text))


def test_a_validator_that_runs_first_gets_a_list_if_the_text_is_json(base: type[BaseModel]) -> None:
    assert ["a|b"] == value(base, SPLIT["before"], A_V='["a|b"]')


def test_a_validator_that_runs_first_gets_the_text_of_a_duration(base: type[BaseModel]) -> None:
    parsed = Annotated[datetime.timedelta, BeforeValidator(lambda text: datetime.timedelta(hours=len(text)))]
    assert datetime.timedelta(hours=2) == value(base, parsed, A_V="5m")


class Point(NamedTuple):
    x: int
    y: float = 2.0


class Sub(BaseModel):
    token: str = "none"
    n: int = 0


Ports = NewType("Ports", list[int])


@pytest.mark.parametrize(
    ("annotation", "text", "expected"),
    [
        (Point, "3,4", Point(3, 4.0)),
        (Point, "[3, 4]", Point(3, 4.0)),
        (Point, '{"x": 3}', Point(3)),
        (Point, "x=3,y=1", Point(3, 1.0)),
        (Point | None, "3", Point(3)),
        (Ports, "1,2", [1, 2]),
        (int | list[int] | dict[str, int], "[1,2]", [1, 2]),
        (int | list[int] | dict[str, int], '{"a": 1}', {"a": 1}),
        (int | list[int] | dict[str, int], "7", 7),
        (str | list[int] | dict[str, int], "[", "["),
        (str | list[int] | dict[str, int], "7", "7"),
        (Literal[1, 2], "2", 2),
        (Literal[1, 2] | None, "2", 2),
        (Literal["1", 1], "1", "1"),
        (Literal[True], "true", True),
        (list[Literal[1, 2]], "1,2", [1, 2]),
        (dict[str, Literal[1, 2]], "a=1,b=2", {"a": 1, "b": 2}),
        (dict[Literal[1, 2], str], '{"1": "a"}', {1: "a"}),
        (Sub | None, "", None),
        (Sub | None, "  ", None),
        (dict[str, int] | None, "", {}),
        (list[Decimal], "[12345678901234567.89]", [Decimal("12345678901234567.89")]),
        (dict[str, Decimal], '{"a": 1.10}', {"a": Decimal("1.10")}),
        (deque[int], "1,2", deque([1, 2])),
    ],
    ids=str,
)  # fmt: skip
def test_the_text_of_a_variable_has_the_value_that_its_type_allows(
    base: type[BaseModel], annotation: Any, text: str, expected: Any
) -> None:
    default = None if expected is None else ...
    assert repr(expected) == repr(value(base, annotation, default, A_V=text))


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    WORD = "word"
    TWO = 2
    HALF = 0.5


@pytest.mark.parametrize(
    ("annotation", "text", "expected"),
    [(Level, "2", Level.HIGH), (Mixed, "2", Mixed.TWO), (Mixed, "0.5", Mixed.HALF), (Mixed, "word", Mixed.WORD)],
)
def test_the_number_of_an_enum_is_taken_from_text(
    base: type[BaseModel], annotation: Any, text: str, expected: Any
) -> None:
    assert expected is value(base, annotation, A_V=text)


@pytest.mark.parametrize(
    ("annotation", "text", "expected"),
    [
        (list[str], "a,b", ["a", "b"]),
        (list[int], "[1, 2]", [1, 2]),
        (dict[str, int], "a=1", {"a": 1}),
        (Literal[1, 2], "2", 2),
        (datetime.timedelta, "5m", datetime.timedelta(minutes=5)),
        (Point, "3,4", Point(3, 4.0)),
        (Sub, '{"n": 3}', Sub(n=3)),
    ],
    ids=str,
)
def test_a_reference_to_a_variable_reads_its_text_by_the_type(
    base: type[BaseModel], annotation: Any, text: str, expected: Any
) -> None:
    Path("c.yaml").write_text("v: ${env:L}\n")
    assert expected == value(base, annotation, config_name="c", L=text)


def test_the_default_of_a_reference_is_read_by_the_type(base: type[BaseModel]) -> None:
    Path("c.yaml").write_text("v: ${env:L:-a,b}\n")
    assert ["a", "b"] == value(base, list[str], config_name="c")


def test_broken_json_behind_a_reference_is_reported_at_the_reference() -> None:
    class Schema(BaseModel):
        v: list[str]

    Path("c.yaml").write_text("v: ${env:L}\n")
    with pytest.raises(ConfigError) as caught:
        load(Schema, environ={"L": "[1"}, config_name="c", **PREFIX)
    assert ["c.yaml:1:4"] == [str(problem.origin) for problem in caught.value.problems]
