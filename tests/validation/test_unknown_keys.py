"""Unknown keys: reported at any depth with the probable key, unless the model accepts them."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel
from typing_extensions import TypedDict

from support.loading import attempt, loaded, problems, told
from toriconfig import Secret


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Pool(BaseModel):
    max_size: int = 1
    timeout: float = 1.0


class Open(BaseModel):
    model_config = ConfigDict(extra="ignore")
    a: int = 1
    pool: Pool = Pool()


class Free(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int = 1


class Typed(TypedDict):
    a: int


@dataclasses.dataclass
class Record:
    a: int = 1


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    age: int = 1


class Account(BaseModel):
    user: str


class Schema(BaseModel):
    sized: Pool = Pool(max_size=10)
    pool: Pool = Pool()
    pools: list[Pool] = []
    by_name: dict[str, Pool] = {}
    nested: list[dict[str, list[Pool]]] = []
    rooted: RootModel[dict[str, Pool]] | None = None
    open: Open = Open()
    free: Free = Free()
    typed: Typed = {"a": 1}
    record: Record = Record()
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    account: Secret[Account] | None = None
    anything: Any = None
    plain: dict[str, Any] = {}
    aliased: int = Field(default=1, alias="Aliased")


@pytest.mark.parametrize(
    ("text", "place", "path"),
    [
        ("x: 1", "1:1", "x"),
        ("pool: {max_szie: 1}", "1:8", "pool.max_szie"),
        ("pools: [{}, {x: 1}]", "1:14", "pools[1].x"),
        ("by_name: {any: {x: 1}}", "1:17", "by_name.any.x"),
        ("nested: [{a: [{x: 1}]}]", "1:16", "nested[0].a[0].x"),
        ("rooted: {a: {x: 1}}", "1:14", "rooted.a.x"),
        ("open: {pool: {x: 1}}", "1:15", "open.pool.x"),
        ("typed: {a: 1, x: 1}", "1:15", "typed.x"),
        ("record: {x: 1}", "1:10", "record.x"),
        ("pet: {kind: dog, lives: 1}", "1:18", "pet.lives"),
        ("account: {user: a, x: 1}", "1:20", "account.**********"),
        ("aliased: 1", "1:1", "aliased"),
        ("'a.b': 1", "1:1", '"a.b"'),
    ],
)
def test_an_unknown_key_is_reported_at_any_depth_at_its_key(text: str, place: str, path: str) -> None:
    assert [("TC101", f"1.yaml:{place}", path)] == told(Schema, text)


@pytest.mark.parametrize(
    "text",
    [
        "open: {x: 1}",
        "free: {x: {y: 1}}",
        "anything: {x: {y: 1}}",
        "plain: {x: 1}",
        "pet: {kind: cat, lives: 1}",
        "Aliased: 3",
    ],
)
def test_keys_that_the_schema_allows_are_no_problem(text: str) -> None:
    assert [] == told(Schema, text)


def test_extra_keys_that_are_allowed_arrive() -> None:
    assert {"x": {"y": 1}} == loaded(Schema, "free: {x: {y: 1}}").free.model_extra


def test_the_key_that_was_meant_is_named_and_can_be_put_in_its_place() -> None:
    (only,) = problems(Schema, "pool: {max-Szie: 1}")
    assert ("did you mean `max_size`?", "max_size", "one of max_size, timeout", "not a key of `pool`") == (
        only.help, only.fix, only.expected, only.label,
    )  # fmt: skip


def test_a_key_that_is_set_already_is_named_with_its_place_and_is_no_fix() -> None:
    (only,) = problems(Schema, "pool: {timeout: 1, timout: 2}")
    assert ("did you mean `timeout`, which is set at 1.yaml:1:8?", None) == (only.help, only.fix)


def test_a_default_within_an_object_does_not_set_its_key() -> None:
    (only,) = problems(Schema, "sized: {max-Szie: 1}")
    assert ("did you mean `max_size`?", "max_size", "one of max_size, timeout") == (only.help, only.fix, only.expected)


def test_a_key_like_none_is_not_guessed() -> None:
    (only,) = problems(Schema, "pool: {zzz: 1}")
    assert (None, "remove it, or add it to the model behind `pool`") == (only.fix, only.help)


def test_an_unknown_key_in_code_is_reported_too() -> None:
    assert [("TC101", 'overrides["pool.x"]', "pool.x")] == told(Schema, overrides={"pool.x": 1})


def test_unknown_keys_can_be_accepted_with_a_warning_or_in_silence() -> None:
    found = attempt(Schema, "pool: {x: 1}", unknown_keys="warn")
    assert found.loaded is not None
    assert [("TC101", "warning")] == [(one.code, one.severity) for one in found.problems]
    assert [] == problems(Schema, "pool: {x: 1}", unknown_keys="ignore")


def test_unknown_keys_can_be_accepted_for_a_model_that_forbids_them() -> None:
    class Forbids(BaseModel):
        model_config = ConfigDict(extra="forbid")
        a: int = 1

    assert [("TC101", "1.yaml:1:1", "x")] == told(Forbids, "x: 1")
    assert Forbids() == loaded(Forbids, "x: 1", unknown_keys="ignore")
    found = attempt(Forbids, "x: 1", unknown_keys="warn")
    assert found.loaded is not None


def test_a_mapping_where_a_list_belongs_is_a_wrong_type_and_not_unknown_keys() -> None:
    assert [("TC102", "1.yaml:1:8", "pools")] == told(Schema, "pools: {a: 1}")


def test_the_block_for_vault_is_accepted_only_at_the_top() -> None:
    assert [] == told(Schema, "vault: {timeout: 3}")
    assert [("TC101", "1.yaml:1:8", "pool.vault")] == told(Schema, "pool: {vault: {timeout: 3}}")
