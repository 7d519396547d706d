"""Request of a newer value for a secret that a service refused."""

from __future__ import annotations

from typing import TypeVar

from toriconfig._secrets.secret import Secret, provider_of

T = TypeVar("T")


def newer(secret: Secret[T], refused: T) -> T | None:
    """Return the current value of `secret` if it differs from `refused`, after a new request if necessary; else None.

    Repeated calls are answered from the cache, so that a service that refuses every value causes few requests.
    """
    value = secret.get(refused)
    if value == refused:
        for flight in provider_of(secret).refresh():
            flight.wait()
        value = secret.get(refused)
    return value if value != refused else None


async def async_newer(secret: Secret[T], refused: T) -> T | None:
    """Return a newer value like `newer`, for coroutines."""
    value = await secret.aget(refused)
    if value == refused:
        for flight in provider_of(secret).refresh():
            await flight.await_end()
        value = await secret.aget(refused)
    return value if value != refused else None
