"""Validation: errors of pydantic with positions in the files, one problem per field, and never a value."""

from __future__ import annotations

import enum
from typing import Annotated, Any, Literal

import annotated_types
import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from support.loading import attempt, loaded, problems, told
from toriconfig import Problem


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Level(enum.Enum):
    DEBUG = "debug"
    WARNING = "warning"


class Pool(BaseModel):
    size: int = Field(default=1, ge=1, le=10)
    ratio: float = Field(default=0.5, gt=0, lt=1)


class Host(BaseModel):
    name: str
    port: int


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    age: int


class Schema(BaseModel):
    pool: Pool = Pool()
    hosts: list[Host] = []
    by_name: dict[str, Host] = {}
    level: Level = Level.DEBUG
    mode: Literal["fast", "safe"] = "fast"
    on: bool = True
    name: Annotated[str, Field(min_length=2, max_length=5, pattern="^[a-z]*$")] = "ab"
    few: Annotated[list[int], annotated_types.Len(1, 2)] = [1]
    triple: tuple[int, int, int] = (1, 2, 3)
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    either: Cat | Dog | None = None
    number: int | list[int] = 0
    maybe: Pool | None = None
    sealed: SecretStr = SecretStr("x")


def only(*texts: str, schema: type[BaseModel] = Schema, **given: Any) -> Problem:
    (one,) = problems(schema, *texts, **given)
    return one


@pytest.mark.parametrize(
    ("text", "code", "place", "path", "expected"),
    [
        ("pool: {size: ten}", "TC102", "1:14", "pool.size", "an integer"),
        ("pool: {size: 1.5}", "TC102", "1:14", "pool.size", "an integer"),
        ("pool: {size: 0}", "TC104", "1:14", "pool.size", "at least 1"),
        ("pool: {size: 11}", "TC104", "1:14", "pool.size", "at most 10"),
        ("pool: {ratio: 1}", "TC104", "1:15", "pool.ratio", "less than 1"),
        ("pool: {ratio: 0}", "TC104", "1:15", "pool.ratio", "more than 0"),
        ("pool: {ratio: .nan}", "TC104", "1:15", "pool.ratio", "less than 1"),
        ("pool: {ratio: x}", "TC102", "1:15", "pool.ratio", "a number"),
        ("pool: 5", "TC102", "1:7", "pool", "a mapping"),
        ("pool: [1]", "TC102", "1:7", "pool", "a mapping"),
        ("hosts: {a: 1}", "TC102", "1:8", "hosts", "a list"),
        ("hosts: [{name: a, port: x}]", "TC102", "1:25", "hosts[0].port", "an integer"),
        ("hosts: [5]", "TC102", "1:9", "hosts[0]", "a mapping"),
        ("by_name: {web: {name: a, port: x}}", "TC102", "1:32", "by_name.web.port", "an integer"),
        ("by_name: {'a.b': {name: a, port: x}}", "TC102", "1:34", 'by_name."a.b".port', "an integer"),
        ("level: loud", "TC104", "1:8", "level", "'debug' or 'warning'"),
        ("mode: slow", "TC104", "1:7", "mode", "'fast' or 'safe'"),
        ("on: maybe", "TC104", "1:5", "on", "true or false"),
        ("on: 3", "TC104", "1:5", "on", "true or false"),
        ("on: [1]", "TC102", "1:5", "on", "true or false"),
        ("name: 5", "TC102", "1:7", "name", "text"),
        ("name: a", "TC104", "1:7", "name", "at least 2 characters"),
        ("name: abcdef", "TC104", "1:7", "name", "at most 5 characters"),
        ("few: []", "TC104", "1:6", "few", "at least 1 item"),
        ("few: [1, 2, 3]", "TC104", "1:6", "few", "at most 2 items"),
        ("triple: [1]", "TC104", "1:9", "triple", "at least 3 items"),
        ("triple: [1, 2, 3, 4]", "TC104", "1:9", "triple", "at most 3 items"),
        ("pet: {kind: cat, lives: x}", "TC102", "1:25", "pet.lives", "an integer"),
        ("pet: {kind: cow}", "TC104", "1:13", "pet.kind", "one of 'cat', 'dog'"),
        ("pet: 5", "TC102", "1:6", "pet", "a mapping"),
        ("either: {kind: cow}", "TC102", "1:9", "either", "a valid Cat or a valid Dog"),
        ("number: x", "TC102", "1:9", "number", "an integer or a list"),
        ("number: [x]", "TC102", "1:9", "number", "an integer or a valid list[int]"),
        ("maybe: {size: x}", "TC102", "1:15", "maybe.size", "an integer"),
        ("sealed: [1]", "TC102", "1:9", "sealed", "text"),
    ],
)
def test_each_mistake_is_one_problem_at_its_place(text: str, code: str, place: str, path: str, expected: str) -> None:
    found = only(text)
    assert (code, f"1.yaml:{place}", path, expected) == (found.code, str(found.origin), found.path, found.expected)
    assert found.help
    assert found.message


