"""User name and password of a secret, both from one read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from toriconfig._core.clean_call import clean_call, expect
from toriconfig._secrets.secret import Secret


class Account(NamedTuple):
    """User name and password of a secret. Both were read from one object, the attribute `of`.

    The account is current while the secret returns the same object.
    """

    username: str
    password: str
    of: Any

    def __repr__(self) -> str:
        return f"Account({self.username!r})"

    def differs(self, username: str, password: str) -> bool:
        """True if the user name or the password differs from the arguments."""
        return (self.username, self.password) != (username, password)


def check_secret(secret: object, name: str) -> None:
    """Check that an argument is a `Secret`. A plain text would not change at a rotation.

    Raises:
        TypeError: the argument is not a `Secret`. The message begins with `name`, and omits the argument.
    """
    expect(secret, Secret, f"{name} needs a Secret")


@clean_call
def account(secret: Secret[Any]) -> Account:
    """Return the current account of a secret.

    Args:
        secret: a `Secret` whose value is a model or a mapping with `username` and `password`.

    Raises:
        SecretError: the secret has no usable value.
        TypeError: the value lacks `username` or `password`; the message does not show the value.
    """
    return account_in(secret.get())


@clean_call
async def async_account(secret: Secret[Any]) -> Account:
    """Return the current account of a secret, without blocking the event loop. See `account`."""
    return account_in(await secret.aget())


def part(value: Any, name: str) -> Any:
    """Return the value at the key `name` of a mapping, or the attribute `name` of a model; None if there is none."""
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


@clean_call
def account_in(value: Any) -> Account:
    """Return the account in a value.

    Raises:
        TypeError: the value has no text `username` and `password`; the message does not show the value.
    """
    username, password = part(value, "username"), part(value, "password")
    if not isinstance(username, str) or not isinstance(password, str):
        raise TypeError("the secret has no text `username` and `password`: declare it as a Secret of a model with both")
    return Account(username, password, value)
