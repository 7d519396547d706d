"""Protocol of the providers that handles of secrets read from.

A handle never fetches. It calls `pending()`, which starts requests and returns them, waits for them, and then calls
`settle()`, which does not block. Blocking readers, coroutines and `prefetch` differ only in how they wait. No reader
occupies the worker thread that it waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, Protocol

from toriconfig._core.origin import Origin

NEVER = float("inf")
"""Monotonic seconds of a moment that does not come."""

State = Literal["fresh", "stale", "missing", "unread"]
"""State of a value.

- fresh: confirmed within `refresh_interval`.
- stale: in use beyond `refresh_interval`, because it could not be confirmed.
- missing: the last request failed, and there is no usable value.
- unread: no request has been made.
"""


class Reading:
    """One value as it was read. It never changes, except for `expires_at`, which a renewed lease moves on.

    Attributes:
        value: text, bytes, a number, or a dict for a whole Vault path. Raw: not converted to the T of a handle.
        origin: where the value was read, with its version.
        version: KV v2 version, or that of another backend, a number or text; or None.
        inputs: the readings that the value was built from, which end with it; () if it was read directly.
        comparable: the value without the parts that only move its end; readings of one credential have equal ones.
    """

    __slots__ = ("__weakref__", "_expires_at", "comparable", "inputs", "origin", "value", "version")

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
        self._expires_at = expires_at

    @property
    def expires_at(self) -> float | None:
        """Time at which the value stops working (a lease), in seconds since 1970, or None."""
        ends = [end for reading in self.inputs if (end := reading.expires_at) is not None]
        return min(ends) if ends else self._expires_at

    @expires_at.setter
    def expires_at(self, end: float) -> None:
        self._expires_at = end

    def __repr__(self) -> str:
        return f"Reading({self.origin})"


class Flight(Protocol):
    """One request in progress, shared by all who wait for it. It always ends, because it has a deadline."""

    def wait(self) -> None:
        """Block until the request has ended. At its deadline a request is abandoned, and counts as ended."""
        ...

    async def await_end(self) -> None:
        """Wait until the request has ended, without blocking the event loop."""
        ...


Swap = Callable[["Reading | None", "Reading | None"], None]
"""Called with the old and the new reading after a swap; None: there was, or is, no usable value.

The same reading twice: it ended before its time. The next read replaces or drops it.
"""


class Subscribers:
    """The subscribers of one provider.

    There is no lock, because a garbage collection may cancel a subscription at any moment. Each change of the mapping
    is one call of C code, and therefore atomic.
    """

    __slots__ = ("_subscribers",)

    def __init__(self) -> None:
        self._subscribers: dict[object, Swap] = {}

    def add(self, swap: Swap) -> Callable[[], None]:
        """Add a subscriber after the existing ones; return a function that removes it."""
        entry, subscribers = object(), self._subscribers
        subscribers[entry] = swap

        def cancel() -> None:
            subscribers.pop(entry, None)

        return cancel

    def __bool__(self) -> bool:
        return bool(self._subscribers)

    def __iter__(self) -> Iterator[Swap]:
        """The present subscribers, in a copy that one atomic call of C code makes."""
        return iter(list(self._subscribers.values()))


class Provider(Protocol):
    """Interface to the value of one reference; all handles of the reference share it.

    Attributes:
        reading: the newest usable value, replaced whole; None when there is none.
        fresh_until: monotonic seconds until which `reading` may be returned without calling `pending`.
        now: the clock that `fresh_until` is read against.
        reference: as people write it, such as `secret/tori#api_key`; "" for a literal.
    """

    reading: Reading | None
    fresh_until: float
    now: Callable[[], float]
    reference: str

    def pending(self) -> Sequence[Flight]:
        """Start the requests that `settle` needs, and return them; empty if it needs none.

        For a stale but usable value a refresh is started in the background, and nothing is returned.
        """
        ...

    def settle(self) -> Reading:
        """Return the present value, without blocking.

        Raises:
            SecretError: there is no usable value; the subclass shows the reason.
        """
        ...

    def refresh(self) -> Sequence[Flight]:
        """Fetch a newer value, because a server refused this one. Repeated calls fetch less and less often.

        Returns the requests in progress; once they have ended, a read returns the newest value available.
        """
        ...

    def ask(self) -> Sequence[Flight]:
        """Fetch now, even if the value in memory is fresh. Calls that overlap share one request.

        Returns the requests in progress; once they have ended, `error` is set if they failed.
        """
        ...

    @property
    def state(self) -> State:
        """State of the value, from memory alone."""
        ...

    @property
    def age(self) -> float | None:
        """Seconds since the value was last confirmed, or None if it never was."""
        ...

    @property
    def error(self) -> Exception | None:
        """Error of the last request, or None."""
        ...

    @property
    def origin(self) -> Origin:
        """Origin of the value, also before the first read; from memory alone."""
        ...

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        """Have `swap` called after each swap; return a function that cancels that, and takes no lock."""
        ...


class Fixed:
    """A provider whose value never changes: text in a file, a variable, an argument."""

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
    """True if a value of that reading is a number that KV v2 may have rounded, because it stores 64-bit floats."""
    kv = reading.version is not None and reading.origin.layer != "backend"
    return kv and type(value) in (int, float) and abs(value) >= 2**53