def test_all_mistakes_are_reported_at_once_sorted_by_place() -> None:
    text = "on: x\npool:\n  size: x\n  ratio: 2\nhosts:\n  - {name: 1}\nzzz: 1\n"
    found = told(Schema, text)
    assert [
        ("TC104", "1.yaml:1:5", "on"),
        ("TC102", "1.yaml:3:9", "pool.size"),
        ("TC104", "1.yaml:4:10", "pool.ratio"),
        ("TC103", "1.yaml:6:5", "hosts[0].port"),
        ("TC102", "1.yaml:6:12", "hosts[0].name"),
        ("TC101", "1.yaml:7:1", "zzz"),
    ] == found


@pytest.mark.parametrize(
    ("text", "meant"),
    [("level: debg", "debug"), ("level: Warning", "warning"), ("mode: saef", "safe"), ("on: treu", "true")],
)
def test_a_near_miss_of_a_choice_is_named(text: str, meant: str) -> None:
    assert f"did you mean `{meant}`?" == only(text).help


def test_a_missing_key_is_reported_at_its_parent_with_the_searched_layers() -> None:
    class Outer(BaseModel):
        inner: Host

    found = only(
        "other: 1\ninner:\n  name: x", schema=Outer, env_prefix="T_", env_nested_delimiter="__", unknown_keys="ignore"
    )
    assert ("TC103", "1.yaml:2:1", "inner.port") == (found.code, str(found.origin), found.path)
    assert ("`port` is missing in this mapping", "required key `inner.port` is not set by any layer") == (
        found.label,
        found.message,
    )
    assert "looked in: variables T_*, 1.yaml; set `inner.port`, or T_INNER__PORT in the environment" == found.help


def test_a_missing_top_level_key_has_no_position() -> None:
    class One(BaseModel):
        x: int

    found = only("{}", schema=One)
    assert ("TC103", None, "x") == (found.code, found.origin, found.path)


def test_a_missing_tag_of_a_union_is_reported_as_the_missing_key() -> None:
    found = only("pet: {lives: 3}")
    assert ("TC103", "pet.kind", "1.yaml:1:6") == (found.code, found.path, str(found.origin))
    assert ("one of 'cat', 'dog'", "set `pet.kind` to one of 'cat', 'dog'") == (found.expected, found.help)


def test_several_missing_keys_of_one_place_are_reported_each() -> None:
    assert [("TC103", "hosts[0].name"), ("TC103", "hosts[0].port")] == [
        (code, path) for code, _, path in told(Schema, "hosts: [{}]")
    ]


def test_a_missing_key_is_not_reported_if_a_file_is_incomplete() -> None:
    found = told(Host, "port: x\nbad: [1, 2\nname: y\n")
    assert {"TC001", "TC102", "TC101"} >= {code for code, _, _ in found}
    assert "TC001" in {code for code, _, _ in found}
    assert "TC103" not in {code for code, _, _ in found}


# Layers in a diagnostic.


def test_the_overridden_place_is_named_and_a_mere_default_is_not() -> None:
    found = only("pool: {size: 3}", "pool: {size: x}")
    assert "2.yaml:1:14 wins; 1.yaml:1:14 is overridden" == found.layer
    assert [("1.yaml:1:14", "overridden: this value is not in effect")] == [
        (str(one.origin), one.label) for one in found.related
    ]

    class Weights(BaseModel):
        weights: dict[str, float] = {"a": 1.0}

    found = only("weights: {a: x}", schema=Weights)
    assert ("", ()) == (found.layer, found.related)


def test_keys_that_the_model_forbids_are_errors_although_unknown_keys_only_warn() -> None:
    class Forbids(BaseModel):
        model_config = ConfigDict(extra="forbid")
        a: int = 1

    class Wrapped(BaseModel):
        inner: RootModel[dict[str, Forbids]] | None = None
        rows: list[Forbids] = []

    for text, path in (("rows: [{b: 1}]", "rows[0].b"), ("inner: {x: {b: 1}}", "inner.x.b")):
        assert [("TC101", path)] == [(code, where) for code, _, where in told(Wrapped, text)]


def test_a_refusal_always_has_a_reason() -> None:
    class Strange(BaseModel):
        a: int = 1

        @model_validator(mode="wrap")
        @classmethod
        def _never(cls, data: Any, handler: Any) -> Any:
            raise ValidationError.from_exception_data("Strange", [])

    found = attempt(Strange, "a: 1")
    assert found.loaded is None
    assert found.problems


def test_a_strange_location_of_a_validator_still_has_a_place() -> None:
    class Located(BaseModel):
        weights: dict[str, float] = {}

        @field_validator("weights")
        @classmethod
        def _each(cls, value: dict[str, float]) -> dict[str, float]:
            raise ValidationError.from_exception_data(
                "x", [{"type": "float_type", "loc": ("a", "deep", 3, "[key]"), "input": "hunter2"}]
            )

    found = problems(Located, "weights: {a: 1}")
    assert found
    assert all(one.origin is not None for one in found)
    assert "hunter2" not in repr(found)


def test_frozen_strict_and_generic_models_are_no_special_case() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(strict=True, frozen=True)
        a: int
        b: float = 1.0

    assert ("TC102", "a") == (only("a: '1'", schema=Strict).code, only("a: '1'", schema=Strict).path)
    assert loaded(Strict, "a: 1\nb: 2").b == 2.0
