"""Pools on leased accounts of a few seconds: no transaction fails, and each rotation costs one request."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any
from unittest.mock import patch

import psycopg
import pytest
import sqlalchemy
from psycopg_pool import AsyncConnectionPool, ConnectionPool
from pydantic import BaseModel

from local_postgres import Postgres, database_role
from support.loading import FakeProvider
from toriconfig import Ref, Secret, Vault, load
from toriconfig._secrets.secret import handle
from toriconfig.integrations import psycopg_pool as follow_pool
from toriconfig.integrations import sqlalchemy as follow_engine
from toriconfig.testing import VaultServer, vault_server


class Credentials(BaseModel):
    username: str
    password: str


class Database(BaseModel):
    credentials: Annotated[Secret[Credentials], Ref("database/creds/writer")]


@pytest.fixture(name="server")
def _server(shared_postgres: Postgres) -> Iterator[VaultServer]:
    with vault_server() as server:
        with psycopg.connect(shared_postgres.conninfo(), autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS pooled (id bigserial PRIMARY KEY, by text)")
            connection.execute("TRUNCATE pooled")
        database_role(server, shared_postgres, "writer", ttl="4s", max_ttl="4s")
        yield server


def credentials(server: VaultServer) -> Secret[Credentials]:
    return load(Database, environ=server.environ, vault=Vault(overlap=1.0)).credentials


Write = Callable[[], str]


def write_until(
    rotations: int, write: Write, secret: Secret[Credentials], seconds: float
) -> tuple[set[str], list[str]]:
    """Have 8 threads write until that many accounts were seen; the accounts, and what failed."""
    accounts: set[str] = set()
    failures: list[str] = []
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            try:
                accounts.add(write())
            except Exception as error:  # noqa: BLE001  (every kind of failure counts)
                failures.append(f"{type(error).__name__}: {error}")
            time.sleep(0.01)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    while len(accounts) <= rotations and not failures and time.monotonic() < deadline:
        time.sleep(0.1)
    stop.set()
    for thread in threads:
        thread.join()
    return accounts, failures


def through_sqlalchemy(postgres: Postgres, secret: Secret[Credentials]) -> tuple[Write, Callable[[], None]]:
    url = f"postgresql+psycopg://nobody:wrong@{postgres.host}:{postgres.port}/{postgres.database}"
    engine = sqlalchemy.create_engine(url, pool_size=4, max_overflow=4)
    follow_engine.follow(engine, secret)

    def write() -> str:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("INSERT INTO pooled (by) VALUES (current_user)"))
            return str(connection.execute(sqlalchemy.text("SELECT current_user")).scalar_one())

    return write, engine.dispose


def through_psycopg_pool(postgres: Postgres, secret: Secret[Credentials]) -> tuple[Write, Callable[[], None]]:
    conninfo = f"host={postgres.host} port={postgres.port} dbname={postgres.database}"
    pool: ConnectionPool[Any] = ConnectionPool(
        conninfo,
        kwargs=follow_pool.login(secret),
        check=follow_pool.current(secret),
        min_size=1,
        max_size=8,
        open=True,
    )

    def write() -> str:
        with pool.connection() as connection:
            connection.execute("INSERT INTO pooled (by) VALUES (current_user)")
            return str(connection.execute("SELECT current_user").fetchone()[0])

    return write, pool.close


def leases(server: VaultServer) -> list[str]:
    try:
        found = server.client.sys.list_leases("database/creds/writer")
    except Exception:  # noqa: BLE001  (404 when there is none)
        return []
    return list(found["data"]["keys"])


def rotate(server: VaultServer, postgres: Postgres, through: Any, rotations: int) -> None:
    secret = credentials(server)
    write, close = through(postgres, secret)
    accounts, failures = write_until(rotations, write, secret, rotations * 10 + 20)
    close()
    issued = server.requests("database/creds/writer", "read")
    assert failures == []
    assert len(accounts) > rotations
    assert len(accounts) <= issued <= len(accounts) + 1  # one may have come after the last write
    with psycopg.connect(postgres.conninfo()) as connection:
        row = connection.execute("SELECT count(*), count(DISTINCT by) FROM pooled").fetchone()
    assert row is not None
    assert row[0] > 8
    assert row[1] == len(accounts)
    deadline = time.monotonic() + 10
    while len(leases(server)) > 1 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert len(leases(server)) <= 1, "old leases are gone; the current one may live"


@pytest.mark.parametrize("through", [through_sqlalchemy, through_psycopg_pool])
def test_no_write_fails_while_accounts_rotate(server: VaultServer, shared_postgres: Postgres, through: Any) -> None:
    rotate(server, shared_postgres, through, 2)


@pytest.mark.soak
@pytest.mark.parametrize("through", [through_sqlalchemy, through_psycopg_pool])
def test_no_write_fails_in_a_hundred_rotations(server: VaultServer, shared_postgres: Postgres, through: Any) -> None:
    rotate(server, shared_postgres, through, 100)


def test_an_async_pool_follows_too(server: VaultServer, shared_postgres: Postgres) -> None:
    secret = credentials(server)

    async def main() -> str:
        conninfo = f"host={shared_postgres.host} port={shared_postgres.port} dbname={shared_postgres.database}"
        pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            conninfo, kwargs=follow_pool.async_login(secret), check=follow_pool.async_current(secret), open=False
        )
        async with pool, pool.connection() as connection:
            row = await (await connection.execute("SELECT current_user")).fetchone()
            assert row is not None
            return str(row[0])

    assert asyncio.run(main()) == secret.get().username


@pytest.fixture(name="provider")
def _provider(shared_postgres: Postgres) -> FakeProvider:
    """The accounts blue and green, of which blue is the current one."""
    with psycopg.connect(shared_postgres.conninfo(), autocommit=True) as connection:
        for name in ("blue", "green"):
            connection.execute(f"DROP ROLE IF EXISTS {name}".encode())
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'password-of-{name}'".encode())
    return FakeProvider("secret/account", account_named("blue"))


def account_named(name: str) -> dict[str, str]:
    return {"username": name, "password": f"password-of-{name}"}


SOON = 1.0
"""Seconds; psycopg_pool waits longer than that once it was told of two connections that are no good."""


def test_a_pool_of_many_idle_connections_serves_at_once_after_a_rotation(
    provider: FakeProvider, shared_postgres: Postgres
) -> None:
    secret: Secret[Any] = handle(provider, None, "account")
    conninfo = f"host={shared_postgres.host} port={shared_postgres.port} dbname={shared_postgres.database}"
    pool: ConnectionPool[Any] = ConnectionPool(
        conninfo, kwargs=follow_pool.login(secret), check=follow_pool.current(secret), min_size=8, open=False
    )
    with pool:
        pool.wait()
        provider.put(account_named("green"))
        began = time.monotonic()
        with pool.connection() as connection:
            assert connection.info.user == "green"
        assert time.monotonic() - began < SOON


def test_an_async_pool_of_many_idle_connections_serves_at_once_too(
    provider: FakeProvider, shared_postgres: Postgres
) -> None:
    secret: Secret[Any] = handle(provider, None, "account")

    async def main() -> None:
        conninfo = f"host={shared_postgres.host} port={shared_postgres.port} dbname={shared_postgres.database}"
        login, check = follow_pool.async_login(secret), follow_pool.async_current(secret)
        pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            conninfo, kwargs=login, check=check, min_size=8, open=False
        )
        async with pool:
            await pool.wait()
            provider.put(account_named("green"))
            began = time.monotonic()
            async with pool.connection() as connection:
                assert connection.info.user == "green"
            assert time.monotonic() - began < SOON

    asyncio.run(main())


def test_a_pool_is_drained_once_per_rotation_for_any_number_of_refused_connections(
    provider: FakeProvider, shared_postgres: Postgres
) -> None:
    secret: Secret[Any] = handle(provider, None, "account")
    conninfo = f"host={shared_postgres.host} port={shared_postgres.port} dbname={shared_postgres.database}"
    check = follow_pool.current(secret)
    pool: ConnectionPool[Any] = ConnectionPool(conninfo, kwargs=follow_pool.login(secret), min_size=4, open=False)
    with pool, patch.object(pool, "drain", wraps=pool.drain) as drain:
        connections = [pool.getconn() for _ in range(4)]
        provider.put(account_named("green"))
        for connection in connections:
            with pytest.raises(psycopg.OperationalError, match="rotated out"):
                check(connection)
            pool.putconn(connection)
        assert drain.call_count == 1


def test_a_connection_without_its_pool_is_still_refused(provider: FakeProvider, shared_postgres: Postgres) -> None:
    secret: Secret[Any] = handle(provider, None, "account")
    conninfo = f"host={shared_postgres.host} port={shared_postgres.port} dbname={shared_postgres.database}"
    connection = psycopg.connect(conninfo, **follow_pool.login(secret)())
    provider.put(account_named("green"))
    with pytest.raises(psycopg.OperationalError, match="rotated out"):
        follow_pool.current(secret)(connection)
    assert connection.closed
