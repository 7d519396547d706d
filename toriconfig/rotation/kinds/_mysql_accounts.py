"""Accounts of MariaDB and MySQL, read and changed over a connection.

An account is a user name with a host, such as `'app'@'%'`. The servers cannot create an account and grant its
privileges in one transaction. A new account is therefore locked until it has all privileges, and a locked account
counts as incomplete.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from toriconfig.rotation._errors import RotationRefused

if TYPE_CHECKING:
    import pymysql

_IDENTIFIED = re.compile(
    r" IDENTIFIED (?:BY PASSWORD|VIA|WITH|BY) .*?(?= REQUIRE | WITH | ACCOUNT | PASSWORD EXPIRE|$)"
)
_METHOD = re.compile(r" IDENTIFIED VIA (?P<method>\w+)(?: USING '[^']*')?(?P<more> OR)?")
_LOCKED = re.compile(r" ACCOUNT (UN)?LOCK\b")
_MAY_CREATE = re.compile(r"GRANT (?P<what>.*) ON \*\.\* TO ")
_MAY_READ = re.compile(r"GRANT (?P<what>.*) ON (\*\.\*|`mysql`\.\*|`mysql`\.`user`) TO ")


class Name(NamedTuple):
    """Name of an account: user and host."""

    user: str
    host: str

    def quoted(self) -> str:
        """Return the name as SHOW GRANTS prints it, which every statement accepts."""
        return "@".join(f"`{part.replace('`', '``')}`" for part in self)

    def __str__(self) -> str:
        return f"{self.user or '(anonymous)'}@{self.host}"


class Accounts:
    """The accounts of a server. The class implements the protocol `_driver.Accounts`.

    Args:
        connection: the connection.
        me: the account that is logged in.
        account_host: host part of the accounts; None: each user name must have one account.
    """

    def __init__(self, connection: pymysql.Connection[Any], me: Name, account_host: str | None) -> None:
        self._connection, self.me, self._account_host = connection, me, account_host
        self.is_mariadb = "mariadb" in str(connection.get_server_info()).lower()  # type: ignore[no-untyped-call]

    def act_as_oneself(self) -> None:
        """Do nothing: an account needs no preparation to change its own password."""

    def exists(self, user: str) -> bool:
        """Return True if an account `user` exists and is not locked. A locked account was only partly created."""
        hosts = self._hosts(user)
        if not hosts:
            return False
        return not self._half_made(self._name(user))

    def related(self, user: str, of: str) -> bool:
        """Return True if the accounts `user` and `of` have the same host and the same privileges."""
        one, other = self._name(user), self._name(of)
        return one.host == other.host and self._grants(one) == self._grants(other)

    def create_second(self, user: str, of: str) -> None:
        """Create or complete the account `user`, with the privileges and the limits of the account `of`.

        Raises:
            RotationRefused: an account `user` exists already, and has privileges that the account `of` lacks.
        """
        first = self._name(of)
        second = Name(user, first.host)
        if self._hosts(user) and not self._grants(second) <= self._grants(first):
            raise RotationRefused(
                f"there is a locked account {second}, which has other privileges than {first}",
                help="it may belong to another program: rename one, or use a single user",
            )
        self.create(second, first, self._limits(first))

    def create(self, second: Name, first: Name, limits: str) -> None:
        """Create the account `second`, or complete it. The account is locked until it has all privileges.

        Args:
            second: the new account.
            first: the account whose privileges are copied.
            limits: the TLS requirement and the limits, as SHOW CREATE USER prints them.
        """
        unknown = secrets.token_urlsafe(32)
        self.run(f"CREATE USER IF NOT EXISTS {second.quoted()} {self._identified(unknown)} {limits} ACCOUNT LOCK")
        for grant in sorted(self._grants(first)):
            self.run(grant.replace(_PLACE, second.quoted()))
        self.run(f"ALTER USER {second.quoted()} ACCOUNT UNLOCK")

    def set_password(self, user: str, password: str, former: str = "") -> None:
        """Set a new password. The old password stops working; the argument `former` is not used."""
        name = self._name(user)
        if name == self.me and self.is_mariadb:  # an account may do this without any privilege
            self.run("SET PASSWORD = %s", password_hash(password))
        else:
            self.run(f"ALTER USER {name.quoted()} {self._identified(password)}")

    def forget_password(self, user: str, password: str) -> None:
        """Set a random password that is stored nowhere, whatever `password` is."""
        self.set_password(user, secrets.token_urlsafe(32))

    def run(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def _identified(self, password: str) -> str:
        if self.is_mariadb:
            return f"IDENTIFIED VIA mysql_native_password USING '{password_hash(password)}'"
        return f"IDENTIFIED BY {self._connection.escape(password)}"

    def _hosts(self, user: str) -> list[str]:
        if user == self.me.user and self._account_host is None and not self._may(_MAY_READ, "SELECT"):
            return [self.me.host]  # an account that sees no other one
        # A role of MariaDB has no host.
        found = [str(row[0]) for row in self.run("SELECT Host FROM mysql.user WHERE User = %s AND Host <> ''", user)]
        return [host for host in found if self._account_host in (None, host)]

    def _name(self, user: str) -> Name:
        hosts = self._hosts(user)
        if len(hosts) == 1:
            return Name(user, hosts[0])
        if not hosts:
            where = "" if self._account_host is None else f" with the host {self._account_host}"
            raise RotationRefused(
                f"there is no account {user}{where}",
                help="the secret holds the name without a host; `--account-host` states the host, such as '%'",
            )
        raise RotationRefused(
            f"there are several accounts {user}: {', '.join(str(Name(user, host)) for host in sorted(hosts))}",
            help=f"name the host of one, such as `--account-host '{min(hosts)}'`",
        )

    def _half_made(self, name: Name) -> bool:
        found = _LOCKED.search(self._created(name))
        return found is not None and not found[1]

    def _created(self, name: Name) -> str:
        rows = self.run(f"SHOW CREATE USER {name.quoted()}")
        return str(rows[0][0])

    def _limits(self, name: Name) -> str:
        """Return the TLS requirement and the limits of an account, as a part of CREATE USER."""
        text = _IDENTIFIED.sub("", self._created(name), count=1)
        return _LOCKED.sub("", text.removeprefix(f"CREATE USER {name.quoted()}"))

    def _grants(self, name: Name) -> set[str]:
        """Return the GRANT statements of an account, with a placeholder instead of the account's name."""
        found = set()
        for grant, *_ in self.run(f"SHOW GRANTS FOR {name.quoted()}"):
            before, quoted, after = str(grant).rpartition(name.quoted())
            if quoted:
                found.add(f"{before}{_PLACE}{_IDENTIFIED.sub('', after, count=1)}")
        return found

    def _may(self, pattern: re.Pattern[str], privilege: str) -> bool:
        """Return True if the account that is logged in, or its current role, has a privilege.

        Args:
            pattern: expression for the grants that count; its group `what` is the list of privileges.
            privilege: the privilege; `ALL PRIVILEGES` includes it.
        """
        for grant, *_ in self.run("SHOW GRANTS"):
            found = pattern.match(str(grant))
            if found is not None and (found["what"].startswith("ALL PRIVILEGES") or privilege in found["what"]):
                return True
        return False


