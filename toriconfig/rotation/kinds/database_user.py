"""Rotation of a PostgreSQL user whose name and password are stored together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from toriconfig._core.clean_call import clean_methods
from toriconfig._core.markers import split
from toriconfig._vault.engines.mounts import policy_path
from toriconfig.errors import SecretError
from toriconfig.rotation._errors import DatabaseUnreachable, RotationError, RotationLost, RotationRefused
from toriconfig.rotation._journal import command
from toriconfig.rotation._option import Option
from toriconfig.rotation._protocol import Values, Work
from toriconfig.rotation.kinds import _postgres
from toriconfig.rotation.kinds._postgres import Login, Server
from toriconfig.rotation.kinds.generated import random_text

if TYPE_CHECKING:
    import psycopg

CLONE = "_clone"
USERNAME, PASSWORD = "username", "password"
_LONGEST = 63


@clean_methods
class DatabaseUser:
    """A PostgreSQL user, stored at the keys `username` and `password` of a KV path. Other keys are kept.

    By default two users alternate, `app` and `app_clone`. The user that is not in use gets a new password and is
    promoted. The other user keeps working until the next rotation, so readers that refresh in between do not fail. The
    second user is created if it is missing: as a member of the first, with the same limits and settings, acting as the
    first (`SET ROLE`). If there is a role with the name of the second user that is not a member of the first, the
    rotation is refused.

    Args:
        conninfo: connection parameters without credentials, such as `host=db port=5432 dbname=app sslmode=verify-full`.
        admin: reference to the `username` and `password` of an account that may create and change the users;
            None: a single user changes its own password.
        single: True: one user, for systems that cannot have a second one. Its former password stops working when
            the new one is applied, so readers fail until they refresh.

    Raises:
        ValueError: alternating users without an administrator, or credentials in `conninfo`.
    """

    name = "database-user"
    summary = "user and password in PostgreSQL; two users alternate, so that no reader is locked out"
    stored = True
    keys = (USERNAME, PASSWORD)
    takes_turns = True
    options = (
        Option(
            "conninfo",
            required=True,
            help="connection without credentials, 'host=db dbname=app'; default: from the record.",
        ),
        Option("admin", metavar="REF", help="reference to credentials that may change the users."),
        Option("single", type=bool, help="one user; its former password stops working at once."),
    )

    def __init__(
        self,
        conninfo: str,
        admin: str | None = None,
        *,
        single: bool = False,
    ) -> None:
        if admin is None and not single:
            raise ValueError("alternating users need an administrator that can change the other one: name `admin`")
        if admin is not None:
            split(admin)
        if "password=" in "".join(conninfo.split()) or "@" in conninfo.partition("?")[0]:
            raise ValueError("the conninfo must not hold credentials: name `admin`, a reference to them")
        self._conninfo, self._admin, self._single = conninfo, admin, single
        self.takes_turns = not single

    @classmethod
    def from_setup(cls, setup: Mapping[str, Any]) -> DatabaseUser:
        """Create an instance of the kind from its recorded setup.

        Args:
            setup: the result of `setup`.

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
        """Return the settings for the record: conninfo, administrator, and whether there is a single user."""
        return {"conninfo": self._conninfo, "admin": self._admin, "single": self._single}

    def ends_former(self, pending: Values, current: Values) -> bool:
        """Return True for a single user, because its former password stops working at `apply`; else False.

        Args:
            pending: the new values.
            current: all keys of the secret as read at the start.
        """
        return bool(pending.get(USERNAME) == current.get(USERNAME))

    def works(self, work: Work, values: Values) -> bool:
        """Return True if a login with the credentials succeeds; False also if the credentials are incomplete.

        Args:
            work: the secret.
            values: the credentials.

        Raises:
            RotationError: the login could not be tried.
        """
        return _is_pair(values) and not self._server(work).refusal(self._login(work, values))

    def needs(self, work: Work) -> Mapping[str, str]:
        """Return the policy to read the administrator's credentials."""
        return {policy_path(work.session.client, split(self._admin).path): "read"} if self._admin else {}

    def plan(self, work: Work, current: Values) -> list[str]:
        """Return the planned changes of the database users.

        All changes are tried in a transaction that is rolled back, so that a missing privilege is found.

        Raises:
            DatabaseUnreachable: the server does not answer.
            RotationRefused: a credential is refused, a privilege is missing, the secret belongs to another database, or
                psycopg is missing.
        """
        try:
            import psycopg  # noqa: F401
        except ImportError:
            raise RotationRefused(
                "rotating a database user needs psycopg", help="pip install 'toriconfig[psycopg]' 'psycopg[binary]'"
            ) from None
        server, login = self._server(work), self._login(work, current)
        self._check_current(work, server, current, login)
        other = login.username if self._single else self._other(login.username, work)
        missing: list[bool] = []

        def rehearsal(connection: psycopg.Connection[Any]) -> None:
            missing.append(self._missing(connection, other, login.username))
            if missing[0]:
                _postgres.create_member(connection, other, login.username)
            _postgres.set_password(connection, other, random_text())
            if work.retires and other != login.username:
                _postgres.forget_password(connection, login.username)

        try:
            self._visit(work, server, rehearsal, login, other, rehearse=True)
        except (RotationRefused, DatabaseUnreachable):
            raise
        except RotationError as error:
            raise RotationRefused(f"{error.message}; nothing was changed", help=error.help) from None
        if self._single:
            return [f"set a new password for {login.username} at {server}; the former one stops working at once"]
        first = [f"create {other} at {server}, as a member of {login.username}"] if missing[0] else []
        return [*first, f"set a new password for {other} at {server}; {login.username} keeps working"]

    def generate(self, work: Work, current: Values) -> Values:
        """Return the next user name with a new password."""
        username = self._login(work, current).username
        return {USERNAME: username if self._single else self._other(username, work), PASSWORD: random_text()}

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        """Set the new password of the user, unless it is already set.

        Raises:
            RotationError: the change was refused.
            RotationLost: another rotator has taken over.
        """
        server, new = self._server(work), self._login(work, pending)
        if not server.refusal(new):
            return
        # What is stored may have been broken by hand, where an earlier value is brought back.
        old = new if work.returning and not _is_pair(current) else self._login(work, current)
        if not work.returning:
            self._check_current(work, server, current, old)
        self._set(work, server, new, old)

    def verify(self, work: Work, pending: Values) -> None:
        """Check that the new credentials can log in.

        Raises:
            RotationError: the login failed.
        """
        server, new = self._server(work), self._login(work, pending)
        refusal = server.refusal(new)
        if refusal:
            raise RotationError(f"{new.username} cannot log in to {server} with the new password: {refusal}")

    def undo(self, work: Work, pending: Values, current: Values) -> None:
        """Restore the former password if it was replaced. With alternating users it was not replaced.

        Raises:
            RotationError: the change was refused.
        """
        if not _is_pair(current):  # it never was valid
            return
        new, old = self._login(work, pending), self._login(work, current)
        server = self._server(work)
        if new.username != old.username:
            return
        valid = new if server.refusal(old) else old

        def put_back(connection: psycopg.Connection[Any]) -> None:
            # Looked at under the lock: behind whatever an apply that was given up may yet do.
            if server.refusal(old):
                work.fence()
                _postgres.set_password(connection, old.username, old.password)

        self._visit(work, server, put_back, valid, old.username)

    def retire(self, work: Work, previous: Values, version: int) -> None:
        """Disable password logins of the former user, unless the secret now contains the same user name.

        The user name is the same if the user is single. The former password then stopped working at `apply`.

        Raises:
            RotationError: the change was refused.
        """
        if not _is_pair(previous):
            return
        server, old = self._server(work), self._login(work, previous)
        if work.main is not None and work.main.read().data.get(USERNAME) == old.username:
            return

        def forget(connection: psycopg.Connection[Any]) -> None:
            work.fence()
            _postgres.forget_password(connection, old.username)

        self._visit(work, server, forget, old, old.username)

    def rotated_at(self, work: Work) -> float | None:
        """Return None: the time of the last rotation is stored with the secret."""
        return None

    def _set(self, work: Work, server: Server, login: Login, valid: Login) -> None:
        """Set the password in `login` for its user. `valid` is a login that is accepted now."""

        def change(connection: psycopg.Connection[Any]) -> None:
            work.fence()
            if self._missing(connection, login.username, valid.username):
                _postgres.create_member(connection, login.username, valid.username)
            _postgres.set_password(connection, login.username, login.password)

        self._visit(work, server, change, valid, login.username)

    def _missing(self, connection: psycopg.Connection[Any], user: str, of: str) -> bool:
        """Return True if `user` must be created as a member of `of`; False if `user` is a member already, or is `of`.

        Raises:
            RotationRefused: `user` exists, but is not a member of `of`.
        """
        if user == of:
            return False
        if not _postgres.exists(connection, user):
            return True
        if not _postgres.related(connection, user, of):
            raise RotationRefused(
                f"there is a role {user}, which is not a member of {of}: it may belong to another program",
                help=f"GRANT {of} TO {user}, if the two should alternate; else rename one, or use a single user",
            )
        return False

    def _visit(
        self,
        work: Work,
        server: Server,
        change: Callable[[psycopg.Connection[Any]], None],
        own: Login,
        user: str,
        *,
        rehearse: bool = False,
    ) -> None:
        """Call `change` for `user`, logged in as the administrator or as `own`.

        The login `own` is used in three cases. There is no administrator. The administrator's login failed, and `own`
        is the login of `user` itself. The secret under rotation is the administrator's own, so its stored credentials
        may be invalid at that moment.
        """

        def as_oneself(connection: psycopg.Connection[Any]) -> None:
            connection.execute("SET ROLE NONE")  # a clone acts as another role, which may not change it
            change(connection)

        refusal: SecretError | None = None
        if self._admin is not None:
            try:
                admin = self._admin_login(work)
                if admin.username != own.username:
                    server.change(admin, change, user, rehearse=rehearse)
                    return
            except (RotationLost, RotationRefused, DatabaseUnreachable):
                raise
            except SecretError as error:
                if isinstance(error, RotationError) and not error.help:
                    error.help = (
                        f"that is the administrator at {self._admin}: check the stored credentials and their privileges"
                    )
                if user != own.username:
                    raise
                refusal = error
        try:
            server.change(own, as_oneself, user, rehearse=rehearse)
        except (RotationLost, RotationRefused, DatabaseUnreachable):
            raise
        except RotationError:
            if refusal is not None:
                raise refusal from None
            raise

    def _check_current(self, work: Work, server: Server, current: Values, login: Login) -> None:
        """Check that the secret belongs to this database, so that no other password is changed by mistake."""
        host = current.get("host")
        stated = server.host
        if host and stated and str(host) != stated:
            raise RotationRefused(
                f"{work.ref.path} is for the host {host}, but the conninfo is for {stated}",
                reference=str(work.ref),
                help="name the database that the secret is for",
            )
        refusal = server.refusal(login)
        if refusal:
            raise RotationRefused(
                f"the stored credential does not log in to {server}: {refusal}",
                reference=str(work.ref),
                help="does it belong to another database? If its password was changed by hand, store the new one first; if the "
                f"stored value was changed, `{command(work.ref.path, None, '--rollback')}` restores the accepted version",
            )

    def _other(self, username: str, work: Work) -> str:
        other = username.removesuffix(CLONE) if username.endswith(CLONE) else f"{username}{CLONE}"
        if not other or len(other.encode()) > _LONGEST:
            raise RotationRefused(
                f"there is no name for the other user of {username}: {_LONGEST} bytes at most",
                reference=str(work.ref),
                help="rename it, or use a single user",
            )
        return other

    def _login(self, work: Work, values: Values) -> Login:
        if not _is_pair(values) or work.ref.key is not None:
            raise RotationRefused(
                f"{work.ref} is not a pair of username and password",
                reference=str(work.ref),
                help=f"write `{work.ref.path}`, and store both there",
            )
        return Login(values[USERNAME], values[PASSWORD])

    def _admin_login(self, work: Work) -> Login:
        assert self._admin is not None
        found = work.read(self._admin)
        username, password = found.get(USERNAME), found.get(PASSWORD)
        if not isinstance(username, str) or not isinstance(password, str):
            raise RotationRefused(f"{self._admin} does not hold username and password", reference=self._admin)
        return Login(username, password)

    def _server(self, work: Work) -> Server:
        return Server(self._conninfo, work.timeout)

    def __repr__(self) -> str:
        return f"DatabaseUser({self._conninfo!r}, {'single' if self._single else 'alternating'})"


def _is_pair(values: Values) -> bool:
    """Return True if the values contain a user name and a password as text."""
    return isinstance(values.get(USERNAME), str) and isinstance(values.get(PASSWORD), str)
