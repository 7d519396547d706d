"""Cause of an error of PostgreSQL: the login, the server, the privileges of the user, or something else."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import psycopg


class About(Enum):
    """Cause of an error of PostgreSQL."""

    LOGIN = "the user name and password are not accepted"
    SERVER = "the server is down, starting, overloaded, or the connection was lost"
    RIGHTS = "permission denied"
    OTHER = "something else, such as a database that does not exist"
    UNKNOWN = "the message of the server is in an unsupported language"


class Failure(NamedTuple):
    """Reason why a connection or its work failed.

    Attributes:
        what: the cause, such as `About.LOGIN` for a refused user name or password.
        text: message of the server in one line; never a statement or a parameter.
    """

    what: About
    text: str


_LOGIN = re.compile(
    r"authentication failed|no pg_hba\.conf entry|pg_hba\.conf rejects|not permitted to log in|no such user"
    r'|role ".*" does not exist',
    re.IGNORECASE,
)
_SERVER = re.compile(
    r"starting up|shutting down|recovery mode|not (yet )?accepting connections|too many (clients|connections)"
    r"|connection slots|terminating connection|out of memory|no more connections allowed|could not fork"
    r"|server login has been failing|query_wait_timeout|client_login_timeout",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r'database ".*" (does not exist|is not currently)|permission denied for database|unrecognized', re.I
)
_SAID = re.compile(r"failed: (?P<severity>[^\s:]+):  (?P<text>.*)")
"""Form in which libpq reports an error of the server: the severity is followed by two spaces, in every language."""


def of_connecting(error: psycopg.Error) -> Failure:
    """Return the failure of a connection, classified by its text, because libpq gives no SQLSTATE for the error."""
    said = [found["text"] for found in map(_SAID.search, str(error).splitlines()) if found is not None]
    text = " ".join(str(error).split())[:200]
    if any(map(_LOGIN.search, said)) or "no password supplied" in text:
        return Failure(About.LOGIN, text)
    if not said or any(map(_SERVER.search, said)):
        return Failure(About.SERVER, text)
    return Failure(About.OTHER if any(map(_OTHER.search, said)) else About.UNKNOWN, text)


def of_statement(error: psycopg.Error) -> Failure:
    """Return the failure of a statement, or of the connection during the statement."""
    said, state = error.diag.message_primary, error.sqlstate or ""
    if not said or state[:2] in ("08", "53", "57", "58"):
        return Failure(About.SERVER, f"{said} ({state})" if said else " ".join(str(error).split())[:200])
    return Failure(About.RIGHTS if state == "42501" else About.OTHER, f"{said} ({state})")
