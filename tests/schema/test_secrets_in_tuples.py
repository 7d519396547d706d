"""Secrets in tuples and unions: each is found where it stands, or the schema is refused before anything is read."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pytest
from pydantic import BaseModel, Json, SecretStr, create_model

from support.loading import FakeVault, loaded, problems, told
from toriconfig import Ref, Secret, SettingsConfigDict, health, load


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Place(BaseModel):
    host: str


class Schema(BaseModel):
    login: tuple[str, Secret[str]] | None = None
    place: tuple[Place, int] | None = None
    queue: deque[Secret[str]] = deque()
    note: str = ""


def test_a_secret_in_a_tuple_is_a_handle_that_health_lists() -> None:
    settings = loaded(Schema, "login: [bob, hunter2]\nqueue: [hunter3]")
    assert settings.login is not None
    assert ("bob", "hunter2", "hunter3") == (settings.login[0], settings.login[1].get(), settings.queue[0].get())
    assert {"login[1]", "queue[0]"} == set(health(settings).secrets)


def test_a_secret_in_a_tuple_may_be_a_reference_to_vault(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeVault(**{"secret/x": {"k": "hunter2"}}).connect(monkeypatch)
    settings = loaded(Schema, "login: [bob, '${vault:secret/x#k}']", offline=False)
    assert settings.login is not None
    assert "hunter2" == settings.login[1].get()


def test_a_plain_field_may_refer_to_plain_items_of_a_tuple_but_not_to_its_secrets() -> None:
    assert "for bob" == loaded(Schema, "login: [bob, hunter2]\nnote: 'for ${login[0]}'").note
    (found,) = problems(Schema, "login: [bob, hunter2]\nnote: 'for ${login[1]}'")
    assert "TC302" == found.code
    assert "hunter2" not in repr(found)


def test_a_secret_in_the_default_of_a_tuple_is_a_handle_too() -> None:
    class Defaulted(BaseModel):
        login: tuple[str, Secret[str]] = ("bob", Secret("hunter2"))

    settings = loaded(Defaulted, "{}")
    assert ("hunter2", ["login[1]"]) == (settings.login[1].get(), list(health(settings).secrets))


def test_unknown_keys_are_found_in_the_models_of_a_tuple() -> None:
    assert ("TC101", "1.yaml:1:19", "place[0].hots") in told(Schema, "place: [{host: x, hots: y}, 1]")


class User(BaseModel):
    user: str


class Token(BaseModel):
    token: str


def test_a_union_of_secrets_is_one_secret_of_either() -> None:
    class Either(BaseModel):
        login: Secret[User] | Secret[Token]

    settings = loaded(Either, "login: {token: hunter2}")
    assert Token(token="hunter2") == settings.login.get()
    assert ["login"] == list(health(settings).secrets)
    assert "TC402" in [found.code for found in problems(Either, "login: {tokn: hunter2}")]


class Named(NamedTuple):
    user: str
    key: Secret[str]


class Box(BaseModel):
    key: Secret[str]


class Boxes(BaseModel):
    inner: dict[str, Box | list[Box]]


@pytest.mark.parametrize(
    "annotation",
    [
        Named,
        list[Named],
        Secret[str] | list[str],
        dict[str, Secret[str]] | list[Secret[str]],
        Box | list[Box],
        Secret[str] | Box,
        Json[list[Secret[str]]],
    ],
    ids=str,
)
def test_a_secret_that_cannot_be_distinguished_from_plain_values_is_refused(annotation: Any) -> None:
    mixed = create_model("Mixed", login=(annotation, ...))
    with pytest.raises(TypeError, match=r"a `Secret` in `Mixed\.login` .* give it a field of its own, in a model"):
        load(mixed, overrides={"login": "hunter2"})


def test_the_field_that_is_refused_is_named_by_its_own_model() -> None:
    class Outer(BaseModel):
        boxes: list[Boxes] = []
        key: Secret[str] = Secret("x")

    with pytest.raises(TypeError, match=r"`Boxes\.inner`"):
        load(Outer)


def test_a_union_with_a_recursive_model_is_accepted() -> None:
    class Item(BaseModel):
        items: Item | list[Item] | None = None
        key: SecretStr = SecretStr("x")

    assert SecretStr("x") == loaded(Item, "items: [{}]").key


def test_text_in_a_mixed_union_with_secrets_of_pydantics_own_is_not_referred_to_from_a_plain_field() -> None:
    class Keys(NamedTuple):
        user: str
        key: SecretStr

    class Mixed(BaseModel):
        keys: Keys = Keys("bob", SecretStr("x"))
        packed: Json[list[SecretStr]] | int = 0
        note: str

    assert ["TC302"] == [found.code for found in problems(Mixed, "keys: [bob, hunter2]\nnote: '${keys[1]}'")]
    assert ["TC302"] == [found.code for found in problems(Mixed, "packed: '[\"hunter2\"]'\nnote: '${packed}'")]


def test_a_place_in_vault_of_a_union_of_secrets_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    class Either(BaseModel):
        model_config = SettingsConfigDict(vault_path="secret/app")
        login: Annotated[Secret[str] | Secret[int], Ref("secret/x#k")]

    FakeVault(**{"secret/x": {"k": "7"}}).connect(monkeypatch)
    assert "7" == loaded(Either, "{}", offline=False).login.get()
