"""Defaults: a file that sets a part of a default leaves the rest unchanged."""

from __future__ import annotations

import enum
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, RootModel

from support.loading import loaded, problems
from toriconfig import Merge, Secret, explain, replace


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Color(enum.Enum):
    RED = "red"


class Tier(BaseModel):
    mb: float
    chunks: int = 1
    tags: list[str] = ["class"]
    words: set[str] = {"class"}
    by_name: dict[str, dict[str, int]] = {"class": {"a": 1}}


class Tiers(BaseModel):
    small: Tier = Tier(mb=1, chunks=300, tags=["small"], by_name={"small": {"b": 2}})
    large: Tier = Tier(mb=25)


class Words(RootModel[list[str]]):
    pass


class Schema(BaseModel):
    tiers: Tiers = Field(default_factory=Tiers)
    made: Tier = Field(default_factory=lambda: Tier(mb=7))
    by_name: dict[str, Tier] = {"a": Tier(mb=1, chunks=2), "b": Tier(mb=3)}
    deep: dict[str, dict[str, list[int]]] = {"x": {"y": [1], "z": [2]}}
    by_color: dict[Color, int] = {Color.RED: 1}
    by_number: dict[int, str] = {1: "one"}
    words: Words = Words(["a"])
    maybe: Tier | None = Tier(mb=1, chunks=5)
    whole: Annotated[dict[str, int], Merge("replace")] = {"a": 1}
    more: Annotated[list[str], Merge("append")] = ["a"]
    key: Secret[str] = Secret("default")


def test_part_of_a_default_model_leaves_the_rest() -> None:
    small = loaded(Schema, "tiers: {small: {chunks: 10}}").tiers.small
    assert Tier(mb=1, chunks=10, tags=["small"], by_name={"small": {"b": 2}}) == small
    assert Tier(mb=7, chunks=3) == loaded(Schema, "made: {chunks: 3}").made
    assert Tier(mb=2, chunks=5) == loaded(Schema, "maybe: {mb: 2}").maybe


def test_the_default_of_a_class_is_not_merged_below_that_of_an_instance() -> None:
    small = loaded(Schema, "tiers: {small: {by_name: {new: {c: 3}}}}").tiers.small
    assert {"small": {"b": 2}, "new": {"c": 3}} == small.by_name


def test_lists_in_a_default_model_are_replaced() -> None:
    assert ["x"] == loaded(Schema, "tiers: {small: {tags: [x]}}").tiers.small.tags


def test_part_of_a_default_mapping_merges_key_by_key_at_any_depth() -> None:
    model = loaded(Schema, "by_name: {a: {chunks: 9}, c: {mb: 5}}\ndeep: {x: {z: [3]}, w: {}}")
    assert {"a": Tier(mb=1, chunks=9), "b": Tier(mb=3), "c": Tier(mb=5)} == model.by_name
    assert {"x": {"y": [1], "z": [3]}, "w": {}} == model.deep


def test_keys_that_are_no_text_meet_their_spelling() -> None:
    model = loaded(Schema, "by_color: {red: 2}\nby_number: {1: uno, 2: two}")
    assert ({Color.RED: 2}, {1: "uno", 2: "two"}) == (model.by_color, model.by_number)


def test_a_root_model_and_a_secret_are_replaced_whole() -> None:
    model = loaded(Schema, "words: [b]\nkey: mine")
    assert (Words(["b"]), "mine") == (model.words, model.key.get())


def test_rules_of_a_field_count_for_its_default() -> None:
    model = loaded(Schema, "whole: {b: 2}\nmore: [b]")
    assert ({"b": 2}, ["a", "b"]) == (model.whole, model.more)


def test_a_replacement_follows_the_same_rules_and_adds_no_default_twice() -> None:
    base = loaded(Schema, "more: [b]")
    changed = replace(base, {"more": ["c"], "tiers.small.chunks": 10, "by_name": {"a": {"chunks": 9}}})
    assert ["a", "b", "c"] == changed.more
    assert (10, ["small"]) == (changed.tiers.small.chunks, changed.tiers.small.tags)
    assert Tier(mb=1, chunks=9) == changed.by_name["a"]
    again = replace(changed, {"tiers.small.mb": 2})
    assert (2, 10, ["a", "b", "c"]) == (again.tiers.small.mb, again.tiers.small.chunks, again.more)


def test_no_mutable_part_of_a_default_is_shared_with_the_settings() -> None:
    model = loaded(Schema, "tiers: {small: {chunks: 10}}\nby_name: {c: {mb: 1}}")
    default = Schema.model_fields["by_name"].default
    assert {"a", "b"} == set(default)
    assert model.by_name["a"] is not default["a"]
    assert ["small"] == Tiers.model_fields["small"].default.tags


def test_the_origin_of_a_default_is_shown() -> None:
    model = loaded(Schema, "tiers: {small: {chunks: 10}}")
    assert "default Tiers.small.mb" == str(explain(model, "tiers.small.mb").origin)
    assert ["default Tiers.small.chunks"] == [
        str(loser.origin) for loser in explain(model, "tiers.small.chunks").losers
    ]


def test_a_factory_that_raises_is_a_problem_only_if_its_value_is_needed() -> None:
    class Raises(BaseModel):
        numbers: dict[str, int] = Field(default_factory=lambda: {"a": 1 // 0})

    assert {"b": 1} == loaded(Raises, "numbers: {b: 1}").numbers
    (only,) = problems(Raises, "{}")
    assert ("TC108", "a validator of the schema raised ZeroDivisionError") == (only.code, only.message)


def test_a_factory_that_needs_the_other_values_is_left_to_pydantic() -> None:
    class Depends(BaseModel):
        size: int = 2
        table: dict[str, int] = Field(default_factory=lambda data: {"size": data["size"]})

    assert {"size": 5} == loaded(Depends, "size: 5").table
    assert {"x": 1} == loaded(Depends, "size: 5\ntable: {x: 1}").table
