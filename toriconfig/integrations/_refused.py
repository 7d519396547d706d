"""Replacement of a secret that a service refused: ask for a newer one."""

from __future__ import annotations

from typing import TypeVar

from toriconfig._secrets.secret import Secret, provider_of

T = TypeVar("T")


def newer(secret: Secret[T], refused: T) -> T | None:
    """The value of `secret` now, asked for anew where it is still the one that was `refused`; None when it stays that.

    Whoever asks again and again is answered from memory, so a service that refuses every value makes no storm.
    """
    value = secret.get(refused)
    if value == refused:
        for flight in provider_of(secret).refresh():
            flight.wait()
        value = secret.get(refused)
    return value if value != refused else None


async def async_newer(secret: Secret[T], refused: T) -> T | None:
    """`newer` for coroutines: the loop runs on while it is fetched."""
    value = await secret.aget(refused)
    if value == refused:
        for flight in provider_of(secret).refresh():
            await flight.await_end()
        value = await secret.aget(refused)
    return value if value != refused else None
