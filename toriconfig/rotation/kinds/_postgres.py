"""PostgreSQL: login tests, and password changes that send only a SCRAM verifier, so that no log contains a password.

Errors of psycopg never leave this module, because their frames contain passwords.
"""

from __future__ import annotations

import re
import secrets
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from toriconfig.rotation._errors import DatabaseUnreachable, RotationError, RotationRefused
from toriconfig.rotation.kinds import _driver
from toriconfig.rotation.kinds._driver import Login
from toriconfig.rotation.kinds._postgres_errors import About, Failure, of_connecting, of_statement

if TYPE_CHECKING:
    import psycopg

_LOCK = 0x746F7269
"""First half of the key of the advisory lock; the same for all rotators."""

_LISTS = frozenset({"search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries"})
"""Settings whose value is a list of names. As one text, the list would be one name. `pg_dump` has the same table."""


class Accounts:
    """The roles of a server. The class implements the protocol `_driver.Accounts` with a connection of psycopg."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def act_as_oneself(self) -> None:
        self._connection.execute("SET ROLE NONE")  # a clone acts as another role, which may not change it

    def exists(self, user: str) -> bool:
        return exists(self._connection, user)

    def related(self, user: str, of: str) -> bool:
        return related(self._connection, user, of)

    def create_second(self, user: str, of: str) -> None:
        create_member(self._connection, user, of)

    def set_password(self, user: str, password: str, former: str = "") -> None:
        set_password(self._connection, user, password)

    def forget_password(self, user: str, password: str) -> None:
        forget_password(self._connection, user)


class Server(_driver.Server):
    """One server of PostgreSQL. A server that requests no password is refused.

    A change is one transaction under a lock.

    Args:
        conninfo: host, port, dbname and TLS settings, without credentials.
        timeout: seconds for one connection and the work on it.

    Raises:
        RotationRefused: the conninfo is invalid. The message does not show it, because it may contain a password.
    """

    remedy = "check the conninfo, and that the server is running"

    def __init__(self, conninfo: str, timeout: float) -> None:
        super().__init__(timeout)
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        try:
            self._parts: dict[str, Any] = conninfo_to_dict(conninfo)
        except psycopg.ProgrammingError:
            raise RotationRefused("the conninfo cannot be read", help="write `host=db dbname=app`, or a URI") from None

    def _try(self, login: Login) -> str:
        asked: list[bool] = []
        failure = self._connected(login, lambda connection: asked.append(connection.pgconn.used_password))
        if asked == [False]:
            raise RotationRefused(
                f"{self} does not ask {login.username} for a password, so a password cannot be checked",
                help="name a host for which pg_hba.conf requires a password",
            )
        if failure is None or failure.what is About.LOGIN:
            return failure.text if failure is not None else ""
        if failure.what is About.UNKNOWN:
            # Messages in another language: compare with its message for a password that is certainly wrong.
            other = self._connected(Login(login.username, secrets.token_urlsafe(24)), lambda _: None)
            if other is not None and other.text == failure.text:
                return failure.text
        raise self._error(failure, login)

    def _change(self, login: Login, work: Callable[[_driver.Accounts], None], user: str, *, rehearse: bool) -> None:
        def visit(connection: psycopg.Connection[Any]) -> None:
            with connection.transaction(force_rollback=rehearse):
                connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK, _number(user)))
                work(Accounts(connection))

        failure = self._connected(login, visit)
        if failure is not None:
            raise self._error(failure, login)

    def _connected(self, login: Login, work: Callable[[psycopg.Connection[Any]], None]) -> Failure | None:
        """Log in and call `work`. Return the failure for an error of psycopg; None if there was no error."""
        import psycopg

        options: dict[str, Any] = {"connect_timeout": max(2, int(self._timeout / 2)), "application_name": "toriconfig"}
        options.update(self._parts, user=login.username, password=login.password)
        try:
            connection = psycopg.connect(**options, autocommit=True)
        except psycopg.Error as error:
            return of_connecting(error)
        try:
            with connection:
                work(connection)
        except psycopg.Error as error:
            return of_statement(error)
        return None

    def _error(self, failure: Failure, login: Login) -> RotationError:
        if failure.what is About.SERVER:
            return DatabaseUnreachable(f"{self} does not answer: {failure.text}", help=self.remedy)
        help = ""
        if failure.what is About.RIGHTS:
            help = (
                f"let {login.username} do it: ALTER ROLE {login.username} CREATEROLE, and from PostgreSQL 16 on also "
                f"GRANT each of the users TO {login.username} WITH ADMIN OPTION"
            )
        return RotationError(f"{self} refused {login.username}: {failure.text}", help=help)

    @property
    def host(self) -> str:
        return str(self._parts.get("host") or "")

    def __str__(self) -> str:
        return f"PostgreSQL at {self._parts.get('host', 'its socket')}:{self._parts.get('port', 5432)}"


def exists(connection: psycopg.Connection[Any], user: str) -> bool:
    """Return True if there is a role of that name."""
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (user,)).fetchone() is not None


def set_password(connection: psycopg.Connection[Any], user: str, password: str) -> None:
    """Set a new password for the user. The server receives only the SCRAM verifier of the password."""
    from psycopg import sql

    hashed = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(user), sql.Literal(hashed)))


def related(connection: psycopg.Connection[Any], one: str, other: str) -> bool:
    """Return True if one of the two roles is a member of the other."""
    found = connection.execute(
        "SELECT 1 FROM pg_auth_members m JOIN pg_roles one ON one.rolname = %s JOIN pg_roles other ON other.rolname = %s"
        " WHERE (m.member, m.roleid) IN ((one.oid, other.oid), (other.oid, one.oid))",
        (one, other),
    )
    return found.fetchone() is not None


def create_member(connection: psycopg.Connection[Any], user: str, of: str) -> None:
    """Create a user with the privileges, the limits and the settings of the user `of`.

    Tables that the user creates belong to `of`, so that both users can change them.
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
    """Disable password logins of `user`."""
    from psycopg import sql

    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD NULL").format(sql.Identifier(user)))


def _members(text: str) -> list[str]:
    """Return the names in a list that PostgreSQL has returned as text. Names may be in double quotes."""
    found = re.findall(r'"((?:[^"]|"")*)"|([^\s,"]+)', text)
    return [plain or quoted.replace('""', '"') for quoted, plain in found] or [""]


def _number(user: str) -> int:
    """Return a signed 32-bit number that identifies the user."""
    return zlib.crc32(user.encode()) - 2**31
