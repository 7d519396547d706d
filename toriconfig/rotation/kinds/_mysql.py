"""MariaDB and MySQL: login tests, and password changes of accounts.

No log of the server contains a password: MariaDB receives only its hash, and MySQL writes a placeholder to its logs.
Errors of PyMySQL must never leave this module, because their frames contain passwords.
"""

from __future__ import annotations

import re
import ssl
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from toriconfig.rotation._errors import DatabaseUnreachable, RotationError, RotationRefused
from toriconfig.rotation.kinds import _driver
from toriconfig.rotation.kinds._driver import Login
from toriconfig.rotation.kinds._mysql_accounts import Accounts as ServerAccounts
from toriconfig.rotation.kinds._mysql_accounts import Name, Rehearsal

if TYPE_CHECKING:
    import pymysql

_OPTIONS = ("socket", "ssl-ca", "ssl-mode")
_MODES = ("disabled", "required", "verify-ca", "verify-identity")

_LOGIN = frozenset({1045, 1130, 1524, 1698, 1862, 3118, 3955, 4150, 4151})
"""Wrong password, host without an account, unknown method, no password, expired, locked (both products)."""
_RIGHTS = frozenset({1044, 1142, 1227, 1370, 1410})
_SERVER = frozenset({1040, 1041, 1053, 1129, 1158, 1159, 1160, 1161, 1203, 1205, 1226})
"""Too many connections, out of memory, shutting down, blocked, network errors, a limit of the account, a lock."""
_POLICY = frozenset({1372, 1819})
_SYNTAX = frozenset({1064, 1149})
"""The text of these errors repeats a part of the statement."""


