"""Second login with newer credentials after a database refused a login."""

from __future__ import annotations

import re
from typing import Any

from toriconfig._secrets.secret import Secret, provider_of
from toriconfig.integrations._account import Account, account_in

_STATES = ("28000", "28P01")
"""SQLSTATE of a login that was refused: ISO SQL, PostgreSQL."""

_NUMBERS = frozenset({1045, 1698, 3118, 4151, 1017, 28000, 18456})
"""Error numbers of a login that was refused: MySQL and MariaDB; Oracle; SQL Server."""

_ENGLISH = re.compile(r'authentication failed|is not permitted to log in|role ".*" does not exist|no such user', re.I)
_OTHERWISE = re.compile(r"too many connections|database .* does not exist|timeout|timed out", re.I)
_QUOTES = "[\"'`\u00ab\u00bb\u2018-\u201f\u2039\u203a\u300c-\u300f]"


def login_refused(error: BaseException, user: str) -> bool:
    """Return True if an error of a database driver means that a login was refused.

    If the error has an SQLSTATE or an error number, this code decides. Otherwise, the text of the error decides.

    Args:
        error: the error of the driver.
        user: the user name of the login. An error text that quotes this name, and names no other cause such as a
            timeout, means a refusal.
    """
    state = _state(error)
    if state is not None:
        return state in _STATES or state in _NUMBERS
    text = str(error)
    if _ENGLISH.search(text):
        return True
    return bool(user and re.search(_QUOTES + re.escape(user) + _QUOTES, text) and not _OTHERWISE.search(text))


def newer_account(secret: Secret[Any], username: str, password: str) -> Account | None:
    """Return the account of `secret` if the user name or the password differs from the arguments; otherwise None.

    If the first comparison finds no different account, fetch the secret again, and compare a second time.
    """
    found = _differing(secret.get(None), username, password)
    if found is None:
        for flight in provider_of(secret).refresh():
            flight.wait()
        found = _differing(secret.get(None), username, password)
    return found


async def async_newer_account(secret: Secret[Any], username: str, password: str) -> Account | None:
    """Return the account of `secret` if the user name or the password differs from the arguments; otherwise None.

    Coroutine version of `newer_account`.
    """
    found = _differing(await secret.aget(None), username, password)
    if found is None:
        for flight in provider_of(secret).refresh():
            await flight.await_end()
        found = _differing(await secret.aget(None), username, password)
    return found


def _differing(value: Any, username: str, password: str) -> Account | None:
    """Return the account in `value`; None if `value` is None, or if the account is `username` with `password`."""
    found = None if value is None else account_in(value)
    return found if found is not None and found.differs(username, password) else None


def _state(error: BaseException) -> str | int | None:
    """Return the SQLSTATE or the number of a driver's error; None if the error has neither."""
    for name in ("sqlstate", "pgcode", "errno"):  # psycopg and asyncpg, psycopg2, mysql-connector
        found = getattr(error, name, None)
        if isinstance(found, (str, int)) and not isinstance(error, OSError):
            return found
    first: Any = error.args[0] if error.args else None
    if isinstance(first, dict):  # pg8000
        return first.get("C")
    if isinstance(first, int):  # PyMySQL, mysqlclient
        return first
    code = getattr(first, "code", None)  # oracledb
    if isinstance(code, int):
        return code
    return first if isinstance(first, str) and re.fullmatch("[0-9A-Z]{5}", first) else None  # pyodbc
