"""User name and password out of a secret, whole: both from one reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from toriconfig._core.clean_call import clean_call, expect
from toriconfig._secrets.secret import Secret


class Account(NamedTuple):
    """One account, and the object it came from, whose identity tells whether it is still the current one."""

    username: str
    password: str
    of: Any

    def __repr__(self) -> str:
        return f"Account({self.username!r})"

    def differs(self, username: str, password: str) -> bool:
        """True if the user name or the password of this account differs from these."""
        return (self.username, self.password) != (username, password)


def check_secret(secret: object, name: str) -> None:
    """Refuse anything but a `Secret`, without showing it: the credential itself would never rotate.

    Raises:
        TypeError: it is none.
    """
    expect(secret, Secret, f"{name} needs a Secret")


@clean_call
def account(secret: Secret[Any]) -> Account:
    """The current account.

    Args:
        secret: a `Secret` of a model, or of a mapping, with `username` and `password`.

    Raises:
        SecretError: it cannot be had.
        TypeError: it holds no `username` and `password`; the message does not show what it holds.
    """
    return account_in(secret.get())


@clean_call
async def async_account(secret: Secret[Any]) -> Account:
    """`account` for coroutines: the loop runs on while it is fetched."""
    return account_in(await secret.aget())


def part(value: Any, name: str) -> Any:
    """One part of a secret that is a mapping or a model, or None."""
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


@clean_call
def account_in(value: Any) -> Account:
    """The account in a value that was read.

    Raises:
        TypeError: as `account`.
    """
    username, password = part(value, "username"), part(value, "password")
    if not isinstance(username, str) or not isinstance(password, str):
        raise TypeError("the secret has no text `username` and `password`: declare it as a Secret of a model with both")
    return Account(username, password, value)
