"""The choice of the address, the number of attempts, and requests that are never repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.fake_vault import FakeVault, broken, refused, sealed, secret, timed_out
from toriconfig._vault import Session
from toriconfig._vault.http.response import Answer, Failure
from toriconfig.errors import VaultError, VaultUnreachable
from toriconfig.testing import FakeClock
from toriconfig.vault import Vault

A, B, C = (f"https://{name}.example:8200" for name in "abc")


@pytest.fixture
def session(fake_vault: FakeVault, fake_clock: FakeClock) -> Session:
    fake_vault.put("a", k="v")
    return fake_vault.session(Vault(address=f"{A}, {B},{C}", clock=fake_clock), {"VAULT_TOKEN": "t"})


def _addresses(fake_vault: FakeVault) -> list[str]:
    return [address for address, _, path, _ in fake_vault.asked if path.startswith("secret/")]


@pytest.mark.parametrize("fail", [refused, timed_out, sealed])
def test_a_read_moves_on_to_the_next_address_and_stays_there(
    fake_vault: FakeVault, session: Session, fail: Callable[[str], Any]
) -> None:
    fake_vault.fails |= {A: fail, B: fail}
    assert {"k": "v"} == secret(session, "secret/a").get()
    session.client.request("GET", "secret/data/a")
    assert [A, B, C, C] == _addresses(fake_vault)
    assert C == session.client.address


def test_each_address_is_tried_once_when_all_fail(fake_vault: FakeVault, session: Session) -> None:
    fake_vault.fails[""] = refused
    with pytest.raises(VaultUnreachable):
        secret(session, "secret/a").get()
    assert [A, B, C] == _addresses(fake_vault)


@pytest.mark.parametrize("text", ["local node not active but active cluster node not found", "leadership lost"])
def test_a_request_waits_for_an_election(fake_vault: FakeVault, session: Session, text: str) -> None:
    def electing(address: str) -> Answer:
        if len(fake_vault.asked) > 4:
            fake_vault.fails.clear()
        return Answer(500, {"errors": [text]}, {}, address)

    fake_vault.fails[""] = electing
    assert {"k": "v"} == secret(session, "secret/a").get()


@pytest.mark.parametrize("status", [412, 429])
def test_a_request_is_repeated_at_a_node_that_returns_412_or_429(
    fake_vault: FakeVault, session: Session, status: int
) -> None:
    def not_yet(address: str) -> Answer:
        if len(fake_vault.asked) > 2:
            fake_vault.fails.clear()
        return Answer(status, {"errors": []}, {"retry-after": "0"}, address)

    fake_vault.fails[""] = not_yet
    assert {"k": "v"} == secret(session, "secret/a").get()
    assert {A} == set(_addresses(fake_vault))


def test_the_wait_ends_with_the_budget(fake_vault: FakeVault, fake_clock: FakeClock, session: Session) -> None:
    fake_vault.fails[""] = lambda address: Answer(429, {"errors": []}, {"retry-after": "60"}, address)
    with pytest.raises(VaultUnreachable, match="429"):
        secret(session, "secret/a").get()


def _broke_off(address: str) -> Failure:
    return Failure("broken", "broke off without an answer", address, sent=True)


def _bad_gateway(address: str) -> Answer:
    return Answer(502, {}, {}, address)


@pytest.mark.parametrize("path", ["database/creds/app", "pki/issue/web", "aws/sts/app"])
@pytest.mark.parametrize("fail", [timed_out, _broke_off, _bad_gateway, broken])
def test_an_issuing_request_is_never_repeated_after_bytes_were_sent(
    fake_vault: FakeVault, session: Session, path: str, fail: Callable[[str], Any]
) -> None:
    fake_vault.fails[""] = fail
    with pytest.raises(VaultError):
        secret(session, path).get()
    assert 1 == fake_vault.count(path)


@pytest.mark.parametrize("path", ["database/creds/app", "auth/userpass/login/u"])
@pytest.mark.parametrize("fail", [timed_out, _broke_off, _bad_gateway])
def test_a_request_that_may_not_be_repeated_uses_the_next_address_next_time(
    fake_vault: FakeVault, session: Session, path: str, fail: Callable[[str], Any]
) -> None:
    fake_vault.fails |= {A: fail, B: fail}
    fake_vault.answers[path] = lambda method, body: fake_vault.answer(C, data={"k": "v"})
    for _ in "ab":
        with pytest.raises(VaultUnreachable):
            session.client.request("POST", path, {}, token="t")
    assert 200 == session.client.request("POST", path, {}, token="t").status
    assert [A, B, C] == [address for address, _, asked, _ in fake_vault.asked if asked == path]


def test_an_issuing_request_fails_over_if_nothing_was_sent(fake_vault: FakeVault, session: Session) -> None:
    fake_vault.fails |= {A: refused, B: sealed}
    lease: dict[str, Any] = {"lease_id": "l", "lease_duration": 60, "renewable": True, "data": {"username": "u"}}
    fake_vault.answers["database/creds/app"] = lambda method, body: fake_vault.answer(**lease)
    assert {"username": "u"} == secret(session, "database/creds/app").get()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_writes_are_not_repeated(fake_vault: FakeVault, session: Session, method: str) -> None:
    fake_vault.fails[""] = timed_out
    with pytest.raises(VaultUnreachable):
        session.client.request(method, "secret/data/a", {})
    assert 1 == fake_vault.count("secret/data/a")


def _redirect(to: str) -> Callable[[str, Any], Answer]:
    return lambda method, body: Answer(307, {}, {"location": to}, A)


def test_a_redirect_to_the_same_origin_is_followed(fake_vault: FakeVault, session: Session) -> None:
    fake_vault.answers["secret/data/b"] = _redirect(f"{A}/v1/secret/data/a")
    assert {"k": "v"} == secret(session, "secret/b").get()


@pytest.mark.parametrize(
    "to", ["https://evil.example/v1/secret/data/a", "http://a.example:8200/v1/secret/data/a", "//evil/v1/x", "/other"]
)
def test_a_redirect_to_another_origin_is_refused_and_the_token_is_not_sent(
    fake_vault: FakeVault, session: Session, to: str
) -> None:
    fake_vault.answers["secret/data/b"] = _redirect(to)
    with pytest.raises(VaultUnreachable, match="redirects to another origin"):
        secret(session, "secret/b").get()
    assert [A, B, C] == _addresses(fake_vault)


def test_a_standby_that_names_another_of_our_addresses_is_followed_and_an_election_waited_for(
    fake_vault: FakeVault, session: Session
) -> None:
    def standby(address: str) -> Answer:
        if len(fake_vault.asked) > 6:
            fake_vault.fails.clear()
        return Answer(307, {}, {"location": f"{C}/v1/secret/data/a"}, address)

    fake_vault.fails |= {A: standby, B: standby, C: refused}
    assert {"k": "v"} == secret(session, "secret/a").get()
    assert [A, C, A] == _addresses(fake_vault)[:3]


def test_reads_after_an_own_write_require_it_for_a_while(
    fake_vault: FakeVault, fake_clock: FakeClock, session: Session
) -> None:
    fake_vault.answers["secret/data/w"] = lambda method, body: fake_vault.answer(headers={"x-vault-index": "i7"})
    session.client.request("GET", "secret/data/a")
    assert "X-Vault-Index" not in fake_vault.asked[-1][3]
    session.client.request("POST", "secret/data/w", {"data": {}})
    session.client.request("GET", "secret/data/a")
    sent = fake_vault.asked[-1][3]
    assert ("i7", "forward-active-node") == (sent["X-Vault-Index"], sent["X-Vault-Inconsistent"])
    fake_clock.advance(11)
    session.client.request("GET", "secret/data/a")
    assert "X-Vault-Index" not in fake_vault.asked[-1][3]
