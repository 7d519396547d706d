"""Values that were replaced are masked in logs for a stated time or number, so that the registry does not grow."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from support.memory_backend import until
from support.work import growth
from toriconfig import Secret, load
from toriconfig._core.origin import Origin
from toriconfig._secrets.derived import Derived
from toriconfig._secrets.file import FileProvider
from toriconfig._secrets.provider import Fixed, Reading
from toriconfig._secrets.registration import FORMER, Former, register_part, register_value
from toriconfig._secrets.secret import provider_of
from toriconfig.backends import Backend, Fetched
from toriconfig.pipeline._redact import KEEP, Redactor, _redactor, mask
from toriconfig.testing import FakeClock

MASK = "**********"


class Issuer(Backend):
    """A backend that issues another password at each fetch of `a`; `fixed` never changes.

    Args:
        clock: time of the test.
        ttl: seconds until a password ends; None: it has no end.
    """

    scheme = "issuer"

    def __init__(self, clock: FakeClock, ttl: float | None) -> None:
        self.clock = clock
        self.ttl = ttl
        self.issued: list[str] = []

    def fetch(self, path: str, timeout: float) -> Fetched:
        del timeout
        if path == "fixed":
            return Fetched({"host": "database-host", "key": "fixed-secret"})
        self.issued.append(f"p@ss-{len(self.issued):06}")
        return Fetched({"username": "tori-user", "password": self.issued[-1], "key": "kept-secret"}, ttl=self.ttl)


class Login(BaseModel):
    username: str
    password: str


class Database(BaseModel):
    password: Secret[str]
    url: Secret[str]
    login: Secret[Login]
    key: Secret[str]

    @classmethod
    def of(cls, backend: Issuer) -> Database:
        given = {
            "password": "${issuer:a#password}",
            "url": "postgresql://${issuer:a#username}:${issuer:a#password}@${issuer:fixed#host}/d",
            "login": "${issuer:a}",
            "key": "${issuer:a#key}",
        }
        return load(cls, environ={}, overrides=given, backends=[backend])

    def read(self) -> str:
        """Read the values that change; return the password."""
        self.url.get()
        self.login.get()
        return self.password.get()

    def rotated(self, backend: Issuer) -> str:
        """Let the value end or grow stale, and read the next one."""
        backend.clock.advance(backend.ttl or backend.stale_for + 1.0)  # type: ignore[attr-defined]
        return self.read()


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(Redactor, "_clock", property(lambda _: clock.monotonic), raising=False)
    return clock


def masked(text: str) -> bool:
    return text not in mask(text)


def test_credentials_that_were_replaced_are_masked_until_an_hour_after_their_end(clock: FakeClock) -> None:
    backend = Issuer(clock, ttl=30.0)
    app = Database.of(backend)
    app.read()
    assert ["p@ss-000000"] == backend.issued
    clock.advance(25.0)  # the background fetch replaces the credentials 5 seconds before their end
    until(lambda: "p@ss-000000" in _redactor._leaving)
    clock.advance(KEEP + 4.5)
    assert MASK == mask("p@ss-000000")
    clock.advance(1.0)
    assert not masked("p@ss-000000")
    assert not masked("postgresql://tori-user:p@ss-000000@database-host/d")


def test_the_registry_does_not_grow_with_the_number_of_rotated_credentials(clock: FakeClock) -> None:
    backend = Issuer(clock, ttl=30.0)
    app = Database.of(backend)
    for _ in range(300):
        app.rotated(backend)
        Database.of(backend).read()  # another load, whose handles are collected
    mask("")
    assert len(_redactor._uses) < 3 * KEEP / 30.0
    assert masked(app.password.get())


def test_credentials_of_settings_that_were_collected_are_masked_for_an_hour(clock: FakeClock) -> None:
    backend = Issuer(clock, ttl=30.0)
    app = Database.of(backend)
    app.read()
    del app
    until(lambda: gc.collect() >= 0 and "p@ss-000000" in _redactor._leaving)
    assert masked("p@ss-000000")
    clock.advance(KEEP + 31.0)
    assert not masked("p@ss-000000")


def test_the_current_and_the_last_twenty_values_without_an_end_are_masked(clock: FakeClock) -> None:
    backend = Issuer(clock, ttl=None)
    app = Database.of(backend)
    passwords = [app.read()] + [app.rotated(backend) for _ in range(FORMER + 10)]
    assert len(set(passwords)) == FORMER + 11
    clock.advance(KEEP + 1.0)
    assert [False] * 10 + [True] * (FORMER + 1) == list(map(masked, passwords))


def test_an_old_value_without_an_end_is_masked_for_another_hour(clock: FakeClock) -> None:
    backend = Issuer(clock, ttl=None)
    app = Database.of(backend)
    first = app.read()
    for _ in range(FORMER + 1):
        app.rotated(backend)
    clock.advance(KEEP - 10.0)
    assert masked(first)
    clock.advance(20.0)
    assert not masked(first)


@pytest.mark.parametrize("ttl", [None, 30.0])
def test_a_url_of_a_secret_that_changes_and_one_that_does_not_leaves_the_registry(
    clock: FakeClock, ttl: float | None
) -> None:
    backend = Issuer(clock, ttl)
    app = Database.of(backend)
    for _ in range(FORMER + 200):
        app.rotated(backend)
    clock.advance(KEEP + 31.0)
    mask("")
    urls = [text for text in _redactor._uses if str(text).startswith("postgresql:")]
    assert len(urls) <= FORMER + 2  # the first URL stays until the other secret changes


@pytest.mark.parametrize("ttl", [None, 30.0])
def test_a_key_that_stays_the_same_while_others_change_stays_masked(clock: FakeClock, ttl: float | None) -> None:
    backend = Issuer(clock, ttl)
    app = Database.of(backend)
    assert "kept-secret" == app.key.get()
    for _ in range(FORMER + 5):
        clock.advance(ttl or backend.stale_for + 1.0)
        app.password.get()  # the handle of the key is not read again
    clock.advance(2 * KEEP)
    assert masked("kept-secret")


def test_a_key_that_stayed_the_same_leaves_the_registry_with_the_credentials(clock: FakeClock) -> None:
    backend = Issuer(clock, ttl=30.0)
    app = Database.of(backend)
    path: Any = provider_of(app.login)
    path.subscribe(lambda old, new: new and app.key.get())  # reads the new value before the former one leaves
    for _ in range(3):
        app.password.get()
        clock.advance(30.0)
    app.password.get()
    path._notify(path._drop(), None)
    clock.advance(KEEP + 61.0)
    assert not masked("kept-secret")


def test_a_part_that_is_built_again_to_compare_it_leaves_the_registry_with_its_reading(clock: FakeClock) -> None:
    held = Fixed(None, Origin("vault", "database/static-creds/r"))
    login = {"password": "p@ss-former"}
    held.reading = Reading({**login, "ttl": 5}, held.origin, expires_at=clock.time(), comparable=login)

    def build(readings: Sequence[Reading]) -> str:
        register_part(readings[0].value["password"], "password", readings[0])
        return f"//{readings[0].value['password']}"

    Derived([held], build, "").settle()
    assert masked("p@ss-former")
    Former().add(held.reading, None, clock.time())
    clock.advance(KEEP + 1.0)
    assert not masked("p@ss-former")


def test_credentials_that_another_handle_holds_stay_masked(clock: FakeClock) -> None:
    backend = Issuer(clock, ttl=30.0)
    app = Database.of(backend)
    held = Secret(app.password.get())
    app.rotated(backend)
    clock.advance(2 * KEEP)
    assert masked("p@ss-000000")
    del held


def test_the_last_twenty_former_contents_of_a_file_are_masked(clock: FakeClock, tmp_path: Path) -> None:
    class App(BaseModel):
        token: Secret[str]

    file = tmp_path / "token"
    file.write_text("token-000000")
    app = load(App, environ={}, secrets_dir=tmp_path)
    provider = provider_of(app.token)
    assert isinstance(provider, FileProvider)
    tokens = []
    for number in range(FORMER + 10):
        (tmp_path / "new").write_text(f"token-{number:06}")
        (tmp_path / "new").replace(file)
        provider.refresh()
        tokens.append(app.token.get())
    assert len(set(tokens)) == FORMER + 10
    assert all(map(masked, tokens))
    clock.advance(KEEP + 1.0)
    assert [False] * 9 + [True] * (FORMER + 1) == list(map(masked, tokens))


def test_the_time_to_replace_a_value_grows_in_proportion_to_its_texts() -> None:
    def replace(number: int) -> None:
        origin = Origin("vault", "secret/many")
        old = Reading({f"k{at}": f"former-{at:06}" for at in range(number)}, origin)
        new = Reading({f"k{at}": f"latter-{at:06}" for at in range(number)}, origin)
        register_value(old.value, old)
        Former().add(old, new, 0.0)

    assert growth(replace, 200) < 8


def test_a_text_that_is_a_part_of_the_new_value_stays_masked(clock: FakeClock) -> None:
    origin = Origin("vault", "secret/json")
    old, new = (Reading(f'{{"password": "p@ss-same", "version": {version}}}', origin) for version in (1, 2))
    register_part("p@ss-same", "password", old)
    former = Former()
    former.add(old, new, 0.0)
    for _ in range(FORMER + 1):
        another = Reading("another", origin)
        register_part("p@ss-another", "password", another)
        former.add(another, None, 0.0)
    clock.advance(2 * KEEP)
    assert masked("p@ss-same")
