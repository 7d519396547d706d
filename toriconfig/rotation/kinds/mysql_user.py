"""Rotation of an account of MariaDB or MySQL whose user name and password are stored together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toriconfig._core.clean_call import clean_methods
from toriconfig.rotation._option import Option
from toriconfig.rotation.kinds._account import ADMIN, SINGLE, Account
from toriconfig.rotation.kinds._driver import Server


@clean_methods
class MysqlUser(Account):
    """An account of MariaDB or MySQL, stored at the keys `username` and `password` of a KV path. Other keys are kept.

    By default two users alternate, `app` and `app_clone`. The user that is not in use gets a new password. The
    other user keeps working until the next rotation. A missing second user is created with the host, the
    privileges, the roles and the limits of the first. If an existing second user has other privileges than the
    first, the rotation is refused.

    The administrator needs `CREATE USER` on `*.*`, and `SELECT` on `mysql.*`. To create the second user, the
    administrator also needs the privileges of the first user with `GRANT OPTION`.

    Without an administrator, a single user of MariaDB needs no privilege, and a single user of MySQL needs
    `CREATE USER` on `*.*`. With `account_host`, the single user also needs `SELECT` on `mysql.user`.

    Args:
        url: address of the server without credentials: `mysql://db:3306`. Query parameters: `ssl-ca`: a file of
            certificates; `ssl-mode`: `disabled` (default), `required`, `verify-ca` or `verify-identity` (default
            with `ssl-ca`); `socket`: the path of a socket.
        admin: reference to the `username` and `password` of an account that may create and change the users. None,
            only with `single=True`: the user changes its own password.
        single: True: one user. Its former password stops working when the new one is applied, so readers fail
            until they refresh.
        account_host: host part of the accounts, such as `%`; None: each name must have one account.

    Raises:
        ValueError: alternating users without an administrator; or the URL is invalid, or has credentials.
    """

    name = "mysql"
    summary = "user and password in MariaDB or MySQL; two users alternate, so that no reader is locked out"
    options = (
        Option("url", required=True, help="server without credentials, 'mysql://db:3306'; default: from the record."),
        ADMIN,
        SINGLE,
        Option("account-host", metavar="HOST", help="host part of the account, if several have the name."),
    )
    library = "pymysql"
    install = "pip install 'toriconfig[mysql]'"
    addressed_by = "URL"
    longest = 80
    second = (
        "with the privileges of {of}",
        "account {user}, which has other privileges than {of}",
        "GRANT {user} what {of} has, if the two should alternate",
    )

    def __init__(
        self, url: str, admin: str | None = None, *, single: bool = False, account_host: str | None = None
    ) -> None:
        from toriconfig.rotation.kinds._mysql import Address

        super().__init__(admin, single=single)
        self._address, self._url, self._account_host = Address(url), url, account_host

    @classmethod
    def from_setup(cls, setup: Mapping[str, Any]) -> MysqlUser:
        """Create an instance of the kind from the settings in a record.

        Args:
            setup: the dict that the method `setup` returned when the record was written.

        Raises:
            ValueError: a setting is missing or invalid.
        """
        url, admin, host = setup.get("url"), setup.get("admin"), setup.get("account_host")
        if not isinstance(url, str) or not isinstance(admin, str | None) or not isinstance(host, str | None):
            raise ValueError("no record has the address of the server: mysql needs --url 'mysql://db:3306'")
        return cls(url, admin, single=setup.get("single") is True, account_host=host)

    def setup(self) -> dict[str, Any]:
        """Return the settings for the record: arguments `url`, `admin`, `single` and `account_host` of the class."""
        return {"url": self._url, "admin": self._admin, "single": self._single, "account_host": self._account_host}

    def hint(self, username: str) -> str:
        """Return the remedy for a refused login with a name such as `app@host`; "" for other names.

        Args:
            username: the user name in the secret.
        """
        name, at, host = username.rpartition("@")
        return f"store the name without its host, `{name}`, and add `--account-host '{host}'`" if at else ""

    def server(self, timeout: float) -> Server:
        """Return the object for access to the account's server. The object connects only when its methods are called.

        Args:
            timeout: seconds for one connection and the work on it.
        """
        from toriconfig.rotation.kinds import _mysql

        return _mysql.Server(self._address, timeout, self._account_host)

    def __repr__(self) -> str:
        return f"MysqlUser({self._url!r}, {'single' if self._single else 'alternating'})"
