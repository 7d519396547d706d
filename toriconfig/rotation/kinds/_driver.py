"""Protocol of a driver: the operations of one database product that the rotation of an account needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol


class Login(NamedTuple):
    """User name and password; the `repr` does not show the password."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.username!r})"


class Accounts(Protocol):
    """The accounts of a server, as a connection that is logged in sees and changes them.

    A driver quotes every name. It sends a password only in a form that no statement log of the server shows. In a
    rehearsal no method changes anything; a method that would fail raises an error.
    """

    def act_as_oneself(self) -> None:
        """Prepare the account that is logged in for a change of its own password."""
        ...

    def exists(self, user: str) -> bool:
        """Return True if there is a usable account of that name."""
        ...

    def related(self, user: str, of: str) -> bool:
        """Return True if `user` has the privileges of `of`, so that both users may alternate; else False."""
        ...

    def create_second(self, user: str, of: str) -> None:
        """Create an account with the privileges, the limits and the settings of `of`."""
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


class Server(Protocol):
    """One server of a product. Each method opens a connection of its own, with a deadline, and closes it.

    `str` of a server names the product and the address, and no credential.
    """

    @property
    def host(self) -> str:
        """The host that the address names; "" if the address names no host."""
        ...

    def refusal(self, login: Login) -> str:
        """Return the reason why the login is refused, or "" if the login is accepted.

        Raises:
            DatabaseUnreachable: the login could not be tried, because the server did not answer, or the connection was
                lost.
            RotationError: the server refuses for a reason unrelated to the login.
            RotationRefused: the server would accept any password.
        """
        ...

    def change(self, login: Login, work: Callable[[Accounts], None], user: str, *, rehearse: bool = False) -> None:
        """Log in and call `work`. A server with locks excludes other rotators of `user` meanwhile.

        Args:
            login: the account that logs in.
            work: function that makes the changes.
            user: the account to change.
            rehearse: True: nothing is changed.

        Raises:
            DatabaseUnreachable: no answer, or the connection was lost; the change may have been made.
            RotationError: the change was refused.
            SecretError: the error of `work`.
        """
        ...
