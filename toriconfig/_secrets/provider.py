"""Protocol of the providers from which handles of secrets read.

To read a value, a handle calls `pending()`, which starts requests and returns them. After the requests have ended,
the handle calls `settle()`, which returns the value without blocking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from time import time
from typing import Any, Literal, Protocol

from toriconfig._core.origin import Origin

NEVER = float("inf")
"""Monotonic seconds of a moment that does not come."""

State = Literal["fresh", "stale", "missing", "unread"]
"""State of a value.

- fresh: confirmed within `refresh_interval`.
- stale: in use beyond `refresh_interval`, because it could not be confirmed.
- missing: the last request failed, and there is no usable value.
- unread: there is no usable value, and the last request did not fail, or no request was sent.
"""


Registered = dict[str | bytes, Callable[[float], None]]
"""Texts that logs mask, each with a function. `function(seconds)` ends the masking after `seconds` and one more
hour."""

_numbers = count()


class Reading:
    """One value as it was read. Only `registered` and the property `expires_at` (time of expiry) may change.

    Attributes:
        value: text, bytes, a number, or a dict for a whole Vault path. Not yet converted to the type of the handle.
        origin: origin of the value, with its version.
        version: version of the value: a number in KV v2, a number or text in another backend; None: no version.
        inputs: the readings from which the value was built; () if the value was read directly.
        comparable: the value without the parts that change while the credential stays the same, such as the expiry.
        number: a later reading has a higher number.
        registered: dict whose keys are the texts to mask in logs.
    """

    __slots__ = (
        "__weakref__",
        "_expires_at",
        "comparable",
        "inputs",
        "number",
        "origin",
        "registered",
        "value",
        "version",
    )

    def __init__(
        self,
        value: Any,
        origin: Origin,
        version: int | str | None = None,
        expires_at: float | None = None,
        inputs: Sequence[Reading] = (),
        comparable: Any = None,
    ) -> None:
        self.value = value
        self.comparable = value if comparable is None else comparable
        self.origin = origin
        self.version = version
        self.inputs = inputs
        self.number = next(_numbers)
        self.registered: Registered = {}
        self._expires_at = expires_at

    @property
    def expires_at(self) -> float | None:
        """Time at which the value expires, in seconds since 1970; None: the value does not expire.

        For a value with inputs, the earliest expiry of an input.
        """
        ends = [end for reading in self.inputs if (end := reading.expires_at) is not None]
        return min(ends) if ends else self._expires_at

    @expires_at.setter
    def expires_at(self, end: float) -> None:
        self._expires_at = end

    def __repr__(self) -> str:
        return f"Reading({self.origin})"

    def __del__(self) -> None:
        if self._expires_at is not None:  # without an end, the value may be valid although nothing refers to it
            unregister(self.registered, self._expires_at - time())


def unregister(registered: Registered, seconds: float) -> None:
    """Empty the dict `registered`. Logs mask the texts for one more hour after the credentials end.

    This function takes no lock, because a finalizer calls it.

    Args:
        registered: the registered texts, which logs mask.
        seconds: seconds from now until the credentials end; 0 or less: the masking ends one hour from now.
    """
    while registered:
        try:
            _, end = registered.popitem()
        except KeyError:  # another thread has taken the last one
            return
        end(seconds)


class Flight(Protocol):
    """One request in progress, shared by all readers that wait for it. The request has a deadline."""

    def wait(self) -> None:
        """Block until the request has ended, or until its deadline."""
        ...

    async def await_end(self) -> None:
        """Wait until the request has ended, without blocking the event loop."""
        ...


Swap = Callable[["Reading | None", "Reading | None"], None]
"""Function called with the old and the new reading after a change; None: there is no usable value.

