"""Functions for a provider that has inputs: other providers, from which it reads."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Protocol

from toriconfig._secrets.provider import Provider, Reading, Subscribers
from toriconfig.errors import SecretError


class WithInputs(Protocol):
    """Protocol of a provider that reads other providers."""

    reading: Reading | None
    _listeners: Subscribers

    def _input_swapped(self, provider: Provider, old: Reading | None, new: Reading | None) -> None:
        """Update the value of this provider, because its input `provider` has replaced the reading `old` by `new`."""
        ...


def subscribe_weakly(owner: WithInputs, provider: Provider) -> None:
    """Call `owner._input_swapped` after each change of `provider`, until `owner` is garbage-collected.

    The garbage collection of `owner` calls the unsubscribe function that `provider.subscribe` returned. Because
    garbage collection may run while any lock is held, the unsubscribe function must not take a lock.
    """
    ref = weakref.ref(owner, lambda _: cancel())

    def swapped(old: Reading | None, new: Reading | None) -> None:
        alive = ref()
        if alive is not None:
            alive._input_swapped(provider, old, new)

    cancel = provider.subscribe(swapped)


def notify_end(owner: WithInputs) -> None:
    """Notify the subscribers of `owner` that its value has ended early. Does no I/O.

    Each subscriber is called with the reading of `owner` as both the old and the new reading. Do nothing if `owner` has
    no reading.
    """
    reading = owner.reading
    if reading is not None:
        for listener in owner._listeners:
            listener(reading, reading)


def result_or_error(make: Callable[[], Reading]) -> tuple[Reading | None, SecretError | None]:
    """Return `(reading, None)` if `make` returns a reading, or `(None, error)` if `make` raises a `SecretError`."""
    try:
        return make(), None
    except SecretError as error:
        return None, error.with_traceback(None)
