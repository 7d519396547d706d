"""psycopg_pool: what its `ConnectionPool` asks for at each new connection, and before it hands one out.

from toriconfig.integrations import psycopg_pool as follow
pool = ConnectionPool(conninfo, kwargs=follow.login(secret), check=follow.current(secret))
pool = AsyncConnectionPool(conninfo, kwargs=follow.async_login(secret), check=follow.async_current(secret))
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection, Connection, OperationalError

from toriconfig._clean_call import clean_call
from toriconfig._secret import Secret
from toriconfig.integrations._account import Account, account, async_account, check_secret


@clean_call
def login(credentials: Secret[Any], **others: Any) -> Callable[[], dict[str, Any]]:
    """For the pool's `kwargs`: the current user and password, asked for at each new connection.

    Args:
        credentials: a secret with `username` and `password`.
        others: further connection parameters, passed as they are.
    """
    check_secret(credentials, "login()")

    def kwargs() -> dict[str, Any]:
        return _parameters(account(credentials), others)

    return kwargs


@clean_call
def async_login(credentials: Secret[Any], **others: Any) -> Callable[[], Awaitable[dict[str, Any]]]:
    """`login` for `AsyncConnectionPool`: the loop runs on while the account is fetched."""
    check_secret(credentials, "async_login()")

    async def kwargs() -> dict[str, Any]:
        return _parameters(await async_account(credentials), others)

    return kwargs


@clean_call
def current(credentials: Secret[Any]) -> Callable[[Connection[Any]], None]:
    """For the pool's `check`: refuses a connection of an earlier account, and has the pool replace all of its own.

    The first refusal drains the pool, because a pool waits after each further refusal, twice as long each time: so
    many idle connections would take it down for as long as its timeout.
    """
    check_secret(credentials, "current()")
    drained: _Drained = WeakKeyDictionary()

    def check(connection: Connection[Any]) -> None:
        user = account(credentials).username
        if connection.info.user != user:
            connection.close()  # one that is only refused goes back into the pool, to be refused for ever
            pool = _first_refusal(connection, user, drained)
            if pool is not None:
                pool.drain()
            raise OperationalError(_ROTATED)

    return check


@clean_call
def async_current(credentials: Secret[Any]) -> Callable[[AsyncConnection[Any]], Awaitable[None]]:
    """`current` for `AsyncConnectionPool`."""
    check_secret(credentials, "async_current()")
    drained: _Drained = WeakKeyDictionary()

    async def check(connection: AsyncConnection[Any]) -> None:
        user = (await async_account(credentials)).username
        if connection.info.user != user:
            await connection.close()
            pool = _first_refusal(connection, user, drained)
            if pool is not None:
                await pool.drain()
            raise OperationalError(_ROTATED)

    return check


_ROTATED = "the account of this connection has been rotated out"

_Drained = WeakKeyDictionary[Any, str]
"""For which account each pool was drained last."""


def _first_refusal(connection: Any, user: str, drained: _Drained) -> Any:
    """The pool to be drained for `user`; None when it was drained, since that would close the new connections too."""
    pool = getattr(connection, "_pool", None)  # where psycopg itself notes the pool that lent it; without it, no drain
    if pool is None or drained.get(pool) == user:
        return None
    drained[pool] = user
    return pool


def _parameters(current: Account, others: dict[str, Any]) -> dict[str, Any]:
    return {**others, "user": current.username, "password": current.password}
