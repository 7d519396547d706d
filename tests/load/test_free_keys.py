"""Keys of mappings and positions of lists, as variables and files write them."""

from __future__ import annotations

import enum
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from pydantic import BaseModel

from support.loading import problems
from support.one_field import BASES, PREFIX, value
from toriconfig import ConfigError, Merge, explain, load


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=BASES)
def base(request: pytest.FixtureRequest) -> type[BaseModel]:
    return BASES[request.param]


class Sub(BaseModel):
    token: str = "none"
    n: int = 0


class Point(NamedTuple):
    x: int
    y: float = 2.0


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@pytest.mark.parametrize("layer", ["a default", "a file", ".env"])
def test_a_variable_sets_the_existing_key_of_a_mapping_regardless_of_case(base: type[BaseModel], layer: str) -> None:
    if layer == "a file":
        Path("c.yaml").write_text("v: {Foo: 1, bar: 2}\n")
    elif layer == ".env":
        Path(".env").write_text('A_V={"Foo": 1, "bar": 2}\n')
    default = {"Foo": 1, "bar": 2} if layer == "a default" else {}
    options = {"config_name": "c", "env_file": ".env"}
    assert {"Foo": 3, "bar": 4} == value(base, dict[str, int], default, A_V__FOO="3", A_V__BAR="4", **options)


def test_a_variable_prefers_the_key_with_exactly_its_spelling(base: type[BaseModel]) -> None:
    assert {"Foo": 1, "foo": 3} == value(base, dict[str, int], {"Foo": 1, "foo": 2}, A_V__FOO="3")


class Color(enum.Enum):
    RED = "RED"
    Light = "light Blue"


@pytest.mark.parametrize(
    ("annotation", "name", "expected"),
    [
        (dict[Color, int], "A_V__RED", {Color.RED: 3}),
        (dict[Color, int], "A_V__LIGHT BLUE", {Color.Light: 3}),
        (dict[Literal["Foo", "Bar"], int], "A_V__BAR", {"Bar": 3}),
        (dict[Literal["Foo"] | Color, int], "A_V__FOO", {"Foo": 3}),
        (dict[Level, int], "A_V__2", {Level.HIGH: 3}),
        (dict[Literal[1, 2], int], "A_V__2", {2: 3}),
        (dict[Color, dict[str, int]], "A_V__RED__A", {Color.RED: {"a": 3}}),
    ],
    ids=str,
)  # fmt: skip
def test_a_variable_means_the_key_that_the_schema_declares(
    base: type[BaseModel], annotation: Any, name: str, expected: Any
) -> None:
    assert expected == value(base, annotation, **{name: "3"})


def test_a_key_in_the_json_of_a_variable_keeps_its_spelling(base: type[BaseModel]) -> None:
    assert {"Foo": 1, "foo": 3} == value(base, dict[str, int], {"Foo": 1}, A_V='{"foo": 3}')


class TestPositions:
    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            ({"A_V__0": "z"}, ["z", "b", "c"]),
            ({"A_V__1": "y", "A_V__0": "z"}, ["z", "y", "c"]),
            ({"A_V__3": "d"}, ["a", "b", "c", "d"]),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("layer", ["a default", "a file"])
    def test_an_item_of_a_list_is_set_by_its_position(
        self, base: type[BaseModel], layer: str, names: dict[str, str], expected: list[str]
    ) -> None:
        Path("c.yaml").write_text("v: [a, b, c]\n" if layer == "a file" else "{}\n")
        default = ["a", "b", "c"] if layer == "a default" else []
        assert expected == value(base, list[str], default, config_name="c", **names)

    def test_an_item_of_a_list_that_a_variable_gives_whole_is_set_there(self) -> None:
        names = {"A_V": '["x"]', "A_V__0": "z", "A_V__1": "y"}
        assert ["z", "y"] == value(BaseModel, list[str], ["a", "b", "c"], **names)

    def test_a_field_of_an_item_is_set_by_its_name(self, base: type[BaseModel]) -> None:
        Path("c.yaml").write_text("v: [{token: a, n: 1}, {token: b, n: 2}]\n")
        made = value(base, list[Sub], config_name="c", A_V__1__N="7", A_V__2__TOKEN="c")
        assert [("a", 1), ("b", 7), ("c", 0)] == [(one.token, one.n) for one in made]

    def test_the_items_of_tuples_have_positions_and_those_of_named_ones_names(self, base: type[BaseModel]) -> None:
        assert (1, "b") == value(base, tuple[int, str], (1, "a"), A_V__1="b")
        assert Point(5, 2.0) == value(base, Point, Point(1), A_V__X="5")

    def test_a_position_behind_a_gap_is_refused(self, base: type[BaseModel]) -> None:
        with pytest.raises(ConfigError, match=r"`v\[4\]` is set, and `v\[1\]` is not"):
            value(base, list[str], ["a"], A_V__4="z")

    def test_a_position_is_not_joined_but_set(self, base: type[BaseModel]) -> None:
        Path("c.yaml").write_text("v: [a, b]\n")
        assert ["a", "z"] == value(base, Annotated[list[str], Merge("append")], config_name="c", A_V__1="z")

    def test_two_layers_may_set_items_of_one_list(self, base: type[BaseModel]) -> None:
        Path(".env").write_text("A_V__0=x\nA_V__1=y\n")
        assert ["x", "z"] == value(base, list[str], ["a", "b"], env_file=".env", A_V__1="z")


