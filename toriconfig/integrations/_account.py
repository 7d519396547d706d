"""User name and password out of a secret, whole: both from one reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from toriconfig._secret import Secret


class Account(NamedTuple):
    """One account, and the object it came from, whose identity tells whether it is still the current one."""

    username: str
    password: str
    of: Any


def account(secret: Secret[Any]) -> Account:
    """The current account.

    Args:
        secret: a `Secret` of a model, or of a mapping, with `username` and `password`.

    Raises:
        SecretError: it cannot be had.
        TypeError: it holds no `username` and `password`; the message does not show what it holds.
    """
    value = secret.get()
    read = value.get if isinstance(value, Mapping) else lambda name: getattr(value, name, None)
    username, password = read("username"), read("password")
    if not isinstance(username, str) or not isinstance(password, str):
        raise TypeError("the secret has no text `username` and `password`: declare it as a Secret of a model with both")
    return Account(username, password, value)
