"""PostgreSQL: who can log in, and passwords that reach the server only as a SCRAM verifier, so that no log holds one.

Errors of psycopg never leave this room: their frames hold passwords.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from toriconfig.errors import SecretError
from toriconfig.rotation._errors import RotationError, RotationRefused
from toriconfig.rotation._run_with_timeout import run_with_timeout

if TYPE_CHECKING:
    import psycopg

_LOCK = 0x746F7269
"""First half of the advisory lock's key, of all rotators alike."""

_LISTS = frozenset({"search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries"})
"""Settings that are lists of names: as one text, a list would be one name. `pg_dump` knows them by heart too."""


class Login(NamedTuple):
    """A user name and password; its `repr` shows no password."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.username!r})"


class Server:
    """One database, as far as rotation needs it.

    Args:
        conninfo: host, port, dbname and TLS, without credentials.
        timeout: seconds that one visit may take in all.

    Raises:
        RotationRefused: the conninfo cannot be; it is not shown, since a password may be what is wrong about it.
    """

    def __init__(self, conninfo: str, timeout: float) -> None:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        try:
            self._parts: dict[str, Any] = conninfo_to_dict(conninfo)
        except psycopg.ProgrammingError:
            raise RotationRefused("the conninfo cannot be read", help="write `host=db dbname=app`, or a URI") from None
        self.conninfo = conninfo
        self._timeout = timeout

    def refusal(self, login: Login) -> str:
        """Why the login is refused, or "" when it is accepted.

        Raises:
            RotationError: that cannot be found out: the server does not answer.
            RotationRefused: it asks for no password (`trust`, `peer`, `cert`), so any would be accepted.
        """
        said: list[str] = []
        error = run_with_timeout(self._timeout, lambda: said.append(self._try(login)), f"logging in to {self}")
        if error is not None:
            raise error
        return said[0]

    def _try(self, login: Login) -> str:
        asked: list[bool] = []
        reason = self._connected(login, lambda connection: asked.append(connection.pgconn.used_password))
        if asked == [False]:
            raise RotationRefused(
                f"{self} does not ask {login.username} for a password here, so whether one is valid cannot be found out",
                help="name a host for which pg_hba.conf asks for a password",
            )
        if reason and not self._answers():
            raise RotationError(f"{self} does not answer", help="look at the conninfo, and whether the server is up")
        return reason

    def change(self, login: Login, work: Callable[[psycopg.Connection[Any]], None], user: str) -> None:
        """Log in and do `work` in one transaction, alone among all rotators of `user`.

        Raises:
            RotationError: it was refused; nothing was changed.
            SecretError: what `work` raised.
        """
        said: list[str | SecretError] = []

        def visit(connection: psycopg.Connection[Any]) -> None:
            try:
                with connection.transaction():
                    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK, _number(user)))
                    work(connection)
            except SecretError as error:
                said.append(error)

        error = run_with_timeout(
            self._timeout, lambda: said.append(self._connected(login, visit)), f"changing {user} at {self}"
        )
        if error is not None:
            raise RotationError(error.message, help=error.help)
        for one in said:
            if isinstance(one, SecretError):
                raise one
            if one:
                raise RotationError(f"{self} refused {login.username}: {one}")

    def _connected(self, login: Login, work: Callable[[psycopg.Connection[Any]], None]) -> str:
        """Log in and do `work`; what the server says against it, or ""."""
        import psycopg

        options: dict[str, Any] = {"connect_timeout": max(2, int(self._timeout / 2)), "application_name": "toriconfig"}
        options.update(self._parts, user=login.username, password=login.password)
        try:
            with psycopg.connect(**options, autocommit=True) as connection:
                work(connection)
        except psycopg.Error as error:
            return _reason(error)
        return ""

    def _answers(self) -> bool:
        from psycopg import pq

        return pq.PGconn.ping(self.conninfo.encode()) == pq.Ping.OK

    @property
    def host(self) -> str:
        """The host that the conninfo names, or ""."""
        return str(self._parts.get("host") or "")

    def __str__(self) -> str:
        return f"PostgreSQL at {self._parts.get('host', 'its socket')}:{self._parts.get('port', 5432)}"


def exists(connection: psycopg.Connection[Any], user: str) -> bool:
    """Whether there is such a role."""
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (user,)).fetchone() is not None


def set_password(connection: psycopg.Connection[Any], user: str, password: str) -> None:
    """Give the user a new password, of which the server gets the SCRAM verifier alone."""
    from psycopg import sql

    hashed = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(user), sql.Literal(hashed)))


def related(connection: psycopg.Connection[Any], one: str, other: str) -> bool:
    """Whether one of the two roles is a member of the other."""
    found = connection.execute(
        "SELECT 1 FROM pg_auth_members m JOIN pg_roles one ON one.rolname = %s JOIN pg_roles other ON other.rolname = %s"
        " WHERE (m.member, m.roleid) IN ((one.oid, other.oid), (other.oid, one.oid))",
        (one, other),
    )
    return found.fetchone() is not None


def create_member(connection: psycopg.Connection[Any], user: str, of: str) -> None:
    """Make a user that may do what `of` may, under its limits and settings.

    Its tables belong to `of`, so that either can change them.
    """
    from psycopg import sql

    names = {"user": sql.Identifier(user), "of": sql.Identifier(of)}
    limits = connection.execute("SELECT rolconnlimit, rolvaliduntil::text FROM pg_roles WHERE rolname = %s", (of,))
    limit, until = limits.fetchone() or (-1, None)
    connection.execute(
        sql.SQL("CREATE ROLE {user} LOGIN IN ROLE {of} CONNECTION LIMIT {limit} VALID UNTIL {until}").format(
            **names, limit=sql.Literal(limit), until=sql.Literal(until or "infinity")
        )
    )
    connection.execute(sql.SQL("ALTER ROLE {user} SET role = {of}").format(**names))
    settings = connection.execute(
        "SELECT datname, unnest(setconfig) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = setrole"
        " LEFT JOIN pg_database d ON d.oid = setdatabase WHERE rolname = %s",
        (of,),
    )
    for database, setting in settings.fetchall():
        name, _, value = setting.partition("=")
        where = sql.SQL("IN DATABASE {}").format(sql.Identifier(database)) if database else sql.SQL("")
        parts = _members(value) if name in _LISTS else [value]
        connection.execute(
            sql.SQL("ALTER ROLE {user} {where} SET {name} = {value}").format(
                **names,
                where=where,
                name=sql.Identifier(*name.split(".")),
                value=sql.SQL(", ").join(map(sql.Literal, parts)),
            )
        )


def forget_password(connection: psycopg.Connection[Any], user: str) -> None:
    """Let nobody log in with a password as `user`."""
    from psycopg import sql

    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD NULL").format(sql.Identifier(user)))


def _members(text: str) -> list[str]:
    """The members of a list of names, of which PostgreSQL keeps one that needs it in double quotes."""
    found = re.findall(r'"((?:[^"]|"")*)"|([^\s,"]+)', text)
    return [plain or quoted.replace('""', '"') for quoted, plain in found] or [""]


def _number(user: str) -> int:
    """A signed 32-bit number that stands for the user."""
    return zlib.crc32(user.encode()) - 2**31


def _reason(error: psycopg.Error) -> str:
    """What the server said, in one line; never a statement, nor a parameter."""
    said = error.diag.message_primary
    if said:
        return f"{said} ({error.sqlstate})"
    # libpq's own text, about a connection that was not made, names host and user alone
    return " ".join(str(error).split())[:200]
