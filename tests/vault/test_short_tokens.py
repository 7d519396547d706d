"""AppRole tokens of seconds: no read fails, and logins keep to the maximum, counted in the audit log."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import pytest

from support.fake_vault import secret
from toriconfig.errors import VaultDenied
from toriconfig.testing import VaultServer, vault_server
from toriconfig.vault import AppRole

from .conftest import Connect

TTL, MAXIMUM = 6, 15


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({f"secret/app/{n}": {"n": n} for n in range(5)}) as server:
        server.policy("app", {"secret/data/app/*": ["read"]})
        yield server


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seconds", [16, pytest.param(300, marks=pytest.mark.soak)])
def test_tokens_of_six_seconds_cause_no_failed_read_and_no_login_storm(
    server: VaultServer, connect: Connect, seconds: float
) -> None:
    role = server.approle("quick", "app", ttl=f"{TTL}s", max_ttl=f"{MAXIMUM}s")
    session = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, role.secret_id), refresh_interval=1.0)
    handles = [secret(session, f"secret/app/{n}") for n in range(5)]
    server.forget_requests()
    begun, reads = time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        for n, held in enumerate(handles):
            assert n == held.get()["n"]
            assert "fresh" == held.state
            reads += 1
        assert 200 == session.client.request("GET", "secret/data/app/0").status  # never answered from memory
        time.sleep(0.05)
    refused = [entry["request"]["path"] for entry in server.audit() if entry.get("error")]
    logins, renewals = server.requests("auth/approle/login"), server.requests("auth/token/renew-self")
    print(f"\n{seconds:g} s: {reads} reads, {logins} logins, {renewals} renewals")
    # a token is replaced when a renewal comes short: at two thirds of the maximum at the earliest
    assert logins <= math.ceil(seconds / (MAXIMUM * 0.5)) + 1
    assert logins >= seconds // MAXIMUM
    assert renewals <= seconds / (TTL * 0.5) + 1
    assert [] == [path for path in refused if path.startswith("secret/")]


def test_a_secret_id_that_was_already_unwrapped_is_reported_as_possible_tampering(
    server: VaultServer, connect: Connect
) -> None:
    role = server.approle("wrapped", "app")
    wrapping = server.client.auth.approle.generate_secret_id("wrapped", wrap_ttl="60s")["wrap_info"]["token"]
    server.client.sys.unwrap(wrapping)
    server.forget_requests()
    auth = AppRole(role.role_id, wrapping, wrapped=True)
    session = connect({"VAULT_ADDR": server.address}, auth=auth)
    for n in range(5):
        with pytest.raises(VaultDenied, match="used already .*possible tampering"):
            secret(session, f"secret/app/{n}").get()
    assert 0 == server.requests("auth/approle/login")
    assert server.requests("sys/wrapping/*") <= 2
