"""User name and password of a secret, both from one read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from toriconfig._core.clean_call import clean_call, expect
from toriconfig._secrets.secret import Secret


class Account(NamedTuple):
    """One account, and the object from which it was read. It is current while the secret holds this object."""

    username: str
    password: str
    of: Any

    def __repr__(self) -> str:
        return f"Account({self.username!r})"

    def differs(self, username: str, password: str) -> bool:
        """Return True if the user name or the password of this account differs from these."""
        return (self.username, self.password) != (username, password)


def check_secret(secret: object, name: str) -> None:
    """Check that an argument is a `Secret`. A plain credential would never rotate. Messages do not show the argument.

    Raises:
        TypeError: the argument is not a `Secret`.
    """
    expect(secret, Secret, f"{name} needs a Secret")


@clean_call
def account(secret: Secret[Any]) -> Account:
    """Return the current account.

    Args:
        secret: a `Secret` of a model, or of a mapping, with `username` and `password`.

    Raises:
        SecretError: the secret has no usable value.
        TypeError: the value lacks `username` or `password`; the message does not show the value.
    """
    return account_in(secret.get())


@clean_call
async def async_account(secret: Secret[Any]) -> Account:
    """Return the current account like `account`, for coroutines."""
    return account_in(await secret.aget())


def part(value: Any, name: str) -> Any:
    """Return the part `name` of a mapping or a model; None if there is no such part."""
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


@clean_call
def account_in(value: Any) -> Account:
    """Return the account in a value.

    Raises:
        TypeError: as `account`.
    """
    username, password = part(value, "username"), part(value, "password")
    if not isinstance(username, str) or not isinstance(password, str):
        raise TypeError("the secret has no text `username` and `password`: declare it as a Secret of a model with both")
    return Account(username, password, value)
