"""The table of the answers of Vault and the results of a read, on a fake clock."""

from __future__ import annotations

import logging
from itertools import pairwise
from typing import Any

import pytest

from support.fake_vault import FakeVault, broken, denied, refused, sealed, secret, tick, timed_out
from toriconfig._secrets.provider import Reading
from toriconfig._secrets.secret import Secret
from toriconfig._vault import Session
from toriconfig.errors import SecretError, VaultDenied, VaultNotFound, VaultSealed, VaultUnreachable
from toriconfig.testing import FakeClock
from toriconfig.vault import Vault

OUTCOMES = [
    pytest.param(refused, VaultUnreachable, id="refused"),
    pytest.param(timed_out, VaultUnreachable, id="timeout"),
    pytest.param(broken, VaultUnreachable, id="500"),
    pytest.param(sealed, VaultSealed, id="sealed"),
    pytest.param(denied, VaultDenied, id="403"),
]


def _session(fake_vault: FakeVault, clock: FakeClock, **options: Any) -> Session:
    return fake_vault.session(Vault(clock=clock, refresh_interval=60.0, stale_for=3600.0, **options))


def _state(held: Secret[Any]) -> str:
    return held.state


@pytest.mark.parametrize(("fail", "kind"), OUTCOMES)
def test_without_a_cached_value_the_error_describes_the_failure(
    fake_vault: FakeVault, fake_clock: FakeClock, fail: Any, kind: type[SecretError]
) -> None:
    fake_vault.fails[""] = fail
    with pytest.raises(kind) as caught:
        secret(_session(fake_vault, fake_clock), "secret/a").get()
    assert "secret/a" == caught.value.reference
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(("fail", "kind"), OUTCOMES)
def test_a_cached_value_is_kept_until_stale_for_and_then_the_error_is_reported(
    fake_vault: FakeVault, fake_clock: FakeClock, fail: Any, kind: type[SecretError]
) -> None:
    fake_vault.put("a", k="v")
    session = _session(fake_vault, fake_clock)
    held = secret(session, "secret/a")
    assert {"k": "v"} == held.get()
    fake_vault.fails[""] = fail
    tick(session, fake_clock, 3500, step=10)
    assert {"k": "v"} == held.get()
    assert "stale" == _state(held)
    tick(session, fake_clock, 200, step=10)
    assert "missing" == _state(held)
    with pytest.raises(kind):
        held.get()
    fake_vault.fails.clear()
    tick(session, fake_clock, 130, step=10)
    assert {"k": "v"} == held.get()
    assert "fresh" == _state(held)


@pytest.mark.parametrize("fail", [refused, timed_out, broken, sealed])
def test_an_outage_is_one_warning_for_any_number_of_paths(
    fake_vault: FakeVault, fake_clock: FakeClock, caplog: pytest.LogCaptureFixture, fail: Any
) -> None:
    session = _session(fake_vault, fake_clock)
    held = [secret(session, f"secret/{name}") for name in "abcde"]
    for name in "abcde":
        fake_vault.put(name, k=name)
    assert [{"k": name} for name in "abcde"] == [one.get() for one in held]
    for _ in range(2):
        fake_vault.fails[""] = fail
        with caplog.at_level(logging.WARNING, "toriconfig.vault"):
            tick(session, fake_clock, 600, step=10)
        assert 1 == len(caplog.records)
        fake_vault.fails.clear()
        tick(session, fake_clock, 150, step=10)
        caplog.clear()


def test_a_missing_secret_is_dropped_after_three_polls_in_a_row_that_agree(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    fake_vault.put("a", k="v")
    session = _session(fake_vault, fake_clock)
    held, cached = secret(session, "secret/a"), session.path("secret/a")
    swaps: list[tuple[Reading | None, Reading | None]] = []
    cached.subscribe(lambda old, new: swaps.append((old, new)))
    held.get()
    fake_vault.delete("a")
    tick(session, fake_clock, 31 + 61)
    fake_vault.fails[""] = refused
    tick(session, fake_clock, 61)  # two polls said 404, the third says nothing of it
    fake_vault.fails.clear()
    tick(session, fake_clock, 61 + 61)
    assert {"k": "v"} == held.get()
    tick(session, fake_clock, 61)
    with pytest.raises(VaultNotFound, match="nothing at secret/a"):
        held.get()
    assert [True, False] == [new is not None for _, new in swaps]


def test_a_secret_that_comes_back_is_noticed(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    fake_vault.put("a", k="v")
    session = _session(fake_vault, fake_clock)
    held = secret(session, "secret/a")
    held.get()
    fake_vault.delete("a")
    tick(session, fake_clock, 300)
    assert "missing" == _state(held)
    fake_vault.put("a", k="again")
    tick(session, fake_clock, 61)
    assert "fresh" == _state(held)
    assert {"k": "again"} == held.get()


def test_after_a_failure_readers_are_answered_at_once_until_the_next_try(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    fake_vault.fails[""] = broken
    held = secret(_session(fake_vault, fake_clock), "secret/a")
    tries = []
    for _ in range(1200):
        before = len(fake_vault.asked)
        with pytest.raises(VaultUnreachable):
            held.get()
        if len(fake_vault.asked) > before:
            tries.append(fake_clock.monotonic())
        fake_clock.advance(0.25)
    gaps = [later - sooner for sooner, later in pairwise(tries)]
    assert [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0] == gaps[:8]
    assert {60.0} == set(gaps[7:])


def test_a_stale_value_is_returned_at_once_and_refreshed_in_the_background(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    fake_vault.put("a", k="old")
    session = _session(fake_vault, fake_clock)
    held = secret(session, "secret/a")
    held.get()
    fake_clock.advance(600)  # no tick: as if the scheduler had been asleep
    fake_vault.put("a", k="new")
    assert () == session.path("secret/a").pending()
    assert {"k": "new"} == held.get()


def test_a_403_leads_to_one_login_and_then_an_error_with_path_and_capability(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    from toriconfig.vault import UserPass

    def log_in(method: str, body: Any) -> Any:
        return fake_vault.answer(auth={"client_token": "t", "lease_duration": 3600, "renewable": True})

    fake_vault.answers["auth/userpass/login/u"] = log_in
    fake_vault.answers["secret/data/a"] = lambda method, body: denied("")
    session = _session(fake_vault, fake_clock, auth=UserPass("u", "p"))
    fake_vault.put("b", k="v")
    secret(session, "secret/b").get()
    fake_clock.advance(20)
    held = secret(session, "secret/a")
    with pytest.raises(
        VaultDenied, match=r'"read" on secret/data/a .*path "secret/data/a" \{ capabilities = \["read"\]'
    ):
        held.get()
    assert 2 == fake_vault.count("auth/userpass/login/u")
    for _ in range(20):
        fake_clock.advance(61)
        with pytest.raises(VaultDenied):
            held.get()
    assert 2 == fake_vault.count("auth/userpass/login/u")
