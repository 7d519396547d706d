"""A `Secret[T]` in a model of pydantic alone: a handle that yields a T."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from support.loading import loaded, problems
from toriconfig import Secret
from toriconfig._core.mask import MASK


class Login(BaseModel):
    user: str
    password: str


class Token(BaseModel):
    token: str


class Model(BaseModel):
    pin: Secret[int] | None = None
    key: Secret[bytes] | None = None
    login: Secret[Login] | None = None
    either: Secret[Login | Token] | None = None


LOGIN = {"user": "u", "password": "p"}
VALUES: list[tuple[str, Any, Any]] = [
    ("pin", "12", 12),
    ("key", "text", b"text"),
    ("login", LOGIN, Login(**LOGIN)),
    ("login", Login(**LOGIN), Login(**LOGIN)),
    ("either", '{"token": "t"}', Token(token="t")),
]
WRONG: list[tuple[str, Any]] = [
    ("pin", "HUNTER"),
    ("key", 1),
    ("login", {"bad": "HUNTER"}),
    ("either", {"a": "HUNTER"}),
]


@pytest.mark.parametrize(("field", "value", "expected"), VALUES)
def test_the_handle_yields_a_t(field: str, value: Any, expected: Any) -> None:
    assert expected == getattr(Model(**{field: value}), field).get()
    assert expected == getattr(Model(**{field: Secret(value)}), field).get()


@pytest.mark.parametrize(("field", "value", "expected"), VALUES)
def test_a_handle_that_code_passes_to_a_load_yields_a_t(field: str, value: Any, expected: Any) -> None:
    assert expected == getattr(loaded(Model, overrides={field: Secret(value)}), field).get()


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_value_that_is_no_t_is_refused_without_being_shown(field: str, value: Any) -> None:
    for given in (value, Secret(value)):
        with pytest.raises(ValidationError, match="the value is not") as caught:
            Model(**{field: given})
        assert MASK in str(caught.value)
        assert "HUNTER" not in str(caught.value) + repr(caught.value.errors())


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_load_reports_a_handle_with_an_invalid_value(
    field: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (found,) = problems(Model, overrides={field: Secret(value)})
    assert field == found.path
    assert found.code in ("TC102", "TC402")
    assert "HUNTER" not in repr(found)


def test_a_handle_whose_value_is_a_t_already_stays_the_same_one() -> None:
    secret = Secret(12)
    assert secret is Model(pin=secret).pin
    assert secret is loaded(Model, overrides={"pin": secret}).pin
