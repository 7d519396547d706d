"""SQLAlchemy: every new connection logs in with the current account; those of an earlier one are retired."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

from toriconfig._clean_call import clean_call, expect
from toriconfig._secret import Secret
from toriconfig.integrations._account import account, check_secret

_KEY = "toriconfig.account"


@clean_call
def follow(engine: Engine, credentials: Secret[Any]) -> Callable[[], None]:
    """Have an engine log in with `credentials`, whatever its URL says, and follow their rotation.

    A connection of an earlier account is closed when it is next checked out, before anybody sees it; one that is in
    use when the account changes is left to finish its work.

    Args:
        engine: any engine whose driver takes `user` and `password`; for an async engine its `sync_engine`.
        credentials: a secret with `username` and `password`.

    Returns:
        A function that lets the engine go.
    """
    expect(engine, Engine, "follow() needs an Engine, of an AsyncEngine its `sync_engine`")
    check_secret(credentials, "follow()")

    def do_connect(_dialect: Any, record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        current = account(credentials)
        parameters["user"], parameters["password"] = current.username, current.password
        record.info[_KEY] = current.of

    def checkout(_connection: Any, record: Any, _proxy: Any) -> None:
        if record.info.get(_KEY) is not account(credentials).of:
            raise DisconnectionError("the account of this connection has been rotated out")

    event.listen(engine, "do_connect", do_connect)
    event.listen(engine, "checkout", checkout)

    def cancel() -> None:
        if event.contains(engine, "do_connect", do_connect):
            event.remove(engine, "do_connect", do_connect)
            event.remove(engine, "checkout", checkout)

    return cancel