@pytest.mark.parametrize(
    ("annotation", "yaml", "expected"),
    [
        (dict, "{1: a}", {1: "a"}),
        (dict, "{'1': a}", {"1": "a"}),
        (dict, "{true: a, 1.5: b, ~: c, on: d}", {True: "a", 1.5: "b", None: "c", "on": "d"}),
        (dict[Any, str], "{0x10: a}", {16: "a"}),
        (dict[int | str, str], "{1: a, b: c}", {1: "a", "b": "c"}),
        (dict[str, str], "{1: a, 007: b}", {"1": "a", "007": "b"}),
        (dict[int, str], "{0x10: a}", {16: "a"}),
        (dict[Level, str], "{1: a}", {Level.LOW: "a"}),
        (dict[Literal[1, 2], str], "{1: a}", {1: "a"}),
        (dict[Literal["1"], str], "{1: a}", {"1": "a"}),
        (dict[Decimal, str], "{1.10: a}", {Decimal("1.10"): "a"}),
        (Any, "{1: {2: a}}", {1: {2: "a"}}),
        (list[dict[Any, str]], "[{1: a}]", [{1: "a"}]),
        (list[int] | dict[str, str], "{1: a}", {"1": "a"}),
    ],
    ids=str,
)
def test_a_key_of_a_file_has_its_parsed_value_unless_keys_are_text(
    base: type[BaseModel], annotation: Any, yaml: str, expected: Any
) -> None:
    Path("c.yaml").write_text(f"v: {yaml}\n")
    assert repr(expected) == repr(value(base, annotation, config_name="c"))


def test_numbers_as_keys_meet_those_of_other_layers() -> None:
    Path("c.yaml").write_text("v: {1: a, 2: b}\n")
    given: dict[str, Any] = {"config_name": "c", "overrides": {"v": {2: "c"}}, "A_V__1": "z"}
    assert {1: "z", 2: "c", 3: "d"} == value(BaseModel, dict, {3: "d"}, **given)


@pytest.mark.parametrize(
    "keys", ["1: a, 01: b", "01: a, 1: b", "0x1: a, 1: b", "true: a, True: b", "1.0: a, 1.00: b", "1: a, 1.0: b"]
)
def test_two_spellings_of_one_key_are_a_duplicate(keys: str) -> None:
    class Schema(BaseModel):
        v: dict[Any, str] = {}

    Path("c.yaml").write_text(f"v: {{{keys}}}\n")
    assert ["TC002"] == [problem.code for problem in problems(Schema, config_name="c", environ={})]


def test_an_item_of_a_named_tuple_is_set_beside_those_that_a_file_names(base: type[BaseModel]) -> None:
    Path("c.yaml").write_text("v: {x: 1}\n")
    assert Point(1, 7.0) == value(base, Point, Point(0), config_name="c", A_V__Y="7")


class Keyed(BaseModel):
    untyped: dict[Any, Any] = {}
    named: Point = Point(0)
    level: dict[Level, str] = {}


@pytest.mark.parametrize(
    ("key", "shown", "place"),
    [
        ("untyped.1", "a", "c.yaml:1:14"),
        ("untyped.off", "b", "c.yaml:1:22"),
        ("level.1", "c", "c.yaml:3:12"),
        ("named.x", "3", "c.yaml:2:12"),
        ("named.y", "7.0", "A_NAMED__Y"),
    ],
)
def test_a_key_that_is_no_text_is_explained_by_its_spelling(key: str, shown: Any, place: str) -> None:
    Path("c.yaml").write_text("untyped: {1: a, off: b}\nnamed: {x: 3}\nlevel: {1: c}\n")
    found = explain(load(Keyed, environ={"A_NAMED__Y": "7"}, config_name="c", **PREFIX), key)
    assert (shown, place) == (found.value, str(found.origin))
