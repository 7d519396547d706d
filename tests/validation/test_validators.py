"""Validators of a schema: their errors are problems with a place, and their messages show no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from support.loading import problems
from toriconfig import Problem, Secret
from toriconfig._validation import expectations


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def words(found: Problem) -> str:
    """Texts of a problem, without its excerpts."""
    return repr(found.replaced(excerpts=()))


def only(text: str, *, schema: type[BaseModel], **given: Any) -> Problem:
    (one,) = problems(schema, text, **given)
    return one


class Host(BaseModel):
    name: str
    port: int


def _refuse(value: str) -> str:
    if value == "bad":
        raise ValueError("a longer term")
    return value


class Ruled(BaseModel):
    low: int = 1
    high: int = 2
    word: Annotated[str, AfterValidator(_refuse)] = "ok"
    custom: int = 0

    @model_validator(mode="after")
    def _ordered(self) -> Ruled:
        if self.low > self.high:
            raise ValueError("low is at most high")
        return self

    @field_validator("custom")
    @classmethod
    def _custom(cls, value: int) -> int:
        if value == 1:
            raise PydanticCustomError("mine", "custom is not {value}", {"value": value})
        assert value != 2, "custom is never two"
        if value == 3:
            raise KeyError(value)
        return value


def test_a_rule_over_several_keys_is_reported_at_the_mapping_with_the_validator() -> None:
    class Outer(BaseModel):
        ruled: Ruled

    found = only("ruled:\n  low: 5", schema=Outer)
    assert ("TC108", "1.yaml:2:3", "ruled", "low is at most high") == (
        found.code, str(found.origin), found.path, found.expected,
    )  # fmt: skip
    assert "see `Ruled._ordered` in the schema" == found.help


def test_a_rule_of_the_whole_schema_has_no_path() -> None:
    found = only("low: 5", schema=Ruled)
    assert ("TC108", "", "the schema breaks a rule") == (found.code, found.path, found.message)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("word: bad", "a longer term"), ("custom: 1", "custom is not 1"), ("custom: 2", "custom is never two")],
)
def test_the_message_of_a_validator_is_the_expectation(text: str, expected: str) -> None:
    assert expected == only(text, schema=Ruled).expected


def test_any_exception_of_a_validator_is_a_problem_that_names_it_and_nothing_of_the_value() -> None:
    found = only("custom: 3", schema=Ruled)
    assert ("TC108", "a validator of `custom` raised KeyError") == (found.code, found.message)
    assert "Ruled._custom" in found.help


def test_a_validation_error_inside_a_validator_is_not_quoted() -> None:
    class Nested(BaseModel):
        text: str

        @field_validator("text")
        @classmethod
        def _inner(cls, value: str) -> str:
            Host.model_validate({"name": value})
            return value

    found = only("text: hunter2", schema=Nested)
    assert ("TC102", "text", "1.yaml:1:7") == (found.code, found.path, str(found.origin))
    assert "hunter2" not in words(found)


class Holder(BaseModel):
    model_config = ConfigDict(extra="ignore")

    key: Secret[str] = Secret("x")
    note: str = ""
    api_token: str = ""

    @model_validator(mode="before")
    @classmethod
    def _quote(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("note") == "raise":
            raise ValueError(f"quoted: {data.get('extra')}")
        return data

    @field_validator("api_token")
    @classmethod
    def _echo(cls, value: str) -> str:
        if value:
            raise ValueError(f"bad token {value}")
        return value


def test_the_message_of_a_validator_over_secrets_is_not_repeated() -> None:
    found = only("note: raise\nextra: hunter2", schema=Holder)
    assert "hunter2" not in repr(found)
    assert "a value that the rule `Holder._quote` of the schema allows" == found.expected


def test_the_message_of_a_validator_of_a_field_named_like_a_secret_is_not_repeated() -> None:
    assert "hunter2" not in repr(only("api_token: hunter2", schema=Holder))


def test_the_message_of_a_validator_over_pydantic_secrets_is_not_repeated() -> None:
    class Login(BaseModel):
        name: str
        key: SecretStr

        @model_validator(mode="after")
        def _quote(self) -> Self:
            raise ValueError(f"not {self.key.get_secret_value()}")

    class Schema(BaseModel):
        login: Login

    assert "hunter2" not in words(only("login: {name: x, key: hunter2}", schema=Schema))


def _echo(value: str) -> str:
    raise ValueError(f"not an address: {value}")


def test_a_login_in_the_message_of_a_validator_is_masked() -> None:
    class Url(BaseModel):
        address: Annotated[str, AfterValidator(_echo)]

    assert "hunter2" not in repr(only("address: http://me:hunter2@host/x", schema=Url))


def test_secrets_masked_in_excerpts_are_masked_in_messages_of_validators() -> None:
    class Page(BaseModel):
        title: Annotated[str, AfterValidator(_echo)]

    found = only("title: 'bad password: hunter2 hunter2'", schema=Page)
    assert "not an address: bad password: **********" == found.expected


def test_the_message_of_a_validator_that_only_mentions_a_secret_is_shown() -> None:
    def fit(value: str) -> str:
        raise ValueError("password and token must differ")

    class Page(BaseModel):
        title: Annotated[str, AfterValidator(fit)]

    assert "password and token must differ" == only("title: x", schema=Page).expected


def _short(value: str) -> str:
    raise ValueError(f"expects text longer than {len(value)}")


class Named(BaseModel):
    names: list[Annotated[str, AfterValidator(_short)]] = []
    password: Annotated[str, AfterValidator(_short)] = ""


def test_the_message_of_a_validator_is_masked_once_for_all_equal_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    masked: list[str] = []

    def mask(message: str) -> str:
        masked.append(message)
        return message

    monkeypatch.setattr(expectations, "_own_words", mask)
    found = problems(Named, "names: [a, b, cc, d]\npassword: e\n")
    said = "Value error, expects text longer than"
    assert [f"{said} 1", f"{said} 2"] == masked
    assert [f"{said} 1", f"{said} 1", f"{said} 2", f"{said} 1"] == [one.expected for one in found if one.path[0] == "n"]
    assert [False] == [said in one.expected for one in found if one.path == "password"]
