"""Base of the kinds that rotate an account of a database server. The name and the password are stored together."""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import ClassVar

from toriconfig._core.clean_call import clean_methods
from toriconfig._core.markers import split
from toriconfig._vault.engines.mounts import policy_path
from toriconfig.errors import SecretError
from toriconfig.rotation._errors import DatabaseUnreachable, RotationError, RotationLost, RotationRefused
from toriconfig.rotation._option import Option
from toriconfig.rotation._protocol import Values, Work
from toriconfig.rotation.kinds._driver import Accounts, Login, Server
from toriconfig.rotation.kinds.generated import random_text

CLONE = "_clone"
USERNAME, PASSWORD = "username", "password"

ADMIN = Option("admin", metavar="REF", help="reference to credentials that may change the users.")
SINGLE = Option("single", type=bool, help="one user; its former password stops working at once.")


@clean_methods
class Account(ABC):
    """Base class of kinds that rotate an account of a database server, at the keys `username` and `password`.

    A subclass defines `server` and its constructor.

    Attributes:
        library: module that the driver needs.
        install: the command that installs the module, for messages.
        addressed_by: word for the address of the server in messages.
        longest: maximum length of a user name in bytes.
        keeps_former: True: one user, whose former password stays valid beside the new one. False: two users alternate,
            or one user has one password.
        second: three texts for messages about the second of two alternating users: the command that creates it; what
            is wrong with an existing user of this name; the remedy. `{user}` is the second user, `{of}` the first.
    """

    name: str
    stored = True
    keys = (USERNAME, PASSWORD)
    takes_turns = True

    library: ClassVar[str]
    install: ClassVar[str]
    addressed_by: ClassVar[str]
    longest: ClassVar[int] = 63
    keeps_former: ClassVar[bool] = False
    second: ClassVar[tuple[str, str, str]] = ("", "", "")

    def __init__(self, admin: str | None, *, single: bool) -> None:
        if admin is None and not single:
            raise ValueError("alternating users need an administrator that can change the other one: name `admin`")
        if admin is not None:
            split(admin)
        self._admin, self._single = admin, single
        self.takes_turns = not single

    @abstractmethod
    def server(self, timeout: float) -> Server:
        """Return the object for access to the account's server. The object connects only when its methods are called.

        Args:
            timeout: seconds for one connection and the work on it.
        """

    def hint(self, username: str) -> str:
        """Return the remedy for the refused login of a user; "" for the usual remedy.

        Args:
            username: the user name in the secret.
        """
        return ""

    def ends_former(self, pending: Values, current: Values) -> bool:
        """Return True if `apply` replaces the only password of the user; else False.

        Args:
            pending: the new values.
            current: values of all keys of the secret, as read at the start of the rotation.
        """
        return not self.keeps_former and bool(pending.get(USERNAME) == current.get(USERNAME))

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
        """Return the policy for the administrator's credentials, as `{path: "read"}`; {} without an administrator."""
        return {policy_path(work.session.client, split(self._admin).path): "read"} if self._admin else {}

    def plan(self, work: Work, current: Values) -> list[str]:
        """Return one text for each change that the rotation makes to users of the database server.

        First check on the server, without any change, that these changes are possible.

        Raises:
            DatabaseUnreachable: the server does not answer.
            RotationRefused: a credential is refused, a privilege is missing, the secret belongs to another database, or
                the library of the driver is missing.
        """
        server, login = self._server(work), self._login(work, current)
        self._check_current(work, server, current, login)
        other = login.username if self._single else self._other(login.username, work)
        missing: list[bool] = []

        def rehearsal(accounts: Accounts) -> None:
            missing.append(self._missing(accounts, other, login.username))
            if missing[0]:
                accounts.create_second(other, login.username)
            accounts.set_password(other, random_text())
            if work.retires and other != login.username:
                accounts.forget_password(login.username, login.password)

        try:
            self._visit(work, server, rehearsal, login, other, rehearse=True)
        except (RotationRefused, DatabaseUnreachable):
            raise
        except RotationError as error:
            raise RotationRefused(f"{error.message}; nothing was changed", help=error.help) from None
        if self.keeps_former:
            keeps = "the former one keeps working, and any other one stops"
            return [f"set a new password for {login.username} at {server}; {keeps}"]
        if self._single:
            return [f"set a new password for {login.username} at {server}; the former one stops working at once"]
        first = [f"create {other} at {server}, {self.second[0].format(of=login.username)}"] if missing[0] else []
        return [*first, f"set a new password for {other} at {server}; {login.username} keeps working"]

    def generate(self, work: Work, current: Values) -> Values:
        """Return a new password, with the user name to use: the same, or the other one if two users alternate."""
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
        # Before a return to an earlier value, the stored values may have been damaged by hand.
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
        """Make the former password of a single user valid again. With two alternating users, do nothing.

        If the server allows two passwords per user, as Redis does, the new password is removed first.

        Raises:
            RotationError: the change was refused.
        """
        if not _is_pair(current):  # it was never valid
            return
        new, old = self._login(work, pending), self._login(work, current)
        server = self._server(work)
        if new.username != old.username:
            return
        valid = new if server.refusal(old) else old

        def put_back(accounts: Accounts) -> None:
            # Checked under the lock, so after any late effect of an abandoned apply.
            if self.keeps_former:
                work.fence()
                accounts.forget_password(new.username, new.password)
            if server.refusal(old):
                work.fence()
                accounts.set_password(old.username, old.password)

        self._visit(work, server, put_back, valid, old.username)

    def retire(self, work: Work, previous: Values, version: int) -> None:
        """Invalidate the former password.

        Do nothing in three cases: `previous` has no user name or password, `apply` has already replaced the former
        password, or the former password is the stored one again.

        Raises:
            RotationError: the change was refused.
        """
        if not _is_pair(previous):
            return
        server, old = self._server(work), self._login(work, previous)
        stored = work.main.read().data if work.main is not None else {}
        key, value = (PASSWORD, old.password) if self.keeps_former else (USERNAME, old.username)
        if stored.get(key) == value:
            return

        def forget(accounts: Accounts) -> None:
            work.fence()
            accounts.forget_password(old.username, old.password)

        self._visit(work, server, forget, old, old.username)

    def rotated_at(self, work: Work) -> float | None:
        """Return None. The library reads the time from the record or the metadata, and never calls this method."""
        return None

    def _set(self, work: Work, server: Server, login: Login, valid: Login) -> None:
        """Give the user of `login` the password of `login`. Create the user if it is missing.

        Args:
            work: the secret.
            server: the server.
            login: user name and new password.
            valid: the login that the secret contains now. If the secret lacks the user name or the password, the caller
                passes `login` again.
        """

        def change(accounts: Accounts) -> None:
            work.fence()
            if self._missing(accounts, login.username, valid.username):
                accounts.create_second(login.username, valid.username)
            accounts.set_password(login.username, login.password, former)

        former = valid.password if self.keeps_former and not server.refusal(valid) else ""
        self._visit(work, server, change, valid, login.username)

    def _missing(self, accounts: Accounts, user: str, of: str) -> bool:
        """Return True if `user` does not exist; False if `user` equals `of`, or exists with the privileges of `of`.

        Raises:
            RotationRefused: `user` exists, but does not have the privileges of `of`.
        """
        if user == of:
            return False
        if not accounts.exists(user):
            return True
        if not accounts.related(user, of):
            raise RotationRefused(
                f"there is a {self.second[1].format(user=user, of=of)}: it may belong to another program",
                help=f"{self.second[2].format(user=user, of=of)}; else rename one, or use a single user",
            )
        return False

    def _visit(
        self,
        work: Work,
        server: Server,
        change: Callable[[Accounts], None],
        own: Login,
        user: str,
        *,
        rehearse: bool = False,
    ) -> None:
        """Log in as the administrator, or with `own` if there is no administrator, and call `change`.

        Args:
            change: function that changes the account `user`.
            own: user name and password from the secret. If `user` is the user name of `own`, a failed change by the
                administrator is repeated with this login.
            rehearse: True: only check that the change is possible.
        """

        def as_oneself(accounts: Accounts) -> None:
            accounts.act_as_oneself()
            change(accounts)

        refusal: SecretError | None = None
        if self._admin is not None:
            try:
                admin = self._admin_login(work)
                # If the administrator is the user of the secret, that user changes its own password below.
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
        """Raise an error if `server` refuses `login`, or if the secret names another host than `server`.

        `current` contains the values of the secret. `login` is the user name and the password from `current`.
        """
        host = current.get("host")
        stated = server.host
        if host and stated and str(host) != stated:
            raise RotationRefused(
                f"{work.ref.path} is for the host {host}, but the {self.addressed_by} is for {stated}",
                reference=str(work.ref),
                help="name the database that the secret is for",
            )
        refusal = server.refusal(login)
        if refusal:
            raise RotationRefused(
                f"the stored credential does not log in to {server}: {refusal}",
                reference=str(work.ref),
                help=self.hint(login.username)
                or "does it belong to another database? If its password was changed by hand, store the new one first; if the "
                f"stored value was changed, `toriconfig rotate {shlex.quote(work.ref.path)} --rollback` restores the accepted version",
            )

    def _other(self, username: str, work: Work) -> str:
        other = username.removesuffix(CLONE) if username.endswith(CLONE) else f"{username}{CLONE}"
        if not other or len(other.encode()) > self.longest:
            raise RotationRefused(
                f"there is no name for the other user of {username}: {self.longest} bytes at most",
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
        try:
            import_module(self.library)
        except ImportError:
            raise RotationRefused(f"the kind {self.name} needs {self.library}", help=self.install) from None
        return self.server(work.timeout)


def _is_pair(values: Values) -> bool:
    """Return True if the values contain a user name and a password as text."""
    return isinstance(values.get(USERNAME), str) and isinstance(values.get(PASSWORD), str)
