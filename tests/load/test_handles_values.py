"""Handles: values as people write them, and the places of secrets in a schema."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, NotRequired, TypeVar

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from support.loading import FakeVault, attempt, loaded, problems, told
from toriconfig import Secret
from toriconfig._core.mask import MASK
from toriconfig.testing import reset_warnings

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reset_warnings()


@pytest.fixture(name="vault")
def _vault(monkeypatch: pytest.MonkeyPatch) -> FakeVault:
    return FakeVault().connect(monkeypatch)


class Account(BaseModel):
    username: str
    password: str


class Database(BaseModel):
    password: Secret[str]


class Schema(BaseModel):
    key: Secret[str]


class Several(BaseModel):
    key: Secret[str] | None = None
    account: Secret[Account] | None = None
    pin: Secret[int] | None = None
    raw: Secret[bytes] | None = None


def value(secret: Secret[Any] | None) -> Any:
    assert secret is not None
    return secret.get()


# Values as they are written.


@pytest.mark.parametrize(
    "text", ["1.10", "0123", "1e5", "123456789012345678901234567890", "0x1F", "True", "-0.0", "1_000", "no", "+5", ".5"]
)
def test_an_unquoted_value_is_taken_as_the_file_spells_it(text: str) -> None:
    assert text == loaded(Schema, f"key: {text}  # comment").key.get()
    assert text.encode() == value(loaded(Several, f"raw: {text}").raw)


def test_a_number_keeps_its_text_behind_an_anchor_or_falls_back_to_json() -> None:
    assert "1.5" == loaded(Schema, "key: &a 1.5").key.get()


def test_numbers_are_numbers_if_t_is_a_number() -> None:
    assert (1234, 1234) == (value(loaded(Several, "pin: 1234").pin), value(loaded(Several, "pin: '1234'").pin))
    assert [("TC102", "1.yaml:1:6", "pin")] == told(Several, "pin: hunter2")


@pytest.mark.parametrize(
    ("text", "place"),
    [("key: '**********'", "1.yaml:1:6"), ("account: {username: u, password: '**********'}", "1.yaml:1:34")],
)
def test_the_mask_is_refused_as_input_everywhere(text: str, place: str) -> None:
    found = problems(Several, text)
    assert [("TC403", place)] == [(one.code, str(one.origin)) for one in found]
    assert MASK == "**********"


def test_the_mask_is_refused_from_the_environment_and_from_code() -> None:
    assert [("TC403", "T_KEY", "key")] == told(Schema, environ={"T_KEY": MASK}, env_prefix="T_")
    assert [("TC403", 'overrides["key"]', "key")] == told(Schema, overrides={"key": MASK})


def test_a_mapping_where_text_belongs_is_reported_without_its_values() -> None:
    (only,) = problems(Schema, "key: {a: hunter2}")
    assert ("TC102", "1.yaml:1:6", "key") == (only.code, str(only.origin), only.path)
    assert "hunter2" not in repr(only)


# Places of secrets.


class Server(BaseModel):
    name: str
    token: Secret[str]


class Shelf(BaseModel):
    servers: list[Server] = []
    by_name: dict[str, Server] = {}
    tokens: dict[str, Secret[str]] = {}
    keys: list[Secret[str]] = []


def test_secrets_in_lists_and_mappings_become_handles(vault: FakeVault) -> None:
    vault["s/x"] = {"k": "vault"}
    text = (
        "servers: [{name: a, token: t1}, {name: b, token: '${vault:s/x#k}'}]\nby_name: {web: {name: c, token: t3}}\n"
        "tokens: {a: t4}\nkeys: [t5, '${vault:s/x#k}']"
    )
    model = loaded(Shelf, text, offline=False)
    assert ["t1", "vault"] == [server.token.get() for server in model.servers]
    assert "t3" == model.by_name["web"].token.get()
    assert ("t4", ["t5", "vault"]) == (model.tokens["a"].get(), [key.get() for key in model.keys])


def test_a_mapping_key_has_a_place_under_vault_path_and_a_list_position_has_none(vault: FakeVault) -> None:
    vault["secret/app"] = {"by_name.web.token": "vault"}
    text = "servers: [{name: a}]\nby_name: {web: {name: c}}"
    found = attempt(Shelf, text, vault_path="secret/app", offline=False)
    assert found.loaded is not None
    model: Any = found.loaded.model
    assert "vault" == model.by_name["web"].token.get()
    assert [("servers", 0, "token")] == list(found.unsupplied)


class Cat(BaseModel):
    kind: Literal["cat"]
    chip: Secret[str]


class Dog(BaseModel):
    kind: Literal["dog"]
    tag: Secret[str]


def test_only_the_member_of_a_union_that_is_meant_has_its_secrets(caplog: pytest.LogCaptureFixture) -> None:
    class Owner(BaseModel):
        pet: Annotated[Cat | Dog, Field(discriminator="kind")]

    found = attempt(Owner, "pet: {kind: dog}", offline=False)
    assert found.loaded is not None
    assert [("pet", "tag")] == list(found.unsupplied)
    assert ["`pet.tag`" in record.getMessage() for record in caplog.records if record.name == "toriconfig"] == [True]


def test_a_section_that_no_layer_sets_has_its_secrets_too(vault: FakeVault) -> None:
    class Outer(BaseModel):
        database: Database

    vault["secret/app"] = {"database.password": "p"}
    assert "p" == loaded(Outer, vault_path="secret/app", offline=False).database.password.get()


def test_a_plain_default_is_a_value_of_the_lowest_layer() -> None:
    class Plain(BaseModel):
        key: Secret[str] = "for development"  # type: ignore[assignment]

    assert "for development" == loaded(Plain).key.get()
    assert "mine" == loaded(Plain, "key: mine").key.get()


def test_a_key_that_may_be_left_out_is_left_out() -> None:
    class Part(TypedDict):
        name: str
        token: NotRequired[Secret[str]]

    class Whole(BaseModel):
        part: Part

    found = attempt(Whole, "part: {name: a}", offline=False)
    assert found.loaded is not None
    assert ({}, {"name": "a"}) == (found.unsupplied, found.loaded.model.part)  # type: ignore[attr-defined]
    assert "t" == loaded(Whole, "part: {name: a, token: t}").part["token"].get()


def test_a_generic_model_has_its_own_t() -> None:
    class Box(BaseModel, Generic[T]):
        secret: Secret[T]

    assert 5 == loaded(Box[int], "secret: 5").secret.get()
    assert [("TC102", "1.yaml:1:9", "secret")] == told(Box[int], "secret: x")
