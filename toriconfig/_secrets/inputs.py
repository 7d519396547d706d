"""Providers as inputs of other providers: subscriptions to them, and their results."""

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
        """Update the value after an input was swapped."""
        ...


def subscribe_weakly(owner: WithInputs, provider: Provider) -> None:
    """Have `owner._input_swapped` called after each swap of an input, without keeping `owner` alive.

    A garbage collection may end the subscription at any moment, so `cancel` of every provider takes no lock.
    """
    ref = weakref.ref(owner, lambda _: cancel())

    def swapped(old: Reading | None, new: Reading | None) -> None:
        alive = ref()
        if alive is not None:
            alive._input_swapped(provider, old, new)

    cancel = provider.subscribe(swapped)


def notify_end(owner: WithInputs) -> None:
    """Notify subscribers that an input has ended before its time.

    Uses memory alone, because it is called in the first moments of a forked child.
    """
    reading = owner.reading
    if reading is not None:
        for listener in owner._listeners:
            listener(reading, reading)


def result_or_error(make: Callable[[], Reading]) -> tuple[Reading | None, SecretError | None]:
    """The reading that `make` returns, or the error that it raises."""
    try:
        return make(), None
    except SecretError as error:
        return None, error.with_traceback(None)
