"""Text of variables, `.env` files and references, read by the type of the field that it is for."""

from __future__ import annotations

import datetime
import enum
import json
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType

import pytest
from pydantic import (
    BaseModel,
    BeforeValidator,
    PlainValidator,
    RootModel,
    WrapValidator,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode

from support.loading import problems
from toriconfig import ConfigError, Merge, Settings, SettingsConfigDict, load

PREFIX: dict[str, Any] = {"env_prefix": "A_", "env_nested_delimiter": "__"}
Road = Callable[..., Any]


class Base(Settings):
    model_config = SettingsConfigDict(env_prefix="A_", env_nested_delimiter="__")


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=[BaseModel, Base], ids=["a plain model", "a Settings class"])
def base(request: pytest.FixtureRequest) -> type[BaseModel]:
    made: type[BaseModel] = request.param
    return made


def value(base: type[BaseModel], annotation: Any, default: Any = ..., /, **given: Any) -> Any:
    """The field `v` of a schema with nothing else, loaded from variables or options."""
    environ = {name: text for name, text in given.items() if name.isupper()}
    options = {name: option for name, option in given.items() if not name.isupper()}
    schema = create_model("Schema", __base__=base, v=(annotation, default))
    return load(schema, environ=environ, **{**PREFIX, **options}).v


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


def test_a_validator_that_runs_first_gets_a_list_where_the_text_is_json(base: type[BaseModel]) -> None:
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


class Holder(BaseModel):
    words: dict[str, int] = {}


@pytest.mark.parametrize("layer", ["a default", "a file", ".env"])
def test_a_variable_means_the_key_of_a_mapping_that_is_there_whatever_its_case(
    base: type[BaseModel], layer: str
) -> None:
    if layer == "a file":
        Path("c.yaml").write_text("v: {Foo: 1, bar: 2}\n")
    elif layer == ".env":
        Path(".env").write_text('A_V={"Foo": 1, "bar": 2}\n')
    default = {"Foo": 1, "bar": 2} if layer == "a default" else {}
    options = {"config_name": "c", "env_file": ".env"}
    assert {"Foo": 3, "bar": 4} == value(base, dict[str, int], default, A_V__FOO="3", A_V__BAR="4", **options)


def test_a_variable_means_the_key_that_has_its_very_spelling_before_another(base: type[BaseModel]) -> None:
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


def test_broken_json_behind_a_reference_is_told_at_the_reference() -> None:
    class Schema(BaseModel):
        v: list[str]

    Path("c.yaml").write_text("v: ${env:L}\n")
    with pytest.raises(ConfigError) as caught:
        load(Schema, environ={"L": "[1"}, config_name="c", **PREFIX)
    assert ["c.yaml:1:4"] == [str(problem.origin) for problem in caught.value.problems]


DURATIONS = {
    "300": 300,
    "1.5": 1.5,
    "-5": -5,
    "5m": 300,
    "90d": 90 * 86400,
    "1h30m": 5400,
    "1 h 30 min": 5400,
    "2 days": 2 * 86400,
    "500ms": 0.5,
    "PT5M": 300,
    "00:05:00": 300,
    "-1d": -86400,
    "2w": 14 * 86400,
}


@pytest.mark.parametrize("text", DURATIONS)
@pytest.mark.parametrize(
    "layer", ["a variable", ".env", "YAML", "quoted YAML", "JSON", "code", "a reference", "a secret file"]
)
def test_a_duration_is_the_same_from_every_layer(base: type[BaseModel], layer: str, text: str) -> None:
    Path("c.yaml").write_text(
        {"YAML": f"v: {text}", "quoted YAML": f"v: '{text}'", "a reference": "v: ${env:L}"}.get(layer, "{}")
    )
    Path("d.json").write_text(json.dumps({"v": text}) if layer == "JSON" else "{}")
    Path(".env").write_text(f"A_V='{text}'\n" if layer == ".env" else "")
    Path("s").mkdir()
    if layer == "a secret file":
        Path("s/a_v").write_text(text)
    given = {"A_V": text} if layer == "a variable" else {"L": text}
    overrides = {"v": text} if layer == "code" else None
    schema = create_model("Schema", __base__=base, v=(datetime.timedelta, ...))
    options: dict[str, Any] = {"config_files": ["c.yaml", "d.json"], "env_file": ".env", "secrets_dir": "s", **PREFIX}
    made = load(schema, environ=given, overrides=overrides, **options)
    assert datetime.timedelta(seconds=DURATIONS[text]) == made.v


@pytest.mark.parametrize("annotation", [list[datetime.timedelta], dict[str, datetime.timedelta]], ids=str)
def test_durations_stand_in_lists_and_mappings(base: type[BaseModel], annotation: Any) -> None:
    five = datetime.timedelta(minutes=5)
    expected = [five] if annotation == list[datetime.timedelta] else {"a": five}
    assert expected == value(base, annotation, A_V="5m" if annotation == list[datetime.timedelta] else "a=5m")


def test_a_text_beside_a_duration_stays_text(base: type[BaseModel]) -> None:
    assert "5m" == value(base, datetime.timedelta | str, A_V="5m")


@pytest.mark.parametrize("text", ["5x", "m5", "5m x", "1.2.3", "--5"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    class Schema(BaseModel):
        t: datetime.timedelta

    assert ["TC102"] == [problem.code for problem in problems(Schema, environ={"A_T": text}, **PREFIX)]


DIGITS = ["12345678901234567.89", "1.10", "1e400", "0.1", "-0.30"]


@pytest.mark.parametrize("digits", DIGITS)
@pytest.mark.parametrize("file", ["c.yaml", "c.json"])
def test_a_decimal_keeps_the_digits_of_its_file(base: type[BaseModel], file: str, digits: str) -> None:
    Path(file).write_text(f'{{"v": {digits}}}')
    assert repr(Decimal(digits)) == repr(value(base, Decimal, config_name="c"))
    assert repr(Decimal(digits)) == repr(value(base, Decimal | None, config_name="c"))
    assert Fraction(digits) == value(base, Fraction, config_name="c")


@pytest.mark.parametrize(
    ("annotation", "yaml", "expected"),
    [
        (list[Decimal], "[1.10, 2]", "[Decimal('1.10'), Decimal('2')]"),
        (dict[str, Decimal], "{a: 1.10}", "{'a': Decimal('1.10')}"),
        (tuple[Decimal, float], "[1.10, 1.10]", "(Decimal('1.10'), 1.1)"),
        (int | Decimal, "1.10", "Decimal('1.10')"),
        (float | Decimal, "1.10", "1.1"),
        (NewType("Price", Decimal), "1.10", "Decimal('1.10')"),
        (float, "1.10", "1.1"),
        (Any, "1.10", "1.1"),
    ],
    ids=str,
)
def test_decimals_keep_their_digits_wherever_they_stand(
    base: type[BaseModel], annotation: Any, yaml: str, expected: str
) -> None:
    Path("c.yaml").write_text(f"v: {yaml}\n")
    assert expected == repr(value(base, annotation, config_name="c"))


def test_an_anchor_and_a_reference_keep_the_digits() -> None:
    class Schema(BaseModel):
        a: Decimal
        b: Decimal
        c: Decimal

    Path("c.yaml").write_text("a: &x 1.10\nb: *x\nc: ${a}\n")
    made = load(Schema, environ={}, config_name="c")
    assert ["1.10"] * 3 == [str(made.a), str(made.b), str(made.c)]
