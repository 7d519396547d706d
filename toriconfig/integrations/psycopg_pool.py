"""Functions for the options `kwargs` and `check` of a pool of psycopg_pool.

A login that the database refuses is tried once more if newer credentials exist.

    from toriconfig.integrations import psycopg_pool as follow

    pool = ConnectionPool(conninfo, kwargs=follow.login(secret), check=follow.current(secret))
    pool = AsyncConnectionPool(conninfo, kwargs=follow.async_login(secret), check=follow.async_current(secret))
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection, Connection, OperationalError
from psycopg_pool.base import BasePool

from toriconfig._core.clean_call import clean_call
from toriconfig._secrets.secret import Secret
from toriconfig.integrations._account import Account, account, async_account, check_secret
from toriconfig.integrations._refused_login import async_newer_account, login_refused, newer_account


@clean_call
def login(credentials: Secret[Any], **others: Any) -> Callable[[], dict[str, Any]]:
    """Return a function for the option `kwargs` of a pool. The function returns the current user and password.

    Args:
        credentials: a secret with `username` and `password`.
        others: further connection parameters, passed unchanged.

    Example::

        ConnectionPool("host=db dbname=app", kwargs=login(credentials), check=current(credentials))
    """
    check_secret(credentials, "login()")

    def kwargs() -> dict[str, Any]:
        current = account(credentials)
        _retry_in(_asking_pool(), credentials)
        return _parameters(current, others)

    return kwargs


@clean_call
def async_login(credentials: Secret[Any], **others: Any) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Return a function for the option `kwargs` of an `AsyncConnectionPool`; see `login`.

    Args:
        credentials: a secret with `username` and `password`.
        others: further connection parameters, passed unchanged.
    """
    check_secret(credentials, "async_login()")

    async def kwargs() -> dict[str, Any]:
        current = await async_account(credentials)
        _retry_in(_asking_pool(), credentials)
        return _parameters(current, others)

    return kwargs


@clean_call
def current(credentials: Secret[Any]) -> Callable[[Connection[Any]], None]:
    """Return a function for the option `check` of a pool. The function refuses connections of an earlier account.

    At the first refusal after a change of the account, the pool replaces all its connections. Otherwise the pool would
    refuse the old connections one by one, and pause after each refusal, each time twice as long.

    Args:
        credentials: a secret with `username` and `password`.
    """
    check_secret(credentials, "current()")
    drained: _Drained = WeakKeyDictionary()

    def check(connection: Connection[Any]) -> None:
        user = account(credentials).username
        if connection.info.user != user:
            connection.close()  # an open connection that is refused would return to the pool, and be refused again
            pool = _first_refusal(connection, user, drained)
            if pool is not None:
                pool.drain()
            raise OperationalError(_ROTATED)

    return check


@clean_call
def async_current(credentials: Secret[Any]) -> Callable[[AsyncConnection[Any]], Awaitable[None]]:
    """Return a function for the option `check` of an `AsyncConnectionPool`; see `current`.

    Args:
        credentials: a secret with `username` and `password`.
    """
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


class _Login:
    """Connection class that logs in once more if the database refuses a login and newer credentials exist.

    Args:
        made: the connection class that is wrapped.
        credentials: the credentials.
    """

    def __init__(self, made: Any, credentials: Secret[Any]) -> None:
        self.made = made
        self._credentials = credentials

    def connect(self, conninfo: str = "", **parameters: Any) -> Any:
        """Connect. If the login is refused and newer credentials exist, connect once more."""
        try:
            return self.made.connect(conninfo, **parameters)
        except OperationalError as error:
            if not login_refused(error, parameters.get("user", "")):
                raise
            other = newer_account(self._credentials, parameters.get("user", ""), parameters.get("password", ""))
            if other is None:
                raise
        return self.made.connect(conninfo, **_parameters(other, parameters))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.made, name)


class _AsyncLogin(_Login):
    """Connection class for an `AsyncConnectionPool`; see `_Login`."""

    async def connect(self, conninfo: str = "", **parameters: Any) -> Any:
        """Connect. If the login is refused and newer credentials exist, connect once more."""
        try:
            return await self.made.connect(conninfo, **parameters)
        except OperationalError as error:
            if not login_refused(error, parameters.get("user", "")):
                raise
            other = await async_newer_account(
                self._credentials, parameters.get("user", ""), parameters.get("password", "")
            )
            if other is None:
                raise
        return await self.made.connect(conninfo, **_parameters(other, parameters))


def _retry_in(pool: Any, credentials: Secret[Any]) -> None:
    """Replace the connection class of a pool by a class that repeats a refused login once, with newer credentials.

    Args:
        pool: the pool; None: do nothing.
        credentials: the secret that is read again after a refused login.
    """
    if pool is not None and not isinstance(pool.connection_class, _Login):
        made = pool.connection_class
        kind = _AsyncLogin if iscoroutinefunction(made.connect) else _Login
        pool.connection_class = kind(made, credentials)


def _asking_pool() -> Any:
    """Search the call stack for a method of a psycopg pool, and return the pool; None if there is none."""
    frame = sys._getframe(1)
    for _ in range(6):
        pool = frame.f_locals.get("self")
        if isinstance(pool, BasePool):
            return pool
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return None


_ROTATED = "the account of this connection has been rotated out"

_Drained = WeakKeyDictionary[Any, str]
"""Dict from each pool to the user name for which the pool was last drained."""


def _first_refusal(connection: Any, user: str, drained: _Drained) -> Any:
    """Return the pool of `connection` at the first call for this pool and `user`, and record the call in `drained`.

    At later calls, or if the connection has no pool, return None.
    """
    pool = getattr(connection, "_pool", None)  # psycopg sets it to the pool of the connection; without it, no drain
    if pool is None or drained.get(pool) == user:
        return None
    drained[pool] = user
    return pool


def _parameters(current: Account, others: dict[str, Any]) -> dict[str, Any]:
    return {**others, "user": current.username, "password": current.password}
