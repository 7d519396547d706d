"""A secret that was read is masked in logs with all its parts, for every type."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from toriconfig import Secret, load
from toriconfig.backends import Backend, Fetched
from toriconfig.pipeline._redact import _redactor, mask
from toriconfig.testing import Canary


@pytest.fixture(autouse=True)
def _nothing_registered() -> Iterator[None]:
    _redactor.clear()
    yield
    _redactor.clear()


class Inner(BaseModel):
    password: str = ""


class Login(BaseModel):
    username: str = "tori-user"
    password: str = ""
    inner: Inner = Inner()
    tokens: list[str] = []
    sealed: SecretStr | None = None


@dataclass(slots=True)
class Slots:
    password: str


def circular(secret: str) -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = value
    value["password"] = secret
    return value


VALUES: dict[str, Callable[[str], Any]] = {
    "text": str,
    "bytes": str.encode,
    "a mapping in a mapping": lambda secret: {"a": {"b": {"password": secret}}},
    "a list": lambda secret: [secret],
    "a list of mappings": lambda secret: [{"a": (secret,)}],
    "a set of bytes": lambda secret: {secret.encode()},
    "a model": lambda secret: Login(password=secret),
    "a model in a model": lambda secret: Login(inner=Inner(password=secret)),
    "a list in a model": lambda secret: Login(tokens=[secret]),
    "a SecretStr in a model": lambda secret: Login(sealed=SecretStr(secret)),
    "an object with slots": Slots,
    "a mapping in itself": circular,
}


@pytest.mark.parametrize("kind", VALUES)
def test_each_text_in_the_value_of_a_secret_is_masked(kind: str) -> None:
    canary = Canary()
    secret = Secret(VALUES[kind](canary.secret))
    assert not canary.found_in(mask(f"value {canary.secret}"))
    del secret


RAW: dict[str, Callable[[str], tuple[Any, Any]]] = {
    "a model": lambda secret: (Secret[Login], {"password": secret}),
    "a model in a model": lambda secret: (Secret[Login], {"inner": {"password": secret}}),
    "a model with a list": lambda secret: (Secret[Login], {"tokens": ["first-token", secret]}),
    "a model as JSON": lambda secret: (Secret[Login], json.dumps({"password": secret, "inner": {}})),
    "a model in a model as JSON": lambda secret: (Secret[Login], json.dumps({"inner": {"password": secret}})),
    "a list": lambda secret: (Secret[list[str]], [secret]),
    "a mapping": lambda secret: (Secret[dict[str, Any]], {"a": {"b": secret}}),
}


class Memory(Backend):
    """A backend that holds one path."""

    scheme = "memory"

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value

    def fetch(self, path: str, timeout: float) -> Fetched:
        del path, timeout
        return Fetched(self.value)


@pytest.mark.parametrize("kind", RAW)
def test_each_text_in_a_value_that_a_backend_holds_is_masked_once_it_is_read(kind: str) -> None:
    canary = Canary()
    annotation, raw = RAW[kind](canary.secret)

    class App(BaseModel):
        key: annotation  # type: ignore[valid-type]

    app: Any = load(App, environ={}, overrides={"key": "${memory:a#b}"}, backends=[Memory({"b": raw})])
    app.key.get()
    assert not canary.found_in(mask(f"value {canary.secret}"))


def test_a_number_is_masked_once_it_is_read() -> None:
    class App(BaseModel):
        pin: Secret[int]

    app = load(App, environ={}, overrides={"pin": "${memory:a#b}"}, backends=[Memory({"b": 8392746155})])
    assert app.pin.get() == 8392746155
    assert "8392746155" not in mask("pin 8392746155")


def test_the_password_in_a_composed_url_is_masked_and_the_user_name_is_not() -> None:
    class App(BaseModel):
        url: Secret[str]

    url = "postgresql://${memory:a#username}:${memory:a#password}@h/d"
    canary = Canary()
    held = Memory({"username": "tori-user", "password": f"p@{canary.secret}"})
    app = load(App, environ={}, overrides={"url": url}, backends=[held])
    app.url.get()
    assert "tori-user **********" == mask(f"tori-user p@{canary.secret}")


@pytest.mark.parametrize("value", ["hunter7\n", "  hunter7", "hunter7\r\n", b"hunter7\n"])
def test_a_secret_that_is_stored_with_space_around_it_is_masked_without_it(value: str | bytes) -> None:
    secret = Secret(value)
    assert "password ********** x" == mask("password hunter7 x")
    del secret


def test_a_value_that_cannot_be_inspected_is_still_a_secret() -> None:
    class Closed(dict[str, str]):
        def items(self) -> Any:
            raise RuntimeError("closed")

    assert isinstance(Secret(Closed(a="b")).get(), Closed)
    canary = Canary()
    secret = Secret([Closed(a="b"), canary.secret])
    assert not canary.found_in(mask(f"value {canary.secret}"))
    del secret


def test_names_of_users_and_hosts_are_not_masked() -> None:
    secret = Secret({"username": "tori-user", "inner": {"host": "db.example", "password": "hunter7hunter"}})
    assert "tori-user db.example **********" == mask("tori-user db.example hunter7hunter")
    del secret
