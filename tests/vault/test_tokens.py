"""Tokens: renewed, replaced before they end, revoked when they are ours; logins are counted."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from support.fake_vault import FakeVault, secret, tick
from toriconfig import _vault
from toriconfig._vault.http.response import Answer
from toriconfig.errors import VaultDenied
from toriconfig.testing import FakeClock, VaultServer, vault_server
from toriconfig.vault import AppRole, Token, UserPass, Vault

from .conftest import Connect


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({"secret/app": {"k": "v"}}) as server:
        server.policy("app", {"secret/data/app": ["read"]})
        yield server


def test_a_short_token_never_fails_a_read_and_logins_keep_to_its_maximum(server: VaultServer, connect: Connect) -> None:
    role = server.approle("quick", "app", ttl="2s", max_ttl="4s")
    session = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, role.secret_id), refresh_interval=0.2)
    held = secret(session, "secret/app")
    server.forget_requests()
    begun = time.monotonic()
    while time.monotonic() - begun < 6:
        held.get()
        assert "fresh" == held.state
        assert session.path("secret/app").error is None
        time.sleep(0.02)
    assert 1 <= server.requests(path="auth/approle/login") <= 4
    assert server.requests(path="auth/token/renew-self") >= 2


class _Identity:
    """Simulated logins and renewals: TTL 60 s, maximum 150 s after the login."""

    def __init__(self, vault: FakeVault, clock: FakeClock) -> None:
        self._vault, self._clock = vault, clock
        self.logins: list[float] = []
        self.renewals: list[float] = []
        vault.answers["auth/userpass/login/u"] = self._login
        vault.answers["auth/token/renew-self"] = self._renew

    def _login(self, method: str, body: Any) -> Any:
        self.logins.append(self._clock.monotonic())
        return self._vault.answer(auth=self._auth(60))

    def _renew(self, method: str, body: Any) -> Any:
        self.renewals.append(self._clock.monotonic())
        left = 150 - (self._clock.monotonic() - self.logins[-1])
        return self._vault.answer(auth=self._auth(min(60, int(left))))

    def _auth(self, seconds: int) -> dict[str, Any]:
        return {"client_token": f"t{len(self.logins)}", "lease_duration": seconds, "renewable": True}


def test_renewals_come_at_two_thirds_and_a_new_login_before_the_maximum(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    by_the_book = _Identity(fake_vault, fake_clock)
    session = fake_vault.session(Vault(clock=fake_clock, auth=UserPass("u", "p")))
    fake_vault.put("a", k="v")
    held = secret(session, "secret/a")
    held.get()
    tick(session, fake_clock, 1200, step=0.5)
    gaps = [later - sooner for sooner, later in pairwise(by_the_book.logins)]
    assert len(gaps) >= 8
    assert all(100 <= gap <= 150 for gap in gaps)
    assert all(36 <= gap <= 41 for gap in [by_the_book.renewals[0] - by_the_book.logins[0]])
    assert len(by_the_book.renewals) <= 4 * len(by_the_book.logins)


def test_a_token_given_late_in_its_life_is_renewed_by_its_remaining_time(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    renewals: list[float] = []
    ends = fake_clock.monotonic() + 90

    def look(method: str, body: Any) -> Any:
        left = int(ends - fake_clock.monotonic())
        return fake_vault.answer(data={"ttl": left, "creation_ttl": 3600, "renewable": True})

    def renew(method: str, body: Any) -> Any:
        renewals.append(fake_clock.monotonic())
        return fake_vault.answer(auth={"lease_duration": 3600, "renewable": True})

    fake_vault.answers |= {"auth/token/lookup-self": look, "auth/token/renew-self": renew}
    fake_vault.put("a", k="v")
    session = fake_vault.session(Vault(clock=fake_clock))
    held = secret(session, "secret/a")
    held.get()
    tick(session, fake_clock, 80)
    assert 1 == len(renewals)
    assert 50 <= renewals[0] - (ends - 90) <= 70


@pytest.mark.parametrize("denied_after", [70, 140], ids=["before the first renewal", "after the first renewal"])
def test_a_denied_path_does_not_stop_the_renewal_of_a_given_token(
    fake_vault: FakeVault, fake_clock: FakeClock, denied_after: int
) -> None:
    renewals: list[float] = []
    granted = fake_clock.monotonic()

    def look(method: str, body: Any) -> Any:
        left = int((renewals or [granted])[-1] + 120 - fake_clock.monotonic())
        return fake_vault.answer(data={"ttl": left, "creation_ttl": 120, "renewable": True})

    def renew(method: str, body: Any) -> Any:
        renewals.append(fake_clock.monotonic())
        return fake_vault.answer(auth={"lease_duration": 120, "renewable": True})

    fake_vault.answers |= {
        "auth/token/lookup-self": look,
        "auth/token/renew-self": renew,
        "secret/data/denied": lambda method, body: Answer(403, {"errors": ["permission denied"]}, {}, ""),
    }
    fake_vault.put("a", k="v")
    session = fake_vault.session(Vault(clock=fake_clock, refresh_interval=3600))
    held = secret(session, "secret/a")
    held.get()
    tick(session, fake_clock, denied_after)
    with pytest.raises(VaultDenied):
        secret(session, "secret/denied").get()
    tick(session, fake_clock, 600)
    assert all(gap < 120 for gap in (later - sooner for sooner, later in pairwise([granted, *renewals])))
    assert granted + denied_after + 600 < renewals[-1] + 120


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"ttl": 0, "renewable": False}, id="root"),
        pytest.param({"ttl": 600, "creation_ttl": 600, "renewable": True, "num_uses": 5}, id="counted"),
    ],
)
def test_a_root_token_and_a_counted_one_are_looked_up_once_and_not_renewed(
    fake_vault: FakeVault, fake_clock: FakeClock, facts: dict[str, Any]
) -> None:
    fake_vault.answers["auth/token/lookup-self"] = lambda method, body: fake_vault.answer(data=facts)
    fake_vault.put("a", k="v")
    session = fake_vault.session(Vault(clock=fake_clock, refresh_interval=3600))
    held = secret(session, "secret/a")
    held.get()
    tick(session, fake_clock, 500)
    assert 1 == fake_vault.count("auth/token/lookup-self")
    assert 0 == fake_vault.count("auth/token/renew-self")


def test_a_given_token_that_cannot_be_renewed_causes_a_warning_before_it_ends(
    fake_vault: FakeVault, fake_clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    facts = {"ttl": 600, "creation_ttl": 600, "renewable": False}
    fake_vault.answers["auth/token/lookup-self"] = lambda method, body: fake_vault.answer(data=facts)
    fake_vault.put("a", k="v")
    session = fake_vault.session(Vault(clock=fake_clock))
    held = secret(session, "secret/a")
    held.get()
    with caplog.at_level(logging.WARNING, "toriconfig.vault"):
        tick(session, fake_clock, 590)
    assert ["the token for Vault ends in"] == [record.message[:27] for record in caplog.records]


def test_a_revoked_token_is_replaced_by_one_login_for_any_number_of_paths(
    server: VaultServer, connect: Connect
) -> None:
    role = server.approle("revoked", "app")
    session = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, role.secret_id))
    assert {"k": "v"} == secret(session, "secret/app").get()
    token = session.client.identity.current
    assert token is not None
    server.client.auth.token.revoke(token.value)
    server.forget_requests()
    for _ in range(5):
        assert 200 == session.client.request("GET", "secret/data/app").status
    assert 1 == server.requests(path="auth/approle/login")


def test_a_token_that_is_replaced_and_revoked_just_after_it_was_looked_up_is_followed_by_the_new_one(
    server: VaultServer, connect: Connect, tmp_path: Path
) -> None:
    sink = tmp_path / "sink"
    sink.write_text(server.new_token("app"))
    session = connect({"VAULT_ADDR": server.address}, auth=Token(file=str(sink)))
    with pytest.raises(VaultDenied):  # which makes sure of the token
        session.client.request("GET", "secret/data/other")
    server.client.auth.token.revoke(sink.read_text())
    sink.write_text(server.new_token("app"))
    assert 200 == session.client.request("GET", "secret/data/app").status


@pytest.mark.parametrize(
    ("says", "logins", "lookups"),
    [
        pytest.param("1 error occurred:\n\t* permission denied\n\n", 1, 0, id="no policy allows it"),
        pytest.param("permission denied", 1, 1, id="whose it is remains open"),
    ],
)
def test_a_denial_just_after_the_login_costs_no_other_login(
    fake_vault: FakeVault, fake_clock: FakeClock, says: str, logins: int, lookups: int
) -> None:
    _Identity(fake_vault, fake_clock)
    fake_vault.answers["secret/data/a"] = lambda method, body: Answer(403, {"errors": [says]}, {}, "")
    session = fake_vault.session(Vault(clock=fake_clock, auth=UserPass("u", "p")))
    with pytest.raises(VaultDenied, match='"read" on secret/data/a'):
        secret(session, "secret/a").get()
    assert logins == fake_vault.count("auth/userpass/login/u")
    assert lookups == fake_vault.count("auth/token/lookup-self")


def test_a_token_that_ended_is_distinguished_from_a_policy_that_forbids(server: VaultServer, connect: Connect) -> None:
    token = server.new_token("app", ttl="1h")
    server.client.auth.token.revoke(token)
    with pytest.raises(VaultDenied, match="does not accept the token"):
        secret(connect({"VAULT_ADDR": server.address}, auth=Token(token)), "secret/app").get()
    with pytest.raises(VaultDenied, match='"read" on secret/data/other'):
        secret(connect({"VAULT_ADDR": server.address}, auth=Token(server.new_token("app"))), "secret/other").get()


def test_shutdown_revokes_only_tokens_obtained_by_a_login(server: VaultServer, connect: Connect) -> None:
    role = server.approle("leaving", "app")
    given = server.new_token("app")
    ours = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, role.secret_id))
    theirs = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": given})
    held = secret(ours, "secret/app")
    held.get()
    secret(theirs, "secret/app").get()
    minted = ours.client.identity.current
    assert minted is not None
    _vault.shutdown()
    _vault.shutdown()
    assert not _alive(server, minted.value)
    assert _alive(server, given)
    assert {"k": "v"} == held.get()  # a handle outlives it


def test_shutdown_takes_no_longer_than_it_may(server: VaultServer, connect: Connect) -> None:
    with vault_server({"secret/app": {"k": "v"}}) as other:
        other.policy("app", {"secret/data/app": ["read"]})
        role = other.approle("slow", "app")
        secret(connect({"VAULT_ADDR": other.address}, auth=AppRole(role.role_id, role.secret_id)), "secret/app").get()
        other.pause()
        begun = time.monotonic()
        _vault.shutdown(timeout=0.5)
        assert time.monotonic() - begun < 1.0
        other.resume()


def _alive(server: VaultServer, token: str) -> bool:
    lookup: Callable[[str], Any] = server.client.auth.token.lookup
    try:
        lookup(token)
    except Exception:  # noqa: BLE001  (hvac says 403 or 404, by version)
        return False
    return True
