"""Leased and static database credentials, on a real OpenBao and a real PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from local_postgres import Postgres, database_role
from support.fake_vault import secret
from support.proxies import drop_reply_proxy
from toriconfig._secrets.provider import Reading
from toriconfig.errors import VaultError
from toriconfig.testing import VaultServer, vault_server
from toriconfig.vault import AppRole

from .conftest import Connect


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server() as server:
        yield server


def _logs_in(postgres: Postgres, credentials: dict[str, Any]) -> bool:
    try:
        with psycopg.connect(postgres.conninfo(credentials["username"], credentials["password"])):
            return True
    except psycopg.OperationalError:
        return False


def _eventually(holds: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_credentials_are_replaced_while_the_old_ones_still_work_and_each_costs_one_request(
    server: VaultServer, shared_postgres: Postgres, connect: Connect
) -> None:
    path = database_role(server, shared_postgres, "short", ttl="2s", max_ttl="3s")
    session = connect(server.environ, overlap=0.5)
    held, cached = secret(session, path), session.path(path)
    overlaps: list[bool] = []

    def swapped(old: Reading | None, new: Reading | None) -> None:
        if old is not None and new is not None:
            overlaps.append(_logs_in(shared_postgres, old.value) and _logs_in(shared_postgres, new.value))

    cached.subscribe(swapped)
    begun, used = time.monotonic(), set()
    while len(overlaps) < 2 and time.monotonic() - begun < 15:
        credentials = held.get()
        used.add(credentials["username"])
        assert _logs_in(shared_postgres, credentials)
        time.sleep(0.05)
    assert len(overlaps) >= 2
    assert all(overlaps)
    assert server.requests(path=path, operation="read") == len(overlaps) + 1
    assert len(overlaps) <= len(used) <= len(overlaps) + 1
    last = held.get()
    from toriconfig import _vault

    _vault.shutdown()
    del held, cached
    session.path(path).rest()
    assert _eventually(lambda: not _logs_in(shared_postgres, last), 6)


def test_a_lost_answer_leaves_one_lease_not_four(
    server: VaultServer, shared_postgres: Postgres, connect: Connect
) -> None:
    path = database_role(server, shared_postgres, "lost", ttl="1h")
    with drop_reply_proxy(server.address, pattern=path, losing=1) as proxy:
        session = connect({**server.environ, "VAULT_ADDR": proxy.address})
        assert secret(session, path).get(None) is None
        assert 1 == server.requests(path=path, operation="read")


def test_leases_are_replaced_when_the_token_that_they_hang_on_is(
    server: VaultServer, shared_postgres: Postgres, connect: Connect
) -> None:
    path = database_role(server, shared_postgres, "hanging", ttl="1h")
    role = server.approle("hanging", server.policy("hanging", {path: ["read"]}), ttl="2s", max_ttl="3s")
    session = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, role.secret_id))
    held = secret(session, path)
    begun, used = time.monotonic(), set()
    while time.monotonic() - begun < 4.5:
        credentials = held.get()
        used.add(credentials["username"])
        assert _logs_in(shared_postgres, credentials)
        time.sleep(0.05)
    assert 2 <= len(used) <= 6


@pytest.mark.parametrize("kind", ["creds", "static-creds"])
def test_a_role_that_does_not_exist_is_named_with_the_remedy(
    server: VaultServer, shared_postgres: Postgres, connect: Connect, kind: str
) -> None:
    database_role(server, shared_postgres, "there")
    path = f"database/{kind}/not-there"
    with pytest.raises(VaultError, match=f"{path} with 400: unknown role: not-there .look at the role"):
        secret(connect(server.environ), path).get()


def test_a_static_roles_new_password_is_found_at_once(
    server: VaultServer, shared_postgres: Postgres, connect: Connect
) -> None:
    database_role(server, shared_postgres, "any")
    with psycopg.connect(shared_postgres.conninfo(), autocommit=True) as root:
        root.execute("CREATE ROLE steady LOGIN PASSWORD 'first'")
    server.client.adapter.post(
        "/v1/database/static-roles/steady",
        json={"db_name": _connection(server), "username": "steady", "rotation_period": "5s"},
    )
    session = connect(server.environ, refresh_interval=60.0)
    held, swaps = secret(session, "database/static-creds/steady"), []
    cached = session.path("database/static-creds/steady")
    cached.subscribe(lambda old, new: swaps.append(new.value["password"] if new else None))
    first = held.get()
    assert _logs_in(shared_postgres, first)
    assert _eventually(lambda: len(swaps) >= 2, 30)
    assert swaps[-1] != first["password"]
    assert _logs_in(shared_postgres, held.get())
    assert len(swaps) == len(set(swaps))


def test_the_database_being_down_does_not_end_a_lease(connect: Connect) -> None:
    from local_postgres import postgres_server

    with postgres_server() as postgres, vault_server() as server:
        path = database_role(server, postgres, "resting", ttl="4s", max_ttl="1h")
        session = connect(server.environ)
        held = secret(session, path)
        credentials = held.get()
        postgres.stop()
        assert _eventually(lambda: session.path(path).error is not None, 10)
        assert credentials == held.get()
        postgres.start()
        assert _eventually(lambda: session.path(path).error is None, 10)
        assert _logs_in(postgres, held.get())


def _connection(server: VaultServer) -> str:
    names = server.client.list("database/config")["data"]["keys"]
    return str(names[-1])
