"""Driver of a database product: the operations that the rotation of an account needs, and their deadline."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, NamedTuple, Protocol

from toriconfig.rotation._errors import DatabaseUnreachable
from toriconfig.rotation._run_with_timeout import Unfinished, run_with_timeout


class Login(NamedTuple):
    """User name and password; the `repr` does not show the password."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.username!r})"


class Accounts(Protocol):
    """The accounts of a server, read and changed over one logged-in connection.

    A driver must quote every name. No statement log of the server may show a password. In a rehearsal, the methods
    change nothing, and raise an error if the change would fail.
    """

    def act_as_oneself(self) -> None:
        """Prepare the logged-in account to change its own password."""
        ...

    def exists(self, user: str) -> bool:
        """Return True if there is a usable account of that name."""
        ...

    def related(self, user: str, of: str) -> bool:
        """Return True if the accounts `user` and `of` have the same privileges and may alternate; else False."""
        ...

    def create_second(self, user: str, of: str) -> None:
        """Create the account `user` with the privileges, the limits and the settings of the account `of`."""
        ...

    def set_password(self, user: str, password: str, former: str = "") -> None:
        """Set a new password.

        Args:
            user: name of the account.
            password: the new password.
            former: password that stays valid beside the new one, if the server accepts two; "": none.
        """
        ...

    def forget_password(self, user: str, password: str) -> None:
        """Invalidate the password of an account. Do nothing if the password is invalid already."""
        ...


class Server(ABC):
    """Base class for one server of a product. Each operation opens its own connection, with a deadline, and closes it.

    `str` of a server shows the product and the address, without credentials. A subclass defines `_try` and `_change`,
    which run on a thread. The thread is abandoned after the deadline.

    Attributes:
        remedy: help of the error if the server does not answer.

    Args:
        timeout: seconds for one connection and the work on it.
    """

    remedy: ClassVar[str]

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout

    @property
    @abstractmethod
    def host(self) -> str:
        """The host that the address names; "" if the address names no host."""

    def refusal(self, login: Login) -> str:
        """Return the reason why the login is refused, or "" if the login is accepted.

        Raises:
            DatabaseUnreachable: the server did not answer, or the connection was lost.
            RotationError: the server refused for a reason unrelated to the login.
            RotationRefused: the server would accept any password.
        """
        said: list[str] = []
        self._in_time(lambda: said.append(self._try(login)), f"logging in to {self}")
        return said[0]

    def change(self, login: Login, work: Callable[[Accounts], None], user: str, *, rehearse: bool = False) -> None:
        """Log in, lock `user` if the server has locks, and call `work`.

        Args:
            login: the account that logs in.
            work: function that makes the changes.
            user: the account to change.
            rehearse: True: only check that the changes are possible.

        Raises:
            DatabaseUnreachable: no answer, or the connection was lost. The change may have been made.
            RotationError: the change was refused.
            SecretError: the error of `work`.
        """
        self._in_time(lambda: self._change(login, work, user, rehearse=rehearse), f"changing {user} at {self}")

    def _in_time(self, work: Callable[[], object], what: str) -> None:
        error = run_with_timeout(self._timeout, work, what)
        if isinstance(error, Unfinished):
            raise DatabaseUnreachable(error.message, help=self.remedy)
        if error is not None:
            raise error

    @abstractmethod
    def _try(self, login: Login) -> str:
        """Return the reason why the server refuses the login, or "" if the login is accepted.

        The method `refusal` calls this method on a thread with a deadline.
        """

    @abstractmethod
    def _change(self, login: Login, work: Callable[[Accounts], None], user: str, *, rehearse: bool) -> None:
        """Log in and call `work`. The arguments are those of the method `change`.

        The method `change` runs this method on a thread, and stops waiting for the thread at a deadline.
        """
