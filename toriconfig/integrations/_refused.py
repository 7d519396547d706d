"""Newer value of a secret, after a service refused the present value."""

from __future__ import annotations

from typing import TypeVar

from toriconfig._secrets.secret import Secret, provider_of

T = TypeVar("T")


def newer(secret: Secret[T], refused: T) -> T | None:
    """Return a value of `secret` that differs from `refused`. If the value in memory is `refused`, fetch a new value.

    Return None if there is no other value. The pauses between repeated fetches grow, so a service that refuses every
    value causes few requests.
    """
    value = secret.get(refused)
    if value == refused:
        for flight in provider_of(secret).refresh():
            flight.wait()
        value = secret.get(refused)
    return value if value != refused else None


async def async_newer(secret: Secret[T], refused: T) -> T | None:
    """Coroutine version of `newer`: return a value of `secret` other than `refused`, or None if there is none.

    If the value in memory is `refused`, the secret is fetched again first.
    """
    value = await secret.aget(refused)
    if value == refused:
        for flight in provider_of(secret).refresh():
            await flight.await_end()
        value = await secret.aget(refused)
    return value if value != refused else None
