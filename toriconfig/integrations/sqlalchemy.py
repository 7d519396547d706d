"""Logins of SQLAlchemy engines with the current account of a secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

from toriconfig._core.clean_call import clean_call, expect
from toriconfig._secrets.secret import Secret
from toriconfig.integrations._account import Account, account, async_account, check_secret
from toriconfig.integrations._refused_login import async_newer_account, login_refused, newer_account

_KEY = "toriconfig.account"


@clean_call
def follow(engine: Engine, credentials: Secret[Any]) -> Callable[[], None]:
    """Make an engine log in with the current `credentials`, and not with the account in its URL.

    A connection of an earlier account is closed at its next checkout. A connection that is in use when the account
    changes can finish its work. A login that the database refuses is tried once more if newer credentials exist.

    Args:
        engine: an engine whose driver takes `user` and `password`; for an async engine its `sync_engine`.
        credentials: a secret with `username` and `password`.

    Returns:
        A function that ends the effect of `follow`. New connections then log in with the account in the URL.

    Example::

        follow(engine, settings.database.credentials)
    """
    expect(engine, Engine, "follow() needs an Engine, of an AsyncEngine its `sync_engine`")
    check_secret(credentials, "follow()")

    def do_connect(dialect: Any, record: Any, arguments: list[Any], parameters: dict[str, Any]) -> Any:
        def connect(current: Account) -> Any:
            # a copy, since SQLAlchemy 2.0 gives the same mapping to all threads that connect
            given = {**parameters, "user": current.username, "password": current.password}
            record.info[_KEY] = current.of
            for listener in _after(do_connect, dialect):
                made = listener(dialect, record, arguments, given)
                if made is not None:
                    return made
            return dialect.connect(*arguments, **given)

        current = _account(dialect, credentials)
        try:
            return connect(current)
        except Exception as error:
            if not login_refused(error, current.username):
                raise
            other = _newer(dialect, credentials, current)
            if other is None:
                raise
        return connect(other)

    def checkout(_connection: Any, record: Any, _proxy: Any) -> None:
        if record.info.get(_KEY) is not _account(engine.dialect, credentials).of:
            raise DisconnectionError("the account of this connection has been rotated out")

    event.listen(engine, "do_connect", do_connect)
    event.listen(engine, "checkout", checkout)

    def cancel() -> None:
        if event.contains(engine, "do_connect", do_connect):
            event.remove(engine, "do_connect", do_connect)
            event.remove(engine, "checkout", checkout)

    return cancel


def _after(ours: Callable[..., Any], dialect: Any) -> list[Callable[..., Any]]:
    """Return the `do_connect` listeners that run after `ours`. Such listeners may change the connection parameters."""
    listeners = list(dialect.dispatch.do_connect)
    return listeners[listeners.index(ours) + 1 :] if ours in listeners else []


def _account(dialect: Any, credentials: Secret[Any]) -> Account:
    if not dialect.is_async:
        return account(credentials)
    from sqlalchemy.util import await_only

    return await_only(async_account(credentials))


def _newer(dialect: Any, credentials: Secret[Any], refused: Account) -> Account | None:
    if not dialect.is_async:
        return newer_account(credentials, *refused[:2])
    from sqlalchemy.util import await_only

    return await_only(async_newer_account(credentials, *refused[:2]))
