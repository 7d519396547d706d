"""psycopg_pool: what its `ConnectionPool` asks for at each new connection, and before it hands one out.

from toriconfig.integrations import psycopg_pool as follow
pool = ConnectionPool(conninfo, kwargs=follow.login(secret), check=follow.current(secret))
pool = AsyncConnectionPool(conninfo, kwargs=follow.async_login(secret), check=follow.async_current(secret))
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from psycopg import AsyncConnection, Connection, OperationalError

from toriconfig._secret import Secret
from toriconfig.integrations._account import Account, account, async_account


def login(credentials: Secret[Any], **others: Any) -> Callable[[], dict[str, Any]]:
    """For the pool's `kwargs`: the current user and password, asked for at each new connection.

    Args:
        credentials: a secret with `username` and `password`.
        others: further connection parameters, passed as they are.
    """

    def kwargs() -> dict[str, Any]:
        return _parameters(account(credentials), others)

    return kwargs


def async_login(credentials: Secret[Any], **others: Any) -> Callable[[], Awaitable[dict[str, Any]]]:
    """`login` for `AsyncConnectionPool`: the loop runs on while the account is fetched."""

    async def kwargs() -> dict[str, Any]:
        return _parameters(await async_account(credentials), others)

    return kwargs


def current(credentials: Secret[Any]) -> Callable[[Connection[Any]], None]:
    """For the pool's `check`: closes and refuses a connection of an earlier account, so that the pool replaces it."""

    def check(connection: Connection[Any]) -> None:
        if connection.info.user != account(credentials).username:
            connection.close()  # one that is only refused goes back into the pool, to be refused for ever
            raise OperationalError(_ROTATED)

    return check


def async_current(credentials: Secret[Any]) -> Callable[[AsyncConnection[Any]], Awaitable[None]]:
    """`current` for `AsyncConnectionPool`."""

    async def check(connection: AsyncConnection[Any]) -> None:
        if connection.info.user != (await async_account(credentials)).username:
            await connection.close()
            raise OperationalError(_ROTATED)

    return check


_ROTATED = "the account of this connection has been rotated out"


def _parameters(current: Account, others: dict[str, Any]) -> dict[str, Any]:
    return {**others, "user": current.username, "password": current.password}
