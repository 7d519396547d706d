"""Loaded settings, explanations and health in a shell, a notebook and a web framework."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from toriconfig import Secret, explain, health, lazy, override, snapshot


class Sub(BaseModel):
    password: str = "canary-plain"
    note: str = "<b>x</b>"


class App(BaseModel):
    n: int = 1
    sub: Sub = Sub()
    weights: dict[str, int] = {"a": 1}
    token: Secret[str]
    urls: list[str] = ["postgres://u:canary-url@db/x"]


VALUES = {"token": "canary-secret"}


@pytest.fixture(name="settings")
def _settings() -> App:
    return lazy(App, environ={}, overrides=VALUES)


class Printer:
    def __init__(self) -> None:
        self.told = ""

    def text(self, text: str) -> None:
        self.told += text


def pretty(value: Any) -> str:
    printer = Printer()
    value._repr_pretty_(printer, False)
    return printer.told


def test_an_unloaded_object_shows_its_class_and_loads_nothing(settings: Any) -> None:
    assert "<lazy App, not loaded>" == repr(settings) == pretty(settings)
    assert "not loaded" in settings._repr_html_()
    assert "<lazy App, not loaded>" == repr(settings)


def test_a_loaded_one_shows_the_model_with_masks(settings: Any) -> None:
    assert 1 == settings.n
    for shown in (repr(settings), pretty(settings), settings._repr_html_()):
        assert "weights" in shown
        assert "**********" in shown
        assert "canary" not in shown
    assert repr(settings).startswith("<lazy App(n=1, sub=Sub(password='**********', note='<b>x</b>')")


def test_a_table_is_text_and_no_markup(settings: Any) -> None:
    assert 1 == settings.n
    shown = settings._repr_html_()
    assert "<b>x</b>" not in shown
    assert "&lt;b&gt;x&lt;/b&gt;" in shown
    assert "default App.weights" in shown


def test_explanations_and_health_have_tables_without_secrets(settings: Any) -> None:
    assert 1 == settings.n
    for value in (explain(settings, "token"), explain(settings, "sub.password"), health(settings)):
        assert "canary" not in value._repr_html_() + pretty(value)
        assert "<table>" in value._repr_html_()


def test_inside_an_override_its_values_are_shown_given_and_compared(settings: Any) -> None:
    with override(settings, n=5):
        assert "n=5" in repr(settings)
        assert 5 == dict(settings)["n"]
        assert settings != snapshot(lazy(App, environ={}, overrides=VALUES))
    assert 1 == dict(settings)["n"]


def test_settings_are_equal_to_a_model_with_the_same_values(settings: Any) -> None:
    other = lazy(App, environ={}, overrides=VALUES)
    assert settings == settings
    assert settings == other
    assert snapshot(settings) == settings
    assert settings != 3
    assert 2 == len({settings, other}), "they are different objects"


def test_pydantic_refuses_a_lazy_object_and_accepts_its_snapshot(settings: Any) -> None:
    class Outer(BaseModel):
        app: App

    for take in (App.model_validate, TypeAdapter(App).validate_python, lambda value: Outer(app=value)):
        with pytest.raises(ValidationError, match="valid dictionary or instance of App"):
            take(settings)
        take(snapshot(settings))
    assert 1 == App.model_validate(settings, from_attributes=True).n


def test_a_lazy_object_is_shown_while_another_thread_loads_it() -> None:
    entered, go = threading.Event(), threading.Event()

    def slow() -> int:
        entered.set()
        assert go.wait(10)
        return 1

    from pydantic import Field

    class Slow(BaseModel):
        n: int = Field(default_factory=slow)

    settings = lazy(Slow, environ={})
    thread = threading.Thread(target=lambda: settings.n)
    thread.start()
    assert entered.wait(10)
    assert "not loaded" in repr(settings)
    go.set()
    thread.join(10)
    assert "<lazy Slow(n=1)>" == repr(settings)


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("path", ["/typed", "/plain"])
def test_fastapi_returns_a_lazy_object_also_while_an_override_is_live(path: str, live: bool) -> None:
    import asyncio

    import fastapi
    import httpx

    class Plain(BaseModel):
        n: int = 1
        sub: dict[str, int] = {"a": 1}

    settings = lazy(Plain, environ={})
    app = fastapi.FastAPI()

    def typed() -> Any:
        return settings

    app.get("/typed", response_model=Plain)(typed)
    app.get("/plain")(typed)

    async def get() -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return (await client.get(path)).json()

    if live:
        with override(settings, n=5):
            assert {"n": 5, "sub": {"a": 1}} == asyncio.run(get())
    else:
        assert {"n": 1, "sub": {"a": 1}} == asyncio.run(get())
