"""Exceptions that leave a validator, or prevent the use of the schema, are reported with their real cause."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, ValidationInfo, create_model, field_validator, model_validator

from support.loading import problems
from support.one_field import PREFIX
from toriconfig import Settings, load


def told(schema: type[BaseModel], **environ: str) -> list[tuple[str, str, str]]:
    return [(one.code, one.path, one.message) for one in problems(schema, environ=environ, **PREFIX)]


class Limits(BaseModel):
    low: int = 1
    high: int = 5

    @field_validator("high")
    @classmethod
    def _above(cls, high: int, info: ValidationInfo) -> int:
        if high < info.data["low"]:
            raise ValueError("below low")
        return high


class StrictLimits(Limits):
    model_config = ConfigDict(strict=True)


class Holder(BaseModel):
    limits: Limits = Limits()
    port: int = 1


class Both(Settings):
    low: int = 1
    high: int = 5
    _above = field_validator("high")(Limits._above.__func__)  # type: ignore[attr-defined]


WRONG_TYPE = "`{}` has the wrong type"


@pytest.mark.parametrize("schema", [Limits, StrictLimits, Both])
def test_a_validator_that_needs_an_invalid_field_does_not_hide_its_error(schema: type[BaseModel]) -> None:
    assert [("TC102", "low", WRONG_TYPE.format("low"))] == told(schema, A_LOW="x", A_HIGH="3")


def test_errors_beside_an_escaped_exception_are_all_reported() -> None:
    expected = [("TC102", "limits.low", WRONG_TYPE.format("limits.low")), ("TC102", "port", WRONG_TYPE.format("port"))]
    assert expected == sorted(told(Holder, A_LIMITS__LOW="x", A_LIMITS__HIGH="3", A_PORT="y"))


class Broken(BaseModel):
    port: int = 1
    name: str = ""

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        return str({"a": 1}[name])


def test_an_exception_of_a_field_is_reported_at_its_field() -> None:
    raised = ("TC108", "name", "a validator of `name` raised KeyError")
    assert [raised] == told(Broken, A_NAME="b")
    assert [raised, ("TC102", "port", WRONG_TYPE.format("port"))] == sorted(
        told(Broken, A_NAME="b", A_PORT="x"), reverse=True
    )


def test_an_exception_of_a_validator_of_the_model_is_reported_with_its_rule() -> None:
    class Whole(BaseModel):
        port: int = 1

        @model_validator(mode="after")
        def _check(self) -> Whole:
            raise RuntimeError(str(self.port))

    (problem,) = problems(Whole, environ={}, **PREFIX)
    assert ("TC108", "a validator of the schema raised RuntimeError") == (problem.code, problem.message)
    assert "_check" in problem.help


def test_messages_of_validators_are_not_repeated() -> None:
    (problem,) = problems(Broken, environ={"A_NAME": "s3cr3t"}, **PREFIX)
    assert "s3cr3t" not in str(problem) + problem.help + problem.expected


@pytest.mark.parametrize("below", [False, True])
def test_a_name_that_the_schema_does_not_define_is_named(below: bool) -> None:
    fields: Any = {"x": ("Nowhere", None)}
    made: Any = create_model("Incomplete", **fields)
    schema = create_model("Whole", part=(made, None)) if below else made
    (problem,) = problems(schema, environ={}, **PREFIX)
    assert problem.code == "TC108"
    assert "`Nowhere`" in problem.message


def test_a_good_input_is_validated_once() -> None:
    calls: list[int] = []

    class Counted(BaseModel):
        n: int = 0

        @field_validator("n")
        @classmethod
        def _count(cls, n: int) -> int:
            calls.append(n)
            return n

    load(Counted, environ={"A_N": "3"}, **PREFIX)
    assert [3] == calls
