"""A login that PostgreSQL refuses is tried once more with newer credentials, on a real OpenBao and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterator
from itertools import count
from typing import Annotated, Any

import psycopg
import pytest
import sqlalchemy
from psycopg_pool import AsyncConnectionPool, ConnectionPool
from pydantic import BaseModel
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from local_postgres import Postgres, database_role
from support.loading import FakeProvider
from toriconfig import Ref, Secret, load
from toriconfig._secrets.secret import handle
from toriconfig.integrations import psycopg_pool as follow_pool
from toriconfig.integrations import sqlalchemy as follow_engine
from toriconfig.integrations._refused_login import login_refused
from toriconfig.testing import VaultServer, vault_server

Users = Callable[[Postgres, Secret[Any], int, Callable[[], None]], list[str]]
"""Makes that many new connections in a row, the function called before the last; the users that they logged in as."""

_numbers = count()


class Credentials(BaseModel):
    username: str
    password: str


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server() as server:
        yield server


def load_at(server: VaultServer, path: str) -> Secret[Any]:
    class Database(BaseModel):
        credentials: Annotated[Secret[Credentials], Ref(path)]

    return load(Database, environ=server.environ).credentials


def by_sqlalchemy(postgres: Postgres, secret: Secret[Any], times: int, before_last: Callable[[], None]) -> list[str]:
    url = f"postgresql+psycopg://{postgres.host}:{postgres.port}/{postgres.database}"
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    follow_engine.follow(engine, secret)
    users = []
    for left in reversed(range(times)):
        if not left:
            before_last()
        with engine.connect() as connection:
            users.append(str(connection.execute(sqlalchemy.text("SELECT current_user")).scalar_one()))
    return users


def by_async_sqlalchemy(driver: str) -> Users:
    def run(postgres: Postgres, secret: Secret[Any], times: int, before_last: Callable[[], None]) -> list[str]:
        from sqlalchemy.ext.asyncio import create_async_engine

        async def main() -> list[str]:
            url = f"postgresql+{driver}://{postgres.host}:{postgres.port}/{postgres.database}"
            engine = create_async_engine(url, poolclass=sqlalchemy.NullPool)
            follow_engine.follow(engine.sync_engine, secret)
            users = []
            for left in reversed(range(times)):
                if not left:
                    await asyncio.to_thread(before_last)
                async with engine.connect() as connection:
                    users.append(str((await connection.execute(sqlalchemy.text("SELECT current_user"))).scalar_one()))
            return users

        return asyncio.run(main())

    return run


def by_pool(postgres: Postgres, secret: Secret[Any], times: int, before_last: Callable[[], None]) -> list[str]:
    conninfo = f"host={postgres.host} port={postgres.port} dbname={postgres.database}"
    pool: ConnectionPool[Any] = ConnectionPool(
        conninfo, kwargs=follow_pool.login(secret), check=follow_pool.current(secret), min_size=0, max_size=4, open=True
    )
    users = []
    with pool:
        for left in reversed(range(times)):
            if not left:
                before_last()
                pool.drain()
            with pool.connection(timeout=5) as connection:
                users.append(connection.info.user)
        assert pool.get_stats().get("connections_errors", 0) == 0
    return users


def by_async_pool(postgres: Postgres, secret: Secret[Any], times: int, before_last: Callable[[], None]) -> list[str]:
    async def main() -> list[str]:
        conninfo = f"host={postgres.host} port={postgres.port} dbname={postgres.database}"
        login, check = follow_pool.async_login(secret), follow_pool.async_current(secret)
        pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            conninfo, kwargs=login, check=check, min_size=0, max_size=4, open=False
        )
        users = []
        async with pool:
            for left in reversed(range(times)):
                if not left:
                    await asyncio.to_thread(before_last)
                    await pool.drain()
                async with pool.connection(timeout=5) as connection:
                    users.append(connection.info.user)
            assert pool.get_stats().get("connections_errors", 0) == 0
        return users

    return asyncio.run(main())


CLIENTS = pytest.mark.parametrize(
    "client",
    [
        pytest.param(by_sqlalchemy, id="sqlalchemy"),
        pytest.param(by_async_sqlalchemy("psycopg"), id="sqlalchemy-async-psycopg"),
        pytest.param(by_async_sqlalchemy("asyncpg"), id="sqlalchemy-asyncpg"),
        pytest.param(by_pool, id="psycopg_pool"),
        pytest.param(by_async_pool, id="psycopg_pool-async"),
    ],
)


@CLIENTS
def test_after_a_lease_was_revoked_the_next_connection_logs_in_with_new_credentials(
    server: VaultServer, shared_postgres: Postgres, client: Users
) -> None:
    path = database_role(server, shared_postgres, f"refused{next(_numbers)}", ttl="1h")
    secret = load_at(server, path)
    users = client(shared_postgres, secret, 2, lambda: server.client.sys.revoke_prefix(path))
    assert len(set(users)) == 2
    assert server.requests(path, "read") == 2
    assert users[-1] == secret.get().username


@CLIENTS
def test_after_a_static_role_was_rotated_by_hand_the_next_connection_has_the_new_password(
    server: VaultServer, shared_postgres: Postgres, client: Users
) -> None:
    name = f"steady{next(_numbers)}"
    role = database_role(server, shared_postgres, f"of-{name}").rpartition("/")[2]
    connection = server.client.read(f"database/roles/{role}")["data"]["db_name"]
    with psycopg.connect(shared_postgres.conninfo(), autocommit=True) as root:
        root.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'first'".encode())
    body = {"db_name": connection, "username": name, "rotation_period": "24h"}
    server.client.write_data(f"database/static-roles/{name}", data=body)
    secret = load_at(server, f"database/static-creds/{name}")
    users = client(
        shared_postgres, secret, 2, lambda: server.client.write_data(f"database/rotate-role/{name}", data={})
    )
    assert users == [name, name]


@pytest.fixture(name="blue")
def _blue(shared_postgres: Postgres) -> FakeProvider:
    with psycopg.connect(shared_postgres.conninfo(), autocommit=True) as root:
        root.execute(b"DROP ROLE IF EXISTS refused_blue")
        root.execute(b"CREATE ROLE refused_blue LOGIN PASSWORD 'right'")
    return FakeProvider("secret/blue", {"username": "refused_blue", "password": "c4n4ry-wrong"})


def test_without_newer_credentials_the_error_of_the_database_is_raised_after_one_try(
    blue: FakeProvider, shared_postgres: Postgres
) -> None:
    secret: Secret[Any] = handle(blue, None, "account")
    url = f"postgresql+psycopg://{shared_postgres.host}:{shared_postgres.port}/{shared_postgres.database}"
    engine = sqlalchemy.create_engine(url)
    tried: list[str] = []

    def notes(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        tried.append(parameters["user"])

    follow_engine.follow(engine, secret)
    event.listen(engine, "do_connect", notes)
    with pytest.raises(OperationalError, match="password authentication failed") as caught:
        engine.connect()
    assert "c4n4ry" not in str(caught.value)
    assert tried == ["refused_blue"]


def test_later_listeners_may_change_the_connection_parameters(blue: FakeProvider, shared_postgres: Postgres) -> None:
    blue.newest = {"username": "refused_blue", "password": "right"}
    url = f"postgresql+psycopg://{shared_postgres.host}:{shared_postgres.port}/{shared_postgres.database}"
    engine = sqlalchemy.create_engine(url)
    follow_engine.follow(engine, handle(blue, None, "account"))

    def names_it(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        parameters["application_name"] = "ours"

    event.listen(engine, "do_connect", names_it)
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SHOW application_name")).scalar_one() == "ours"
    engine.dispose()


@pytest.mark.parametrize(
    ("user", "password", "database", "refused"),
    [
        ("refused_blue", "wrong", None, True),
        ("refused_nobody", "x", None, True),
        ("refused_locked", "x", None, True),
        ("refused_expired", "x", None, True),
        ("refused_limited", "x", None, False),
        ("refused_blue", "right", "no_such_database", False),
    ],
)
def test_a_refused_login_is_distinguished_from_other_failures(
    blue: FakeProvider, shared_postgres: Postgres, user: str, password: str, database: str | None, refused: bool
) -> None:
    asyncpg: Any = importlib.import_module("asyncpg")  # it has no types
    with psycopg.connect(shared_postgres.conninfo(), autocommit=True) as root:
        for name, how in (
            ("locked", "NOLOGIN"),
            ("expired", "LOGIN VALID UNTIL '2001-01-01'"),
            ("limited", "LOGIN CONNECTION LIMIT 0"),
        ):
            root.execute(f"DROP ROLE IF EXISTS refused_{name}".encode())
            root.execute(f"CREATE ROLE refused_{name} PASSWORD 'x' {how}".encode())
    place = {"host": shared_postgres.host, "port": shared_postgres.port, "user": user, "password": password}
    name = database or shared_postgres.database
    with pytest.raises(psycopg.OperationalError) as by_psycopg:
        psycopg.connect(dbname=name, **place)  # type: ignore[arg-type]
    with pytest.raises(asyncpg.PostgresError) as by_asyncpg:
        asyncio.run(asyncpg.connect(database=name, **place))
    assert [login_refused(one.value, user) for one in (by_psycopg, by_asyncpg)] == [refused, refused]


class Coded:
    code = 1017


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (Exception("FATAL:  Passwort-Authentifizierung für Benutzer »app« fehlgeschlagen"), True),
        (Exception('ВАЖНО:  пользователь "app" не прошёл проверку подлинности'), True),
        (Exception("FATAL:  zu viele Verbindungen"), False),
        (Exception('FATAL:  database "app" does not exist'), False),
        (Exception('FATAL:  too many connections for role "app"'), False),
        (Exception({"S": "FATAL", "C": "28P01"}), True),
        (Exception({"S": "FATAL", "C": "53300"}), False),
        (Exception(1045, "Access denied for user 'app'@'localhost'"), True),
        (Exception(2003, "Can't connect to MySQL server"), False),
        (Exception(Coded()), True),
        (Exception("28000", "[28000] Login failed"), True),
        (Exception("08001", "[08001] timeout for 'app'"), False),
        (ConnectionRefusedError(111, "Connection refused"), False),
        (TimeoutError("connection timeout expired"), False),
    ],
)
def test_refusals_of_other_drivers_and_languages_are_recognized(error: Exception, refused: bool) -> None:
    assert login_refused(error, "app") is refused