class Address:
    """Address of a server: `mysql://host:port`, with `socket`, `ssl-ca` and `ssl-mode` as query parameters.

    Args:
        url: the address.

    Raises:
        ValueError: the URL is invalid, or has credentials. The message does not show the URL.
    """

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or 3306
        except ValueError:
            parts, host, port = urlsplit(""), "", 0
        if "@" in url:
            raise ValueError("the URL must not hold credentials: name `admin`, a reference to them")
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        unknown = [name for name in self.query if name not in _OPTIONS]
        if parts.scheme not in ("mysql", "mariadb") or not (host or self.query.get("socket")):
            raise ValueError("the URL cannot be read: write `mysql://db:3306`, or `mysql:///?socket=/run/mysqld.sock`")
        if unknown or parts.path not in ("", "/") or parts.fragment:
            raise ValueError(f"the URL has more than host and port; it may have {', '.join(_OPTIONS)} after a `?`")
        if self.query.get("ssl-mode", "disabled") not in _MODES:
            raise ValueError(f"ssl-mode is one of {', '.join(_MODES)}")
        self.host, self.port, self.socket = host, port, self.query.get("socket", "")

    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS context of a connection; None if `ssl-mode` is `disabled`.

        The default `ssl-mode` is `verify-identity` if there is an `ssl-ca`, else `disabled`.

        Raises:
            RotationRefused: the file of `ssl-ca` cannot be read.
        """
        file = self.query.get("ssl-ca")
        mode = self.query.get("ssl-mode", "verify-identity" if file else "disabled")
        if mode == "disabled":
            return None
        try:
            context = ssl.create_default_context(cafile=file)
        except (OSError, ssl.SSLError):
            raise RotationRefused(f"ssl-ca: {file} cannot be read", help="name a file of certificates") from None
        context.check_hostname = mode == "verify-identity"
        context.verify_mode = ssl.CERT_NONE if mode == "required" else ssl.CERT_REQUIRED
        return context

    def __str__(self) -> str:
        return self.socket or f"{self.host}:{self.port}"


class Server(_driver.Server):
    """One server of MariaDB or MySQL.

    Args:
        address: address of the server.
        timeout: seconds for one connection and the work on it.
        account_host: host part of the accounts; None: each user name must have one account.
    """

    remedy = "check the URL, and that the server is running"

    def __init__(self, address: Address, timeout: float, account_host: str | None = None) -> None:
        super().__init__(timeout)
        self._address, self._account_host = address, account_host

    @property
    def host(self) -> str:
        return self._address.host

    def _try(self, login: Login) -> str:
        names: list[Name] = []
        failure = self._connected(login, lambda connection: names.append(current(connection)))
        if failure is not None:
            if failure[0] in _LOGIN:
                return failure[1]
            raise self._error(failure, login)
        if names[0].user != login.username:
            # `--skip-grant-tables`, an anonymous account, or a method of login that maps names.
            raise RotationRefused(
                f"{self} logs {login.username} in as {names[0]}, so a password cannot be checked",
                help="drop the anonymous account (DROP USER ''@'host'), and start the server with its grant tables",
            )
        return ""

    def _change(self, login: Login, work: Callable[[_driver.Accounts], None], user: str, *, rehearse: bool) -> None:
        def visit(connection: pymysql.Connection[Any]) -> None:
            self._lock(connection, user)
            make = Rehearsal if rehearse else ServerAccounts
            work(make(connection, current(connection), self._account_host))

        failure = self._connected(login, visit)
        if failure is not None:
            raise self._error(failure, login)

    def _lock(self, connection: pymysql.Connection[Any], user: str) -> None:
        """Exclude other rotators of `user` until the connection is closed."""
        with connection.cursor() as cursor:
            seconds = max(1, int(self._timeout / 2))
            cursor.execute("SELECT GET_LOCK(%s, %s)", (f"toriconfig {zlib.crc32(user.encode())}", seconds))
            if (cursor.fetchone() or (None,))[0] != 1:
                raise DatabaseUnreachable(f"{self}: another rotator of {user} does not finish", help="try again later")

    def _connected(self, login: Login, work: Callable[[pymysql.Connection[Any]], None]) -> tuple[int, str] | None:
        """Log in and call `work`. Return `(error number, text)` of an error of PyMySQL; None if there was no error."""
        import pymysql

        wait = max(1, int(self._timeout / 2))
        where: Mapping[str, Any] = (
            {"unix_socket": self._address.socket}
            if self._address.socket
            else {"host": self._address.host, "port": self._address.port}
        )
        tls = self._address.tls()
        try:
            connection = pymysql.connect(
                **where,
                user=login.username,
                password=login.password.encode(),  # PyMySQL encodes text as latin-1
                charset="utf8mb4",
                # The quoting of SHOW GRANTS depends on it.
                sql_mode="",
                connect_timeout=wait,
                read_timeout=self._timeout,
                write_timeout=self._timeout,
                autocommit=True,
                ssl=tls,
                ssl_disabled=tls is None,
                program_name="toriconfig",
            )
        except (pymysql.Error, OSError) as error:
            return _failure(error)
        try:
            with connection:
                work(connection)
        except (pymysql.Error, OSError) as error:
            return _failure(error)
        return None

    def _error(self, failure: tuple[int, str], login: Login) -> RotationError:
        number, text = failure
        # Numbers from 2000 on are those of the client: no connection, or a lost one.
        if number in _SERVER or number == 0 or 2000 <= number < 3000:
            return DatabaseUnreachable(f"{self} does not answer: {text}", help=self.remedy)
        help = ""
        if number in _RIGHTS:
            name = login.username
            help = (
                f"let {name} do it: GRANT CREATE USER ON *.* TO {name}; GRANT SELECT ON mysql.* TO {name}; and to create "
                "a second user, the privileges of the first WITH GRANT OPTION"
            )
        elif number in _POLICY:
            help = "the server's validation of passwords refuses it: exempt the account, or relax the policy"
        return RotationError(f"{self} refused {login.username}: {text}", help=help)

    def __str__(self) -> str:
        return f"MySQL at {self._address}"


def current(connection: pymysql.Connection[Any]) -> Name:
    """Return the account that is logged in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        user, _, host = str((cursor.fetchone() or ("",))[0]).rpartition("@")
    return Name(user, host)


def _failure(error: Exception) -> tuple[int, str]:
    """Return `(number, text)` of an error; the number is 0 if the error has none.

    A text that may repeat a statement is replaced by the name of the exception class.
    """
    arguments = error.args
    number = arguments[0] if arguments and isinstance(arguments[0], int) else 0
    text = "" if number in _SYNTAX or len(arguments) < 2 else " ".join(str(arguments[1]).split())[:200]
    text = re.sub(r"\(?using password: (YES|NO)\)?", "", text).strip()
    return number, f"{text} ({number})" if text else f"{type(error).__name__} ({number})"
