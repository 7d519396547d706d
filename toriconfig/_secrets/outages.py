"""Warnings about cached values that a backend cannot confirm, and messages about the recovery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar
from weakref import WeakSet

from toriconfig._runtime.transitions import Transitions


class Named(Protocol):
    """Protocol of a cached value whose reference appears in log messages."""

    reference: str


V = TypeVar("V", bound=Named)


class Outages(Generic[V]):
    """The values of one backend that are in use although their last request failed.

    Args:
        logger: name of the logger.
        backend: function that returns the name of the backend, for messages.
    """

    def __init__(self, logger: str, backend: Callable[[], str]) -> None:
        self._logger = logger
        self._backend = backend
        self.reset()

    def reset(self) -> None:
        """Forget all values and replace the lock. After a fork, a thread of the parent may hold the old lock."""
        self._memory = Transitions()
        self._failing: WeakSet[V] = WeakSet()

    def failed(self, value: V, error: str, used: str, *, outage: bool, alone: bool = False) -> None:
        """Log a warning that a value could not be confirmed, once per outage or once per value.

        Args:
            used: end of the warning, such as "what was read before is used for up to 60 s". It contains no secret.
            outage: True: the backend answers no request, so one warning is enough for all values. False: one per value.
            alone: True: log the warning in any case.
        """
        with self._memory:
            first, known = not self._failing, value in self._failing
            self._failing.add(value)
        if alone or (first if outage else not known):
            from toriconfig.pipeline._library_logger import library_logger

            library_logger(self._logger).warning("%s: %s; %s", value.reference, error, used)

    def succeeded(self, value: V) -> list[V]:
        """Record that a value was confirmed. Return the values that still fail.

        If the value had failed and no other still fails, log that the backend answers again.
        """
        if not self._failing:
            return []
        with self._memory:
            was = value in self._failing
            self._failing.discard(value)
            others = list(self._failing)
        if was and not others:
            from toriconfig.pipeline._library_logger import library_logger

            library_logger(self._logger).info("%s answers again", self._backend())
        return others
