"""Rotation of a PostgreSQL user whose name and password are stored together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toriconfig._core.clean_call import clean_methods
from toriconfig.rotation._option import Option
from toriconfig.rotation.kinds._account import ADMIN, SINGLE, Account
from toriconfig.rotation.kinds._driver import Server


@clean_methods
class DatabaseUser(Account):
    """A PostgreSQL user, stored at the keys `username` and `password` of a KV path. Other keys are kept.

    By default two users alternate, `app` and `app_clone`. The user that is not in use gets a new password and is stored
    in the secret. The other user keeps working until the next rotation, so readers that refresh in between do not fail.
    A missing second user is created as a member of the first user, with the same limits and settings. The second user
    acts as the first user (`SET ROLE`). If both users exist already, and neither user is a member of the other user,
    the rotation is refused.

    Args:
        conninfo: connection parameters without credentials, such as `host=db port=5432 dbname=app sslmode=verify-full`.
        admin: reference to the `username` and `password` of an account that may create and change the users. None,
            only with `single=True`: the user changes its own password.
        single: True: one user, for systems that cannot have two. The former password stops working when the new one
            is applied, so readers fail until they refresh.

    Raises:
        ValueError: alternating users without an administrator, or credentials in `conninfo`.
    """

    name = "database-user"
    summary = "user and password in PostgreSQL; two users alternate, so that no reader is locked out"
    options = (
        Option(
            "conninfo",
            required=True,
            help="connection without credentials, 'host=db dbname=app'; default: from the record.",
        ),
        ADMIN,
        SINGLE,
    )
    library = "psycopg"
    install = "pip install 'toriconfig[psycopg]' 'psycopg[binary]'"
    addressed_by = "conninfo"
    longest = 63
    second = (
        "as a member of {of}",
        "role {user}, which is not a member of {of}",
        "GRANT {of} TO {user}, if the two should alternate",
    )

    def __init__(self, conninfo: str, admin: str | None = None, *, single: bool = False) -> None:
        super().__init__(admin, single=single)
        if "password=" in "".join(conninfo.split()) or "@" in conninfo.partition("?")[0]:
            raise ValueError("the conninfo must not hold credentials: name `admin`, a reference to them")
        self._conninfo = conninfo

    @classmethod
    def from_setup(cls, setup: Mapping[str, Any]) -> DatabaseUser:
        """Create an instance of the kind from the settings in a record.

        Args:
            setup: the dict that the method `setup` returned when the record was written.

        Raises:
            ValueError: a setting is missing or invalid.
        """
        conninfo, admin = setup.get("conninfo"), setup.get("admin")
        if not isinstance(conninfo, str) or not isinstance(admin, str | None):
            raise ValueError(
                "no record has the address of the database: database-user needs --conninfo 'host=... dbname=...'"
            )
        return cls(conninfo, admin, single=setup.get("single") is True)

    def setup(self) -> dict[str, Any]:
        """Return the settings for the record: arguments `conninfo`, `admin` and `single` of the class."""
        return {"conninfo": self._conninfo, "admin": self._admin, "single": self._single}

    def server(self, timeout: float) -> Server:
        """Return the object for access to the account's server. The object connects only when its methods are called.

        Args:
            timeout: seconds for one connection and the work on it.
        """
        from toriconfig.rotation.kinds import _postgres

        return _postgres.Server(self._conninfo, timeout)

    def __repr__(self) -> str:
        return f"DatabaseUser({self._conninfo!r}, {'single' if self._single else 'alternating'})"
