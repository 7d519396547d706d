"""The texts of problems: noun phrases that follow "expected", and a remedy that can be done."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import AnyUrl, AwareDatetime, BaseModel, Field, StringConstraints, create_model
from pydantic_core._pydantic_core import list_all_errors

from toriconfig import ConfigError, Problem, load
from toriconfig._validation.expectations import Found, phrase

_ERRORS: list[Any] = sorted(list_all_errors(), key=lambda error: str(error["type"]))


def only(annotation: Any, text: str, folder: Path, **more: Any) -> Problem:
    schema = create_model("Schema", value=(annotation, ...), **more)
    file = folder / "app.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(schema, config_files=[file], environ={})
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize("error", _ERRORS, ids=lambda error: error["type"])
def test_the_expectation_of_pydantic_is_a_noun_phrase(error: dict[str, Any]) -> None:
    context = error.get("example_context") or {}
    told = phrase(Found(("x",), error["type"], error["example_message_python"], context), sealed=False)
    starts = ("input", "string should", "data should", "uRL", "uUID", "decimal input", "fraction input", "valid ")
    assert not told.startswith(starts), told


@pytest.mark.parametrize(
    ("annotation", "text", "expected", "remedy"),
    [
        (str, "value: 1.10", "text", "put it in quotes: without them it is a number"),
        (str, "value: true", "text", "put it in quotes: without them it is true or false"),
        (datetime.date, "value: soon", "a date, YYYY-MM-DD", "set `value` to a date, YYYY-MM-DD"),
        (datetime.timedelta, "value: soon", "a duration, such as 300, 5m or PT5M", ""),
        (AwareDatetime, "value: '2026-11-29T12:00:00'", "a time with a time zone", ""),
        (uuid.UUID, "value: x", "a UUID", ""),
        (AnyUrl, "value: x", "a URL", ""),
        (Decimal, "value: x", "a decimal number", ""),
        (Annotated[str, StringConstraints(pattern="^a+$")], "value: b", "text that matches ^a+$", ""),
        (Annotated[Decimal, Field(max_digits=1)], "value: 1.25", "a decimal number of at most 1 digit", ""),
        (Callable[[], int], "value: x", "a function", ""),
    ],
)
def test_a_wrong_value_is_reported_in_words(
    tmp_path: Path, annotation: Any, text: str, expected: str, remedy: str
) -> None:
    problem = only(annotation, text, tmp_path)
    assert problem.expected.startswith(expected)
    assert remedy in problem.help
    assert "Input should" not in str(problem) + problem.expected + problem.help


def test_the_remedy_for_a_shell_variable_is_its_reference(tmp_path: Path) -> None:
    assert "${env:HOME}" in only(str, "value: ${HOME}", tmp_path).help


def test_the_remedy_for_a_key_in_another_case_is_the_right_key(tmp_path: Path) -> None:
    problem = only(str, "value: x\nVALUE: y\n", tmp_path)
    assert ("TC101", "did you mean `value`, which is set at") == (problem.code, problem.help[:37])


def test_no_further_key_is_expected_if_all_keys_are_set(tmp_path: Path) -> None:
    assert "no further key: all of them are set" == only(str, "value: x\nzzz: y\n", tmp_path).expected


def test_a_schema_without_keys_reports_it(tmp_path: Path) -> None:
    class Empty(BaseModel):
        pass

    file = tmp_path / "app.yaml"
    file.write_text("zzz: 1\n")
    with pytest.raises(ConfigError) as caught:
        load(Empty, config_files=[file], environ={})
    assert "nothing more" not in str(caught.value)
