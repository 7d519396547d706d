"""The frames of an error of a public method, and of `Secret.get`, show nothing of a secret, however deep one looks."""

from __future__ import annotations

import asyncio
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from types import MemberDescriptorType, ModuleType
from typing import Any

import pytest
from pydantic import BaseModel

from toriconfig import Merge, Ref, Secret, SettingsConfigDict, lazy, load, override
from toriconfig.backends import Backend, Fetched
from toriconfig.integrations.psycopg_pool import async_login, login
from toriconfig.integrations.requests import SecretAuth
from toriconfig.pipeline import MaskingFilter, get_logger
from toriconfig.rotation import Command, Option, kinds
from toriconfig.sources import Format, tree
from toriconfig.testing import Canary, FakeClock


class App(BaseModel):
    model_config = SettingsConfigDict(env_prefix="APP_")
    num: int = 1
    key: Secret[str] | None = None
    pin: Secret[int] | None = None


def reached(value: Any, depth: int = 4) -> Iterator[str]:
    """Every text that is reached from a value by items, attributes and slots, and its `repr`."""
    if isinstance(value, (type, ModuleType)) or depth < 0:
        return
    try:
        yield value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else repr(value)
    except Exception:  # noqa: BLE001 - an object whose making was cut short
        yield ""
    if isinstance(value, dict):
        for pair in list(value.items()):
            yield from reached(pair[0], depth - 1)
            yield from reached(pair[1], depth - 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from reached(item, depth - 1)
    attributes = getattr(value, "__dict__", None)
    if attributes and type(attributes) is dict and attributes is not value:
        yield from reached(attributes, depth - 1)
    for kind in type(value).__mro__:
        for name, member in vars(kind).items():
            if isinstance(member, MemberDescriptorType) and name != "__doc__" and hasattr(value, name):
                yield from reached(member.__get__(value), depth - 1)


def shown(error: BaseException) -> Iterator[str]:
    """Every text that an error tracker may show of an error, apart from the frames of this file."""
    yield from traceback.format_exception(error)
    yield from reached(vars(error))
    yield from reached(getattr(error, "obj", ""))
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename != __file__:
            yield from reached(dict(frame.f_locals))


def assert_absent(canary: Canary, call: Callable[[], object]) -> None:
    with pytest.raises(Exception) as caught:
        call()
    assert not [text for text in shown(caught.value) if canary.found_in(text)]


def test_the_search_finds_a_secret_in_the_attribute_of_a_local() -> None:
    class Holder:
        __slots__ = ("value",)

    canary = Canary()
    names: dict[str, Any] = {"holder": Holder()}
    names["holder"].value = {"a": [canary.secret]}
    exec(compile("def fail():\n held = holder\n raise ValueError('quiet')", "another.py", "exec"), names)
    with pytest.raises(AssertionError):
        assert_absent(canary, names["fail"])


class Memory(Backend):
    """A backend that holds one value until its clock has moved on, and then fails."""

    scheme = "memory"

    def __init__(self, value: object, ttl: float | None = None) -> None:
        self.clock = self.hand = FakeClock()
        self.value = value
        self.ttl = ttl

    def fetch(self, path: str, timeout: float) -> Fetched:
        del path, timeout
        if self.clock.monotonic() > 1000:
            raise OSError("gone")
        return Fetched(self.value, ttl=self.ttl)


def _read(secret: Secret[Any], way: str) -> Any:
    return secret.get() if way == "get" else asyncio.run(secret.aget())


@pytest.mark.parametrize("way", ["get", "aget"])
def test_the_former_value_of_a_secret_is_not_in_the_frames_of_the_error(way: str) -> None:
    canary = Canary()
    memory = Memory({"b": canary.secret}, ttl=10)
    app = load(App, environ={}, overrides={"key": "${memory:a#b}"}, backends=[memory])
    assert app.key is not None
    assert app.key.get() == canary.secret
    memory.hand.advance(100)
    assert_absent(canary, lambda: _read(app.key, way))  # type: ignore[arg-type]


@pytest.mark.parametrize("way", ["get", "aget"])
def test_a_value_of_another_type_is_not_in_the_frames_of_the_error(way: str) -> None:
    canary = Canary()
    app = load(App, environ={}, overrides={"pin": "${memory:a#b}"}, backends=[Memory({"b": canary.secret})])
    assert_absent(canary, lambda: _read(app.pin, way))  # type: ignore[arg-type]


CALLS: dict[str, Callable[[str], object]] = {
    "Ref.replaced": lambda bad: Ref("secret/a#b").replaced(max_age=1, nonsense=bad),
    "Merge.replaced": lambda bad: Merge("append").replaced(nonsense=[bad]),
    "Format.replaced": lambda bad: Format("INI", (".ini",), "a:b").replaced(other={"a": bad}),
    "tree": lambda bad: tree({"key": bad}, 5),  # type: ignore[arg-type]
    "Fetched": lambda bad: Fetched(bad, ttl="x"),  # type: ignore[arg-type]
    "Command.run": lambda bad: Command(["true"]).run(bad, "x"),  # type: ignore[arg-type]
    "Option.check": lambda bad: Option("pin", type=int, secret=True).check(bad),
    "Option.from_text": lambda bad: Option("pin", type=int, secret=True).from_text(bad),
    "Generated.retire": lambda bad: kinds.Generated().retire(None, {"a": bad}, 1),  # type: ignore[arg-type]
    "Given.generate": lambda bad: kinds.Given(bad).generate(None, {"a": bad}),  # type: ignore[arg-type]
    "KeyPair.verify": lambda bad: kinds.KeyPair().verify(None, {"a": bad}),  # type: ignore[arg-type]
    "StaticRole.apply": lambda bad: kinds.StaticRole().apply(None, {"a": bad}, {}),  # type: ignore[arg-type]
    "MaskingFilter.filter": lambda bad: MaskingFilter().filter({"msg": bad}),  # type: ignore[arg-type]
    "SecretAuth": lambda bad: SecretAuth(Secret("other"))({"url": bad}),  # type: ignore[arg-type]
    "login": lambda bad: login(Secret({"username": 5, "password": bad}))(),
    "async_login": lambda bad: asyncio.run(async_login(Secret({"username": 5, "password": bad}))()),  # type: ignore[arg-type]
    "get_logger": lambda bad: get_logger("wrong.level", level=bad),
    "get_logger by a list": lambda bad: get_logger("wrong.level", level=[bad]),  # type: ignore[arg-type]
    "override": lambda bad: override(lazy(App, environ={}), {"num": bad}).__enter__(),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_error_of_a_wrong_method_call_shows_no_argument(name: str) -> None:
    canary = Canary()
    assert_absent(canary, lambda: CALLS[name](canary.secret))


@pytest.mark.parametrize("option", ["environ", "overrides"])
def test_settings_that_are_not_pickled_are_not_in_the_frames_of_the_error(option: str) -> None:
    canary = Canary()
    options: dict[str, Any] = {option: {"APP_KEY" if option == "environ" else "key": canary.secret}}
    with pytest.raises(TypeError) as caught:
        pickle.dumps(lazy(App, **options))
    canary.absent_from(caught.value)


def test_an_attribute_error_does_not_hold_the_object_that_lacks_the_attribute() -> None:
    canary = Canary()
    with pytest.raises(AttributeError) as caught:
        MaskingFilter().filter([canary.secret])  # type: ignore[arg-type]
    assert caught.value.obj is None


def test_a_method_keeps_its_name_and_doc() -> None:
    assert ("filter", "Mask a record.") == (MaskingFilter.filter.__name__, (MaskingFilter.filter.__doc__ or "")[:14])
    assert MaskingFilter().filter(logging.makeLogRecord({"msg": "quiet"}))
