from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from toriconfig._core.tree import Tree
from toriconfig.sources import Source
from toriconfig.sources.mapping import MappingSource
from toriconfig.testing import SourceContract


class TestMappingSource(SourceContract):
    def good(self) -> Source:
        return MappingSource({"database": {"host": "db", "ports": [1, 2]}, "database.pool.max_size": 5})

    def broken(self) -> Source:
        return MappingSource({"a..b": 1, "ok": 2})


def load(values: dict[Any, Any]) -> Tree:
    return MappingSource(values).load()


def codes(values: dict[Any, Any]) -> list[str]:
    return [problem.code for problem in load(values).problems]


def test_dotted_and_nested_keys_build_one_tree() -> None:
    tree = load({"a": {"b": {"x": 1}}, "a.b.y": 2, "a.c": 3, "d": 4})
    assert tree.root.plain() == {"a": {"b": {"x": 1, "y": 2}, "c": 3}, "d": 4}
    assert tree.problems == ()


def test_the_order_of_dotted_and_nested_keys_does_not_matter() -> None:
    assert load({"a.b": 1, "a": {"c": 2}}).root.plain() == load({"a": {"c": 2}, "a.b": 1}).root.plain()


def test_a_quoted_key_and_a_key_further_down_may_hold_dots() -> None:
    tree = load({'weights."a.b"': 1, "weights": {"c.d": 2}})
    assert tree.root.plain() == {"weights": {"a.b": 1, "c.d": 2}}


@pytest.mark.parametrize(
    ("values", "path", "origin"),
    [
        ({"database": {"host": "x"}}, ("database", "host"), 'overrides["database.host"]'),
        ({"database.host": "x"}, ("database", "host"), 'overrides["database.host"]'),
        ({"hosts": ["x"]}, ("hosts", 0), 'overrides["hosts[0]"]'),
        ({"w": {"a.b": 1}}, ("w", "a.b"), "overrides['w.\"a.b\"']"),
    ],
)
def test_an_origin_is_spelt_as_code_would_write_it(
    values: dict[str, Any], path: tuple[str | int, ...], origin: str
) -> None:
    node = load(values).root.find(path)
    assert node is not None
    assert str(node.origin) == origin


def test_the_mapping_has_the_name_that_it_was_given() -> None:
    node = MappingSource({"a": 1}, "ToriSettings").load().root.value["a"]
    assert str(node.origin) == 'ToriSettings["a"]'


def test_models_dates_and_objects_are_unchanged_leaves() -> None:
    class Pool(BaseModel):
        size: int = 1

    pool, thing = Pool(), object()
    root = load({"pool": pool, "day": date(2020, 1, 1), "thing": thing}).root
    assert root.value["pool"].value is pool
    assert root.value["day"].value == date(2020, 1, 1)
    assert root.value["thing"].value is thing


def test_tuples_and_sets_become_lists() -> None:
    assert load({"a": (1, (2,)), "b": {3}}).root.plain() == {"a": [1, [2]], "b": [3]}


def test_the_values_are_not_changed_and_not_shared() -> None:
    values = {"a": {"b": [1]}, "a.c": 2}
    tree = load(values)
    tree.root.value["a"].value["b"].value.clear()
    assert values == {"a": {"b": [1]}, "a.c": 2}


def test_whole_numbers_as_keys_become_text_and_other_keys_are_problems() -> None:
    assert load({"a": {1: "x"}}).root.plain() == {"a": {"1": "x"}}
    assert codes({"a": {None: 1, "b": 2}}) == ["TC102"]
    assert codes({3: 1}) == ["TC504"]


def test_references_are_enabled_in_overrides() -> None:
    assert load({"a": "${env:X}"}).root.value["a"].layer.references


@pytest.mark.parametrize("key", ["", "a.", ".a", "a..b", 'a."b', "a[x]"])
def test_a_key_that_is_no_path_is_a_problem_and_the_rest_is_read(key: str) -> None:
    tree = load({key: 1, "ok": 2})
    assert [problem.code for problem in tree.problems] == ["TC504"]
    assert tree.root.plain() == {"ok": 2}


def test_one_item_of_a_list_cannot_be_set() -> None:
    tree = load({"servers[0].host": "x"})
    assert [problem.code for problem in tree.problems] == ["TC504"]
    assert "whole list" in tree.problems[0].help


@pytest.mark.parametrize("values", [{"a": 1, "a.b": 2}, {"a.b": 2, "a": 1}, {"a": {"b": {"c": 1}}, "a.b": 2}])
def test_a_mapping_and_a_plain_value_at_one_path_are_a_problem(values: dict[str, Any]) -> None:
    assert codes(values) == ["TC105"]


def test_a_value_given_twice_is_a_problem() -> None:
    assert codes({"a": {"b": 1}, "a.b": 2}) == ["TC002"]


def test_a_recursive_value_is_a_problem_and_no_endless_loop() -> None:
    loop: dict[str, Any] = {}
    loop.update(a=loop, b=[loop])
    assert codes({"x": loop}) == ["TC004", "TC004"]
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    assert codes({"x": deep}) == ["TC004"]


def test_a_problem_never_holds_a_value() -> None:
    values = {"a": {"b": "CANARY", None: "CANARY"}, "a.b": "CANARY", "c": "CANARY", "c.d": "CANARY", "e..": "CANARY"}
    problems = load(values).problems
    assert len(problems) == 4
    assert "CANARY" not in repr(problems)
