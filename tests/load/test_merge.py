"""Merge: the table of its docstring line by line, and its laws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from support.loading import loaded, problems, told
from toriconfig import Merge, Origin, explain, load
from toriconfig._core.origin import LayerKind
from toriconfig._core.problem import Problem
from toriconfig._core.tree import Layer, Node
from toriconfig._load.merge import merge, prune
from toriconfig._schema.shape import ANY, root_shape

Plain = Any


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Pool(BaseModel):
    size: int = 1
    timeout: float = 2.0


class Schema(BaseModel):
    pool: Pool = Pool()
    weights: dict[str, float] = {}
    tags: list[str] = []
    name: str = ""
    limit: int | None = 5
    added: Annotated[list[str], Merge("append")] = ["default"]
    before: Annotated[list[str], Merge("prepend")] = []
    once: Annotated[list[str], Merge("unique")] = []
    whole: Annotated[dict[str, int], Merge("replace")] = {"default": 1}


def test_mappings_merge_key_by_key() -> None:
    model = loaded(Schema, "pool: {size: 1, timeout: 1}\nweights: {a: 1}", "pool: {size: 2}\nweights: {b: 2}")
    assert Pool(size=2, timeout=1) == model.pool
    assert {"a": 1.0, "b": 2.0} == model.weights


def test_lists_and_scalars_replace() -> None:
    model = loaded(Schema, "tags: [a, b]\nname: low", "tags: [c]\nname: high")
    assert (["c"], "high") == (model.tags, model.name)


def test_an_empty_mapping_sets_nothing_and_an_empty_list_clears_the_list() -> None:
    model = loaded(Schema, "weights: {a: 1}\ntags: [a]", "weights: {}\ntags: []")
    assert ({"a": 1.0}, []) == (model.weights, model.tags)


def test_append_puts_the_higher_items_behind_the_lower_ones_and_the_default() -> None:
    assert ["default", "a", "b"] == loaded(Schema, "added: [a]", "added: [b]").added


def test_prepend_puts_the_higher_items_first() -> None:
    assert ["b", "a"] == loaded(Schema, "before: [a]", "before: [b]").before


def test_unique_appends_only_new_items() -> None:
    assert ["a", "b", "c"] == loaded(Schema, "once: [a, b]", "once: [b, c, c]").once


def test_append_works_for_text_from_the_environment() -> None:
    assert ["default", "a", "b", "c"] == loaded(Schema, "added: [a]", environ={"T_ADDED": "b,c"}, env_prefix="T_").added


def test_replace_uses_only_the_higher_mapping_and_hides_the_default() -> None:
    assert {"b": 2} == loaded(Schema, "whole: {a: 1}", "whole: {b: 2}").whole
    assert {"a": 1} == loaded(Schema, "whole: {a: 1}").whole


def test_a_rule_that_does_not_exist_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValueError, match="replace, append, prepend, unique"):
        Merge("concat")  # type: ignore[arg-type]


def test_null_means_none_if_the_field_accepts_it() -> None:
    assert loaded(Schema, "limit: 3", "limit: null").limit is None


def test_null_removes_values_of_lower_layers_with_one_warning() -> None:
    found = problems(Schema, "name: low", "name:")
    assert loaded(Schema, "name: low", "name:").name == ""
    assert [("TC106", "2.yaml:1:6", "warning", "2.yaml:1:6 wins; 1.yaml:1:7 is overridden")] == [
        (one.code, str(one.origin), one.severity, one.layer) for one in found
    ]
    assert "removes the values of lower layers" in found[0].message


def test_null_over_a_mapping_removes_it_with_a_warning_even_below_a_higher_layer() -> None:
    texts = "weights: {a: 1}", "weights:", "weights: {b: 2}"
    assert {"b": 2.0} == loaded(Schema, *texts).weights
    assert [("TC106", "2.yaml:1:9", "weights")] == told(Schema, *texts)


def test_null_removes_one_key_of_a_mapping_its_default_included() -> None:
    class Weights(BaseModel):
        weights: dict[str, float] = {"title": 2.0, "body": 1.0}

    assert {"body": 1.0, "x": 3.0} == loaded(Weights, "weights: {title: null, x: 3}").weights


def test_value_over_null_does_not_inherit_the_default() -> None:
    class Optional(BaseModel):
        pool: Pool | None = Pool(size=7, timeout=7)

    texts = "pool: {size: 1}", "pool: null", "pool: {timeout: 3}"
    assert Pool(size=1, timeout=3) == loaded(Optional, *texts).pool
    assert Pool(size=2, timeout=3) == loaded(Optional, *texts, "pool: {size: 2}").pool


def test_null_without_a_lower_value_counts_as_not_set_and_still_warns() -> None:
    (only,) = problems(Schema, "name:")
    assert ("TC106", "`name` is null, which counts as not set", "") == (only.code, only.message, only.layer)


def test_a_required_key_that_a_null_removes_is_reported_at_the_null() -> None:
    class Required(BaseModel):
        name: str

    found = [one for one in problems(Required, "name: a", "name:") if one.severity == "error"]
    assert [("TC103", "2.yaml:1:6", "null counts as not set")] == [
        (one.code, str(one.origin), one.label) for one in found
    ]


def test_null_of_two_layers_is_reported_at_both() -> None:
    assert ["2.yaml:1:6", "3.yaml:1:6"] == [place for _, place, _ in told(Schema, "name: a", "name:", "name:")]


@pytest.mark.parametrize(
    ("low", "high", "kinds"),
    [
        ("pool: 5", "pool: {size: 1}", "a mapping here and a scalar"),
        ("pool: {size: 1}", "pool: text", "a scalar here and a mapping"),
        ("weights: {a: 1}", "weights: [1]", "a list here and a mapping"),
        ("name: {a: 1}", "name: x", "a scalar here and a mapping"),
    ],
)
def test_a_clash_of_kinds_names_both_places(low: str, high: str, kinds: str) -> None:
    clashes = [one for one in problems(Schema, low, high) if one.code == "TC105"]
    assert len(clashes) == 1
    (clash,) = clashes
    column = high.index(":") + 3
    assert (f"2.yaml:1:{column}", f"1.yaml:1:{low.index(':') + 3}") == (
        str(clash.origin),
        str(clash.related[0].origin),
    )
    assert kinds in clash.message
    assert "1.yaml" in clash.layer


def test_a_free_field_has_no_clash() -> None:
    class Free(BaseModel):
        anything: Any

    assert loaded(Free, "anything: {a: 1}", "anything: x").anything == "x"


def test_a_mapping_of_several_layers_has_the_position_of_the_highest_file() -> None:
    class Inner(BaseModel):
        a: int
        b: int

    class Outer(BaseModel):
        inner: Inner

    (missing,) = problems(
        Outer, "inner:\n  {}", environ={"T_INNER__A": "1"}, env_prefix="T_", env_nested_delimiter="__"
    )
    assert ("TC103", "1.yaml:1:1", "inner.b") == (missing.code, str(missing.origin), missing.path)


def test_overridden_values_stay_reachable_from_the_highest_to_the_default() -> None:
    names = ["low.yaml", "high.yaml"]
    for name, size in zip(names, (1, 2), strict=True):
        with open(name, "w") as file:
            file.write(f"pool: {{size: {size}}}")
    model = load(
        Schema, config_files=names, environ={"T_POOL__SIZE": "3"}, env_prefix="T_", env_nested_delimiter="__",
        offline=True, overrides={"pool.size": 4},
    )  # fmt: skip
    told_of = explain(model, "pool.size")
    assert model.pool.size == 4
    assert 'overrides["pool.size"]' == str(told_of.origin)
    assert ["T_POOL__SIZE", "high.yaml:1:14", "low.yaml:1:14"] == [str(loser.origin) for loser in told_of.losers][:3]
    assert "default" in str(told_of.losers[-1].origin)


# The laws, over trees of any form.

_SCALARS = st.one_of(st.integers(0, 3), st.sampled_from(["", "a", "b"]), st.booleans())
_TREES = st.recursive(
    st.one_of(_SCALARS, st.lists(_SCALARS, max_size=3)),
    lambda below: st.dictionaries(st.sampled_from("xyz"), below, max_size=3),
    max_leaves=8,
).map(lambda value: value if isinstance(value, dict) else {"x": value})


def tree(value: Plain, layer: Layer, at: tuple[Any, ...] = ()) -> Node:
    if isinstance(value, dict):
        return Node({key: tree(item, layer, (*at, key)) for key, item in value.items()}, layer, at)
    if isinstance(value, list):
        return Node([tree(item, layer, (*at, number)) for number, item in enumerate(value)], layer, at)
    return Node(value, layer, at)


def layer(name: str, kind: LayerKind = "files") -> Layer:
    return Layer(kind, name, lambda at: Origin(kind, f"{name} {at}"))


def merged(*values: Plain) -> Node:
    root = tree(values[0], layer("0"))
    for number, value in enumerate(values[1:], 1):
        root = merge(root, tree(value, layer(str(number))), ANY, [])
    return root


def leaves(node: Node) -> Iterator[Node]:
    if type(node.value) is dict:
        for child in node.value.values():
            yield from leaves(child)
    else:
        yield node


@given(_TREES)
def test_law_identity(value: Plain) -> None:
    assert value == merged({}, value).plain() == merged(value, {}).plain()


@given(_TREES)
def test_law_idempotence(value: Plain) -> None:
    assert value == merged(value, value).plain()


@given(_TREES, _TREES)
def test_law_the_last_wins(low: Plain, high: Plain) -> None:
    result = merged(low, high)
    for leaf in leaves(tree(high, layer("1"))):
        found = result.find(leaf.at)
        assert found is not None
        if type(leaf.value) is not list:
            assert leaf.plain() == found.plain()


@given(_TREES, _TREES, _TREES)
def test_law_associativity_of_values_without_clashes(a: Plain, b: Plain, c: Plain) -> None:
    problems: list[Problem] = []
    nodes = [tree(value, layer(str(number))) for number, value in enumerate((a, b, c))]
    shape = root_shape(Free)
    left = merge(merge(nodes[0], nodes[1], shape, problems), nodes[2], shape, problems)
    right = merge(nodes[0], merge(nodes[1], nodes[2], shape, problems), shape, problems)
    if not problems:
        assert left.plain() == right.plain()


@given(_TREES, _TREES)
def test_law_every_origin_comes_from_an_input(low: Plain, high: Plain) -> None:
    inputs = {leaf.origin for value, name in ((low, "0"), (high, "1")) for leaf in leaves(tree(value, layer(name)))}
    for leaf in leaves(merged(low, high)):
        empty_mapping = type(leaf.value) is dict
        assert empty_mapping or leaf.origin in inputs


@given(_TREES, _TREES)
def test_law_inputs_stay_unchanged(low: Plain, high: Plain) -> None:
    one, two = tree(low, layer("0")), tree(high, layer("1"))
    merge(one, two, ANY, [])
    assert (low, high) == (one.plain(), two.plain())


@given(_TREES, _TREES)
def test_law_an_overridden_value_is_never_lost(low: Plain, high: Plain) -> None:
    result = merged(low, high)
    for leaf in leaves(tree(low, layer("0"))):
        found: Node | None = result
        for part in leaf.at:
            if found is None or type(found.value) is not dict:
                break
            found = found.value.get(part)
        assert found is not None
        everything = [found, *found.losers()]
        assert any(leaf.at == one.at[: len(leaf.at)] or leaf.at[: len(one.at)] == one.at for one in everything)


class Free(BaseModel):
    x: dict[str, dict[str, dict[str, int]]] = {}
    y: dict[str, dict[str, dict[str, int]]] = {}
    z: dict[str, dict[str, dict[str, int]]] = {}


def test_pruning_leaves_a_tree_without_nulls_as_it_is() -> None:
    root = tree({"pool": {"size": 1}, "limit": None}, layer("0"))
    found: list[Problem] = []
    assert root is prune(root, root_shape(Schema), found)
    assert [] == found
