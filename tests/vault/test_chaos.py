"""Any faults in any order on a real OpenBao, leases included: no read of a working credential fails.

`./tests/run chaos` runs twenty minutes; TORICONFIG_CHAOS_SECONDS and TORICONFIG_CHAOS_SEED change that.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import psycopg
import pytest

from local_postgres import Postgres, database_role
from support.chaos import Chaos, Reader, logs_in
from support.durable import DurableServer, durable_server
from support.fake_vault import secret
from toriconfig._core.clock import SystemClock
from toriconfig.testing import VaultServer
from toriconfig.vault import AppRole, Token

from .conftest import Connect

LONG = float(os.environ.get("TORICONFIG_CHAOS_SECONDS", "1200"))
SEED = int(os.environ.get("TORICONFIG_CHAOS_SEED", "11"))

TERMS = {"chaos_renewed": ("6s", "60s"), "chaos_short": ("4s", "4s"), "chaos_long": ("1h", "24h")}
STATIC = "chaos_static"


@pytest.fixture(name="server")
def _server(shared_postgres: Postgres) -> Iterator[DurableServer]:
    with durable_server() as server:
        vault = cast("VaultServer", server)
        for role, (ttl, max_ttl) in TERMS.items():
            database_role(vault, shared_postgres, role, ttl=ttl, max_ttl=max_ttl)
        with psycopg.connect(shared_postgres.conninfo(), autocommit=True) as root:
            root.execute(f"DROP ROLE IF EXISTS {STATIC}".encode())
            root.execute(f"CREATE ROLE {STATIC} LOGIN PASSWORD 'first'".encode())
        body = {"db_name": "postgres", "username": STATIC, "rotation_period": "7s"}
        server.client.write_data(f"database/static-roles/{STATIC}", data=body)
        server.client.secrets.kv.v2.create_or_update_secret("chaos", {"a": "1", "b": "1"})
        yield server


@pytest.fixture(name="steps")
def _steps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Offset of the wall clock of this process; the test adds to it."""
    steps: list[float] = []
    monkeypatch.setattr(SystemClock, "time", staticmethod(lambda: time.time() + sum(steps)))
    return steps


def logins(server: DurableServer) -> dict[str, Any]:
    """A program that logs in again every half minute at most, and one with a token without an end."""
    client = server.client
    client.sys.enable_auth_method("approle")
    client.sys.create_or_update_policy("chaos", 'path "*" { capabilities = ["read"] }')
    role = {"token_policies": ["chaos"], "token_ttl": "8s", "token_max_ttl": "30s"}
    client.write_data("auth/approle/role/chaos", data=role)
    role_id = client.read("auth/approle/role/chaos/role-id")["data"]["role_id"]
    secret_id = client.write_data("auth/approle/role/chaos/secret-id", data={})["data"]["secret_id"]
    return {"approle": AppRole(role_id, secret_id), "token": Token(server.token)}


@pytest.mark.parametrize(
    "seconds", [25.0, pytest.param(LONG, marks=[pytest.mark.chaos, pytest.mark.timeout(LONG + 300)], id="long")]
)
def test_no_read_of_a_working_credential_fails(
    server: DurableServer, shared_postgres: Postgres, connect: Connect, steps: list[float], seconds: float
) -> None:
    stop, readers = threading.Event(), list[Reader]()

    def account_works(value: Any) -> bool:
        return logs_in(shared_postgres, value)

    for login, auth in logins(server).items():
        session = connect(
            {"VAULT_ADDR": server.environ["VAULT_ADDR"]}, auth=auth, timeout=2.0, refresh_interval=2.0, overlap=1.0
        )
        paths = [*(f"database/creds/{role}" for role in TERMS), f"database/static-creds/{STATIC}"]
        readers += [Reader(f"{login} {path}", secret(session, path), account_works, server, stop) for path in paths]
        readers.append(
            Reader(f"{login} kv", secret(session, "secret/chaos"), lambda value: value["a"] == value["b"], server, stop)
        )
    for reader in readers:
        reader.start()
    chaos = Chaos(server, SEED, list(TERMS), [STATIC], steps.append)
    try:
        chaos.run(seconds)
    finally:
        stop.set()
        for reader in readers:
            reader.join(30)
        counts = sum((reader.counts for reader in readers), Counter[str]())
        violations = [line for reader in readers for line in reader.violations]
        print(f"seed {SEED}: faults {dict(chaos.counts)}; reads {dict(counts)}; {len(violations)} violations")
        print(f"the server ended by itself {len(server.crashes)} times", *server.crashes, sep="\n")
    assert violations == []
    assert not any(reader.is_alive() for reader in readers)
    assert counts["used"] > 20 * len(readers)
