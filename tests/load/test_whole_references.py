"""A reference to a whole list or mapping is merged as if its content were written in its place."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from support.loading import loaded, problems, told
from toriconfig import Merge, Secret, load, replace


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Pool(BaseModel):
    low: int = 0
    high: int = 0
    kept: int = 0


class Schema(BaseModel):
    counts: dict[str, int] = {}
    pool: Pool = Pool(kept=7)
    names: list[str] = []
    tags: Annotated[list[str], Merge("append")] = []
    whole: Annotated[dict[str, int], Merge("replace")] = {}
    nested: dict[str, dict[str, int]] = {}
    either: int | dict[str, int] = 1
    raw: str = ""


NESTED: dict[str, Any] = {"env_prefix": "A_", "env_nested_delimiter": "__"}


@pytest.mark.parametrize("above", [{"A_COUNTS__x": "3"}, {"A_COUNTS": '{"x": 3}'}, {"A_COUNTS": "x=3"}])
@pytest.mark.parametrize("text", ['{"y": 1}', "y=1"])
def test_variables_are_laid_over_a_mapping_that_a_reference_yields(above: dict[str, str], text: str) -> None:
    model = loaded(Schema, "counts: ${env:D}", environ={"D": text, **above}, **NESTED)
    assert {"y": 1, "x": 3} == model.counts


def test_a_reference_is_laid_over_the_mapping_of_a_lower_file() -> None:
    assert {"y": 1, "x": 3} == loaded(Schema, "counts: {y: 1}", "counts: ${env:D}", environ={"D": "x=3"}).counts


def test_two_references_are_merged_by_key() -> None:
    model = loaded(Schema, "counts: ${env:C}", "counts: ${env:D}", environ={"C": "y=1,x=1", "D": "x=3"})
    assert {"y": 1, "x": 3} == model.counts


def test_a_section_from_a_reference_keeps_its_defaults() -> None:
    assert Pool(low=1, kept=7) == loaded(Schema, "pool: ${env:D}", environ={"D": "low=1"}).pool
    model = loaded(Schema, "pool: ${env:D}", environ={"D": "low=1", "A_POOL__HIGH": "2"}, **NESTED)
    assert Pool(low=1, high=2, kept=7) == model.pool


def test_a_position_is_set_in_a_list_that_a_reference_yields() -> None:
    assert ["z", "b"] == loaded(Schema, "names: ${env:L}", environ={"L": "a,b", "A_NAMES__0": "z"}, **NESTED).names


def test_a_list_is_appended_to_one_that_a_reference_yields_and_the_reverse() -> None:
    assert ["a", "b", "c"] == loaded(Schema, "tags: ${env:L}", "tags: [c]", environ={"L": "a,b"}).tags
    assert ["c", "a", "b"] == loaded(Schema, "tags: [c]", "tags: ${env:L}", environ={"L": "a,b"}).tags


def test_a_reference_deep_in_a_mapping_is_merged_too() -> None:
    environ = {"D": '{"y": 1}', "A_NESTED__K__X": "3"}
    assert {"k": {"y": 1, "x": 3}} == loaded(Schema, "nested: {k: '${env:D}'}", environ=environ, **NESTED).nested


def test_a_union_with_a_mapping_is_merged_too() -> None:
    assert {"y": 1, "x": 3} == loaded(Schema, "either: ${env:D}", "either: {x: 3}", environ={"D": '{"y": 1}'}).either


def test_a_reference_to_a_key_that_holds_text_is_merged_too() -> None:
    assert {"y": 1, "x": 3} == loaded(Schema, "raw: y=1\ncounts: ${raw}", "counts: {x: 3}").counts


def test_an_override_by_a_reference_is_merged_with_lower_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("D", "x=3")
    settings = load(Schema, environ={"A_COUNTS": "y=1", "D": "x=3"}, **NESTED)
    assert {"y": 1, "x": 3} == replace(settings, counts="${env:D}").counts


def test_a_variable_that_is_not_set_is_named_if_another_layer_is_merged_with_it() -> None:
    (only,) = problems(Schema, "counts: ${env:D}", environ={"A_COUNTS__X": "3"}, **NESTED)
    assert ("TC304", "1.yaml:1:9", "variable `D` is not set") == (only.code, str(only.origin), only.message)
    assert [("TC304", "1.yaml:1:8", "names")] == told(Schema, "names: ${env:L}", environ={"A_NAMES__0": "z"}, **NESTED)
    assert [("TC304", "2.yaml:1:9", "counts")] == told(Schema, "counts: {y: 1}", "counts: ${env:D}")


def test_a_reference_that_is_replaced_as_a_whole_need_not_be_readable() -> None:
    assert ["z"] == loaded(Schema, "names: ${env:L}", "names: [z]").names
    assert {"x": 3} == loaded(Schema, "whole: ${env:D}", "whole: {x: 3}").whole


def test_a_text_that_is_no_mapping_is_one_problem() -> None:
    assert [("TC102", "1.yaml:1:9", "counts")] == told(
        Schema, "counts: ${env:D}", environ={"D": "zzz", "A_COUNTS__X": "3"}, **NESTED
    )


def test_secrets_of_a_mapping_that_a_reference_yields_are_merged() -> None:
    class Held(BaseModel):
        keys: dict[str, Secret[str]] = {}

    keys = loaded(Held, "keys: ${env:D}", environ={"D": "a=one", "A_KEYS__b": "two"}, **NESTED).keys
    assert {"a": "one", "b": "two"} == {name: key.get() for name, key in keys.items()}
