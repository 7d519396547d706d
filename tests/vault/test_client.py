"""A client of Vault alone, without a session and its cached paths."""

from __future__ import annotations

from typing import Any

import pytest

from support.fake_vault import AtOnce, FakeVault, denied, refused
from toriconfig._runtime.executor import Executor
from toriconfig._runtime.workers import DEMAND
from toriconfig._vault.client import Client
from toriconfig._vault.resolve import resolve
from toriconfig.errors import VaultDenied, VaultUnreachable
from toriconfig.testing import FakeClock
from toriconfig.vault import UserPass, Vault

ADDRESS = {"VAULT_ADDR": "http://127.0.0.1:1"}
LOGIN = "auth/userpass/login/u"


def client(vault: FakeVault, clock: FakeClock, **options: Any) -> Client:
    """A client of `vault`; `on_send` is passed to the client, other options to the configuration."""
    on_send = options.pop("on_send", None)
    resolved = resolve(Vault(clock=clock, **options), ADDRESS)
    assert resolved is not None
    executor = Executor(clock, AtOnce())
    made: Any = lambda _: vault  # noqa: E731
    return Client(resolved, {"VAULT_TOKEN": "t"}, executor, transport=made, on_send=on_send)


def test_a_request_needs_no_session(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    fake_vault.put("a", k="v")
    answer = client(fake_vault, fake_clock).request("GET", "secret/data/a")
    assert {"k": "v"} == answer.data["data"]
    assert "t" == fake_vault.asked[0][3]["X-Vault-Token"]


def test_a_refused_token_is_replaced_by_a_login_although_nothing_depends_on_it(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    fake_vault.put("a", k="v")
    tokens = iter("123")
    fake_vault.answers[LOGIN] = lambda method, body: fake_vault.answer(
        auth={"client_token": next(tokens), "lease_duration": 3600, "renewable": True}
    )
    asking = client(fake_vault, fake_clock, auth=UserPass("u", "p"))
    asking.request("GET", "secret/data/a")
    fake_clock.advance(60)
    fake_vault.answers["secret/data/a"] = lambda method, body: (
        denied("")
        if fake_vault.asked[-1][3]["X-Vault-Token"] == "1"
        else fake_vault.answer(data={"data": {"k": "new"}})
    )
    assert {"k": "new"} == asking.request("GET", "secret/data/a").data["data"]
    assert 2 == fake_vault.count(LOGIN)


def test_requests_fail_at_once_after_no_address_could_be_connected_to(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    asking = client(fake_vault, fake_clock)
    fake_vault.fails[""] = refused
    for _ in range(3):
        with pytest.raises(VaultUnreachable, match="Connection refused"):
            asking.request("GET", "secret/data/a")
    assert 1 == fake_vault.count("secret/data/a")
    fake_clock.advance(10)
    with pytest.raises(VaultUnreachable):
        asking.request("GET", "secret/data/a")
    assert 2 == fake_vault.count("secret/data/a")


def test_an_answer_with_an_error_is_raised_or_returned(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    fake_vault.answers["secret/data/a"] = lambda method, body: denied("")
    asking = client(fake_vault, fake_clock)
    with pytest.raises(VaultDenied):
        asking.request("GET", "secret/data/a", token="x")
    assert 403 == asking.request("GET", "secret/data/a", token="x", check=False).status


def test_each_request_is_reported_with_its_priority_before_it_is_sent(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    seen: list[tuple[int, int]] = []
    asking = client(fake_vault, fake_clock, on_send=lambda priority: seen.append((priority, len(fake_vault.asked))))
    asking.request("GET", "sys/health", token="", check=False)
    assert [(DEMAND, 0)] == seen
