"""A token with few uses is used for reads of the program, and not for look-ups of the library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_vault import FakeVault, secret, tick
from toriconfig.testing import FakeClock, VaultServer, vault_server
from toriconfig.vault import Vault

from .conftest import Connect

LOOKUP = "auth/token/lookup-self"


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({f"secret/k{n}": {"k": str(n)} for n in range(3)}) as server:
        server.policy("app", {"secret/data/*": ["read"]})
        yield server


def test_three_uses_read_three_secrets(server: VaultServer, connect: Connect, fake_clock: FakeClock) -> None:
    token = server.new_token("app", num_uses=3)
    session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": token}, clock=fake_clock)
    for n in range(3):
        assert {"k": str(n)} == secret(session, f"secret/k{n}").get()
        session.executor.scheduler.tick()
        fake_clock.advance(2.0)


def _counted(fake_vault: FakeVault) -> None:
    facts: dict[str, Any] = {"ttl": 600, "creation_ttl": 600, "renewable": True, "num_uses": 5}
    fake_vault.answers[LOOKUP] = lambda method, body: fake_vault.answer(data=facts)


def test_a_token_known_to_be_limited_polls_nothing(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    _counted(fake_vault)
    fake_vault.put("a", k="v")
    session = fake_vault.session(Vault(clock=fake_clock, refresh_interval=60.0))
    held = secret(session, "secret/a")
    held.get()
    tick(session, fake_clock, 600)
    assert {"k": "v"} == held.get()
    assert (1, 1) == (fake_vault.count("secret/data/a"), fake_vault.count(LOOKUP))


def test_a_token_that_a_lease_hangs_on_is_looked_up_within_a_second(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    lease: dict[str, Any] = {"lease_id": "database/creds/app/1", "lease_duration": 60, "renewable": True}
    fake_vault.answers["database/creds/app"] = lambda method, body: fake_vault.answer(data={"username": "u"}, **lease)
    session = fake_vault.session(Vault(clock=fake_clock))
    held = secret(session, "database/creds/app")
    held.get()
    tick(session, fake_clock, 1)
    assert 1 == fake_vault.count(LOOKUP)


def test_a_token_for_plain_values_is_looked_up_later(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    fake_vault.put("a", k="v")
    session = fake_vault.session(Vault(clock=fake_clock))
    held = secret(session, "secret/a")
    held.get()
    tick(session, fake_clock, 6)
    assert 0 == fake_vault.count(LOOKUP)
    tick(session, fake_clock, 4)
    assert 1 == fake_vault.count(LOOKUP)
    held.get()