If both arguments are the same reading, that reading has ended before the expected time.
"""


class Subscribers:
    """The subscribers of one provider.

    No lock is taken, because garbage collection may cancel a subscription at any moment. Each change is atomic.
    """

    __slots__ = ("_subscribers",)

    def __init__(self) -> None:
        self._subscribers: dict[object, Swap] = {}

    def add(self, swap: Swap) -> Callable[[], None]:
        """Add a subscriber. Return a function that removes this subscriber."""
        entry, subscribers = object(), self._subscribers
        subscribers[entry] = swap

        def cancel() -> None:
            subscribers.pop(entry, None)

        return cancel

    def __bool__(self) -> bool:
        return bool(self._subscribers)

    def __iter__(self) -> Iterator[Swap]:
        """Return an iterator over a copy of the subscribers."""
        return iter(list(self._subscribers.values()))


class Provider(Protocol):
    """Protocol of the source of a secret's current value. All handles of one reference share one provider.

    Attributes:
        reading: the newest usable value, with its origin; None: there is no usable value.
        fresh_until: monotonic seconds until which `reading` may be returned without a call of `pending`.
        now: function that returns the present monotonic seconds.
        reference: the reference as written, such as `secret/tori#api_key`; "": there is no reference.
    """

    reading: Reading | None
    fresh_until: float
    now: Callable[[], float]
    reference: str

    def pending(self) -> Sequence[Flight]:
        """Start the requests that `settle` needs, and return them; empty if `settle` needs no request.

        For a stale but usable value, start a refresh in the background, and return an empty sequence.
        """
        ...

    def settle(self) -> Reading:
        """Return the present value, without blocking.

        Raises:
            SecretError: there is no usable value; the subclass of `SecretError` shows the reason.
        """
        ...

    def refresh(self) -> Sequence[Flight]:
        """Start a request, because a server refused the present value. Return the requests in progress.

        After the requests have ended, a read returns the newest value. The pauses between repeated requests grow.
        """
        ...

    def ask(self) -> Sequence[Flight]:
        """Start a request, even if the value in memory is fresh. Return the requests in progress.

        Concurrent calls share one request. After the requests have ended, `error` is set if the fetch failed.
        """
        ...

    @property
    def state(self) -> State:
        """State of the value in memory; see `State`."""
        ...

    @property
    def age(self) -> float | None:
        """Seconds since the backend last confirmed the value; None if the value was never confirmed."""
        ...

    @property
    def error(self) -> Exception | None:
        """Error of the last request; None if the request succeeded or no request was sent."""
        ...

    @property
    def origin(self) -> Origin:
        """Origin of the value; also known before the first read."""
        ...

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        """Call `swap` after each change of the value. Return a function that cancels the subscription.

        The returned function takes no lock.
        """
        ...


class Fixed:
    """Provider of a value that never changes: text in a file, a variable, an argument."""

    def __init__(self, value: Any, origin: Origin) -> None:
        self.reading: Reading | None = Reading(value, origin)
        self.fresh_until = NEVER
        self.now: Callable[[], float] = no_time
        self.reference = ""

    def pending(self) -> Sequence[Flight]:
        return ()

    def settle(self) -> Reading:
        assert self.reading is not None
        return self.reading

    def refresh(self) -> Sequence[Flight]:
        return ()

    ask = refresh

    @property
    def state(self) -> State:
        return "fresh"

    @property
    def age(self) -> float | None:
        return None

    @property
    def error(self) -> Exception | None:
        return None

    @property
    def origin(self) -> Origin:
        assert self.reading is not None
        return self.reading.origin

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        return no_subscription


def no_time() -> float:
    return 0.0


def no_subscription() -> None:
    return None


EXACT = "exact: KV v2 rounds numbers from 2**53 on, so store it as text"
"""Ends the sentence "the value is not ..." for a number that KV v2 may have rounded."""


def is_rounded(value: Any, reading: Reading) -> bool:
    """True if KV v2 may have rounded `value`, a part of `reading`. KV v2 stores numbers as 64-bit floats."""
    kv = reading.version is not None and reading.origin.layer != "backend"
    return kv and type(value) in (int, float) and abs(value) >= 2**53
