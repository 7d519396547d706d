"""After `shutdown()`: revoked credentials are not returned, handles keep working, and their new tokens are revoked too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_vault import FakeVault, secret, tick
from toriconfig import _vault
from toriconfig._runtime.deadline import Deadline
from toriconfig._secrets.derived import Derived
from toriconfig._secrets.secret import Secret, handle
from toriconfig._vault import Session
from toriconfig.testing import FakeClock, VaultServer, vault_server
from toriconfig.vault import AppRole, Auth, Token, UserPass, Vault

from .conftest import Connect
from .test_fork import in_child

LEASED = "database/creds/app"


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({"secret/app": {"k": "v"}, "secret/other": {"k": "w"}}) as server:
        server.policy("app", {"secret/data/*": ["read"]})
        yield server


@pytest.fixture(autouse=True)
def _accounts(fake_vault: FakeVault) -> None:
    """Logins as `t0`, `t1`, … and leases of the accounts `u0`, `u1`, …"""

    def log_in(method: str, body: Any) -> Any:
        name = f"t{fake_vault.count('auth/userpass/login/u') - 1}"
        return fake_vault.answer(auth={"client_token": name, "lease_duration": 3600, "renewable": True})

    def issue(method: str, body: Any) -> Any:
        number = fake_vault.count(LEASED) - 1
        data = {"username": f"u{number}"}
        return fake_vault.answer(lease_id=f"{LEASED}/{number}", lease_duration=3600, renewable=True, data=data)

    fake_vault.answers |= {
        "auth/userpass/login/u": log_in,
        "auth/token/revoke-self": lambda method, body: fake_vault.answer(status=204),
        LEASED: issue,
    }


def _user(session: Session) -> Secret[Any]:
    """A handle on one key, as a field of settings has it."""
    return handle(Derived([session.path(LEASED)], lambda readings: readings[0].value["username"], LEASED), str, "")


def _close(session: Session) -> None:
    session.close(Deadline(session.executor.now() + 2.0, session.executor.now))


@pytest.mark.parametrize(
    ("auth", "state", "user"),
    [
        pytest.param(UserPass("u", "p"), "unread", "u1", id="logged in here"),
        pytest.param(Token("given"), "fresh", "u0", id="given"),
    ],
)
def test_credentials_that_were_revoked_with_their_token_are_replaced_and_others_kept(
    fake_vault: FakeVault, fake_clock: FakeClock, auth: Auth, state: str, user: str
) -> None:
    session = fake_vault.session(Vault(clock=fake_clock, auth=auth))
    held = _user(session)
    assert "u0" == held.get()
    _close(session)
    assert state == held.state
    assert user == held.get()


def test_a_value_without_a_lease_outlives_its_token(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    fake_vault.put("a", k="v")
    session = fake_vault.session(Vault(clock=fake_clock, auth=UserPass("u", "p")))
    held = secret(session, "secret/a")
    held.get()
    _close(session)
    assert "fresh" == held.state


def test_credentials_that_arrive_while_their_token_is_revoked_are_not_kept(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    session = fake_vault.session(Vault(clock=fake_clock, auth=UserPass("u", "p")))
    issue = fake_vault.answers[LEASED]

    def issue_and_close(method: str, body: Any) -> Any:
        fake_vault.answers[LEASED] = issue
        _close(session)
        return issue(method, body)

    fake_vault.answers[LEASED] = issue_and_close
    held = _user(session)
    held.get()
    assert "u1" == held.get()


def test_no_login_is_made_later_to_revoke_earlier_leases(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    session = fake_vault.session(Vault(clock=fake_clock, auth=UserPass("u", "p"), overlap=30.0))
    held, cached = _user(session), session.path(LEASED)
    held.get()
    fake_clock.advance(100)
    cached.refresh()
    assert "u1" == held.get()
    _close(session)
    before = len(fake_vault.asked)
    tick(session, fake_clock, 60)
    assert before == len(fake_vault.asked)


def test_a_token_that_a_handle_obtained_after_it_is_revoked_by_the_next(server: VaultServer, connect: Connect) -> None:
    role = server.approle("leaving", "app")
    session = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, role.secret_id))
    for path in ("secret/app", "secret/other"):
        server.forget_requests()
        secret(session, path).get()
        _vault.shutdown()
        assert (1, 1) == (server.requests("auth/approle/login"), server.requests("auth/token/revoke-self"))


# From 3.12 on Python warns of forking with threads, which is what this test is about.
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_child_that_is_forked_after_it_reads_at_once(server: VaultServer, connect: Connect) -> None:
    session = connect(server.environ)
    _vault.shutdown()
    secret(session, "secret/app").get()
    begun = time.monotonic()
    assert {"k": "w"} == in_child(secret(session, "secret/other").get)()
    assert time.monotonic() - begun < 2
