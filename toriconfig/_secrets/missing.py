"""Provider of a secret that has no value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from toriconfig._core.origin import Origin
from toriconfig._secrets.provider import NEVER, Flight, Reading, State, Swap, no_subscription, no_time
from toriconfig.errors import MissingCredentialError


class Missing:
    """A provider without a value. Every read raises a `MissingCredentialError`.

    Args:
        reference: the reference as written in the settings; "": there is no reference.
        message: message of the error.
        remedy: the help of the error.
        origin: origin shown in reports.
        state: state shown in reports.
    """

    def __init__(self, reference: str, message: str, remedy: str, origin: Origin, state: State = "missing") -> None:
        self.reading: Reading | None = None
        self.fresh_until = -NEVER
        self.now: Callable[[], float] = no_time
        self.reference = reference
        self.error: Exception | None = None
        self.origin = origin
        self.age: float | None = None
        self.state: State = state
        self._message = message
        self._remedy = remedy

    def pending(self) -> Sequence[Flight]:
        return ()

    def refresh(self) -> Sequence[Flight]:
        return ()

    ask = refresh

    def settle(self) -> Reading:
        raise MissingCredentialError(self._message, reference=self.reference, help=self._remedy)

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        return no_subscription