class Rehearsal(Accounts):
    """Accounts whose methods check privileges, and change nothing."""

    _created_now = ""

    def create(self, second: Name, first: Name, limits: str) -> None:
        """Check the privilege to create an account."""
        self._check()
        self._created_now = second.user

    def set_password(self, user: str, password: str, former: str = "") -> None:
        """Only check that a new password may be set, and that the account's login method would not change."""
        if user != self.me.user or not self.is_mariadb:
            self._check()
        if user != self._created_now:
            self._check_method(self._name(user))

    def _check_method(self, name: Name) -> None:
        """Raise an error if a change of the password would change the method of login."""
        found = _METHOD.search(self._created(name)) if self.is_mariadb else None
        if found is not None and (found["method"] != "mysql_native_password" or found["more"]):
            raise RotationRefused(
                f"{name} logs in with {found['method']}, whose passwords cannot be set without showing them to the log",
                help=f"ALTER USER {name.quoted()} IDENTIFIED VIA mysql_native_password, if that is meant",
            )

    def _check(self) -> None:
        if self._may(_MAY_CREATE, "CREATE USER"):
            return
        raise RotationRefused(
            f"{self.me} lacks the privilege CREATE USER; nothing was changed",
            help=f"GRANT CREATE USER ON *.* TO {self.me.quoted()}; GRANT SELECT ON mysql.* TO {self.me.quoted()}",
        )


_PLACE = "\0account\0"


def password_hash(password: str) -> str:
    """Return the hash of a password for the method `mysql_native_password`."""
    inner = hashlib.sha1(password.encode()).digest()  # noqa: S324  (SHA-1 defines the method)
    return "*" + hashlib.sha1(inner).hexdigest().upper()  # noqa: S324
