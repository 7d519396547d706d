"""A secret changed by another program is noticed without a call, and reported once."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_vault import FakeVault, broken, secret, tick
from support.faults import silent_server
from toriconfig._secrets.provider import Reading
from toriconfig._vault.http.response import Answer
from toriconfig._vault.session import LINGER
from toriconfig.testing import FakeClock, VaultServer, vault_server
from toriconfig.vault import Vault

from .conftest import Connect


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server() as server:
        yield server


def test_two_hundred_handles_get_a_change_within_the_interval_with_one_request_while_a_path_hangs(
    server: VaultServer, connect: Connect
) -> None:
    interval = 0.5
    with silent_server() as silent:
        session = connect(server.environ, refresh_interval=interval, timeout=10.0, prefetch_workers=2)
        send = session.client._open().send

        def some_hang(address: str, method: str, target: str, *rest: Any) -> Any:
            return send(silent.address if "hang" in target else address, method, target, *rest)

        session.client._open().send = some_hang  # type: ignore[method-assign,assignment]
        server.put("secret/watched", {"k": 1})
        handles = [secret(session, "secret/watched") for _ in range(200)]
        swaps: list[float] = []
        session.path("secret/watched").subscribe(lambda old, new: swaps.append(time.monotonic()))
        assert [{"k": 1}] * 200 == [held.get() for held in handles]
        hung = threading.Thread(target=secret(session, "secret/hang").get, args=(None,), daemon=True)
        hung.start()
        server.put("secret/watched", {"k": 2})
        changed = time.monotonic()
        server.forget_requests()
        time.sleep(interval * 1.1 + 1)
        assert [{"k": 2}] * 200 == [held.get() for held in handles]
        polls = server.requests(path="secret/data/watched", operation="read")
        assert polls <= (time.monotonic() - changed) / (0.9 * interval) + 1
        assert 2 == len(swaps)


def test_an_unchanged_secret_keeps_its_reading_and_swaps_nothing(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    fake_vault.put("a", k="v")
    session = fake_vault.session(Vault(clock=fake_clock))
    held, cached = secret(session, "secret/a"), session.path("secret/a")
    held.get()
    swaps: list[Reading | None] = []
    cached.subscribe(lambda old, new: swaps.append(new))
    before = cached.reading
    tick(session, fake_clock, 600)
    assert before is cached.reading
    assert [] == swaps
    assert 10 <= fake_vault.count("secret/data/a") <= 12
    assert "fresh" == cached.state


def test_swaps_are_reported_after_the_value_is_in_place_and_a_raising_callback_stops_no_other(
    fake_vault: FakeVault, fake_clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    fake_vault.put("a", k=1)
    session = fake_vault.session(Vault(clock=fake_clock))
    held, cached = secret(session, "secret/a"), session.path("secret/a")
    seen: list[tuple[Any, Any, Any]] = []

    def fails(old: Reading | None, new: Reading | None) -> None:
        raise RuntimeError("hunter2")

    cached.subscribe(fails)
    cancel = cached.subscribe(lambda old, new: seen.append((old and old.value, new and new.value, held.get())))
    held.get()
    fake_vault.put("a", k=2)
    tick(session, fake_clock, 70)
    cancel()
    fake_vault.put("a", k=3)
    tick(session, fake_clock, 70)
    assert [(None, {"k": 1}, {"k": 1}), ({"k": 1}, {"k": 2}, {"k": 2})] == seen
    assert "a callback for secret/a failed: RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_garbage_collected_secret_is_soon_not_polled(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    fake_vault.put("a", k=1)
    session = fake_vault.session(Vault(clock=fake_clock))
    held = secret(session, "secret/a")
    held.get()
    del held
    gc.collect()
    tick(session, fake_clock, LINGER)
    fake_vault.asked.clear()
    tick(session, fake_clock, 600)
    assert 0 == fake_vault.count("secret/data/a")


def test_refused_credentials_can_be_requested_again_at_once_but_not_in_a_loop(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    fake_vault.put("a", k=1)
    session = fake_vault.session(Vault(clock=fake_clock))
    held, cached = secret(session, "secret/a"), session.path("secret/a")
    held.get()
    fake_clock.advance(2)
    fake_vault.put("a", k=2)
    for _ in range(50):
        for flight in cached.refresh():
            flight.wait()
    assert {"k": 2} == held.get()
    assert 2 == fake_vault.count("secret/data/a")


def test_a_value_refused_repeatedly_is_requested_less_often(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    fake_vault.put("a", k=1)
    session = fake_vault.session(Vault(clock=fake_clock, refresh_interval=60))
    held, cached = secret(session, "secret/a"), session.path("secret/a")
    held.get()
    for _ in range(500):
        fake_clock.advance(0.1)
        for flight in cached.refresh():
            flight.wait()
    assert 1 + 6 == fake_vault.count("secret/data/a")  # after 1, 2, 4, 8, 16 and 32 seconds


def test_a_refused_value_does_not_wait_for_a_vault_that_is_down(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    fake_vault.put("a", k=1)
    session = fake_vault.session(Vault(clock=fake_clock))
    held, cached = secret(session, "secret/a"), session.path("secret/a")
    held.get()
    fake_vault.fails[""] = broken
    for _ in range(500):
        fake_clock.advance(0.01)
        for flight in cached.refresh():
            flight.wait()
    assert 2 == fake_vault.count("secret/data/a")


def test_plain_http_to_another_host_causes_one_warning(fake_clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "toriconfig.vault"):
        for _ in range(3):
            vault = FakeVault(fake_clock)
            vault.put("a", k=1)
            vault.session(Vault(address="http://vault.example:8200", clock=fake_clock)).client.request(
                "GET", "secret/data/a"
            )
            vault.session(Vault(address="http://127.0.0.1:8200", clock=fake_clock)).client.request(
                "GET", "secret/data/a"
            )
    assert ["Vault at http://vault.example:8200 is used without TLS"] == [one.message[:54] for one in caplog.records]


def test_the_countdown_of_a_static_role_is_no_change(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    begun = fake_clock.monotonic()

    def role(method: str, body: Any) -> Any:
        left = 1000 - int(fake_clock.monotonic() - begun)
        data = {"username": "u", "password": "p", "ttl": left, "last_vault_rotation": "2026-01-01T00:00:00Z"}
        return fake_vault.answer(data=data)

    fake_vault.answers["database/static-creds/app"] = role
    session = fake_vault.session(Vault(clock=fake_clock))
    held, cached = secret(session, "database/static-creds/app"), session.path("database/static-creds/app")
    held.get()
    swaps: list[Reading | None] = []
    cached.subscribe(lambda old, new: swaps.append(new))
    tick(session, fake_clock, 600)
    assert [] == swaps
    assert "fresh" == cached.state


def test_the_answer_of_an_earlier_request_does_not_win(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    path, now = "cubbyhole/x", ["one"]
    session = fake_vault.session(Vault(clock=fake_clock))
    held, cached = secret(session, path), session.path(path)

    def answers(method: str, body: object) -> Answer:
        value = now[0]
        if value == "two":
            now[0] = "three"
            cached.ask()  # while the answer "two" is on its way
        return fake_vault.answer(data={"k": value})

    fake_vault.answers[path] = answers
    assert {"k": "one"} == held.get()
    now[0] = "two"
    tick(session, fake_clock, 70)
    assert {"k": "three"} == held.get()
