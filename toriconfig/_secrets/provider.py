"""Provider of a `Secret`: the protocol between handles and the providers that give them values.

A handle never fetches. It asks its provider for `pending()` work, waits for that, and then lets the
provider `settle()` without blocking. So blocking readers, `await`ing readers and `prefetch` are the same
three lines, and no reader ever occupies the worker that it waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, Protocol

from toriconfig._core.origin import Origin

NEVER = float("inf")
"""Monotonic seconds of a moment that does not come."""

State = Literal["fresh", "stale", "missing", "unread"]
"""fresh: as good as new; stale: kept past `refresh_interval` because it could not be renewed;
missing: the last try failed and nothing usable is left; unread: nobody has asked yet."""


class Reading:
    """One value as it was read, whole; never changed afterwards, but that a renewed lease moves `expires_at` on.

    Attributes:
        value: text, bytes, a number, or a dict for a whole Vault path. Raw: not converted to the T of a handle.
        origin: where it was read, version included.
        version: KV v2 version, or None.
        inputs: the readings that it was made of, which end it; () for one that was read itself.
        comparable: the value, without what only moves its end: with equal ones a reading is no other credential.
    """

    __slots__ = ("__weakref__", "_expires_at", "comparable", "inputs", "origin", "value", "version")

    def __init__(
        self,
        value: Any,
        origin: Origin,
        version: int | None = None,
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
        """Seconds since 1970 at which the value stops working (a lease), or None."""
        ends = [end for reading in self.inputs if (end := reading.expires_at) is not None]
        return min(ends) if ends else self._expires_at

    @expires_at.setter
    def expires_at(self, end: float) -> None:
        self._expires_at = end

    def __repr__(self) -> str:
        return f"Reading({self.origin})"


class Flight(Protocol):
    """One request under way, however many wait for it. It always ends: it has a deadline."""

    def wait(self) -> None:
        """Block until it has ended; at its deadline it is abandoned and counts as ended."""
        ...

    async def await_end(self) -> None:
        """The same without blocking the loop."""
        ...


Swap = Callable[["Reading | None", "Reading | None"], None]
"""Called with the old and the new reading after a swap; None: there was, or is, nothing usable.

The same reading twice: it has ended before its time, and is replaced or dropped when somebody reads again."""


class Subscribers:
    """The subscribers of one provider.

    There is no lock: a garbage collection cancels a subscription at any moment, in the middle of any code. Each change
    of the mapping is one call of C code, and is therefore atomic.
    """

    __slots__ = ("_subscribers",)

    def __init__(self) -> None:
        self._subscribers: dict[object, Swap] = {}

    def add(self, swap: Swap) -> Callable[[], None]:
        """Have `swap` called by each `tell`, after those added before; returns what cancels it."""
        entry, subscribers = object(), self._subscribers
        subscribers[entry] = swap

        def cancel() -> None:
            subscribers.pop(entry, None)

        return cancel

    def __bool__(self) -> bool:
        return bool(self._subscribers)

    def __iter__(self) -> Iterator[Swap]:
        """Those that are subscribed now; a copy, made by one call of C code that allocates nothing on its way."""
        return iter(list(self._subscribers.values()))


class Provider(Protocol):
    """Interface to the value of one reference; all handles of the reference share it.

    Attributes:
        reading: the newest usable value, replaced whole; None when there is none.
        fresh_until: monotonic seconds until which `reading` may be returned without asking further.
        now: the clock that `fresh_until` is read against.
        reference: what people write to name it, such as `secret/tori#api_key`; "" for a literal.
    """

    reading: Reading | None
    fresh_until: float
    now: Callable[[], float]
    reference: str

    def pending(self) -> Sequence[Flight]:
        """Start what must be fetched before `settle` can answer; empty when nothing must.

        A stale but usable value starts a refresh behind and returns nothing to wait for.
        """
        ...

    def settle(self) -> Reading:
        """The value now, without blocking.

        Raises:
            SecretError: there is none; which subclass says why.
        """
        ...

    def refresh(self) -> Sequence[Flight]:
        """Ask for a newer value, because this one was refused by what it opens; not again and again.

        Returns what can be waited for; after that, a read yields the newest that can be had.
        """
        ...

    def ask(self) -> Sequence[Flight]:
        """Ask now, whatever is in memory, because somebody wants to know; calls that overlap share one request.

        Returns what can be waited for; after that, `error` says whether it failed.
        """
        ...

    @property
    def state(self) -> State:
        """State of the value, from memory alone."""
        ...

    @property
    def age(self) -> float | None:
        """Seconds since the value was last confirmed, or None when it never was."""
        ...

    @property
    def error(self) -> Exception | None:
        """Error of the last try, or None."""
        ...

    @property
    def origin(self) -> Origin:
        """Origin of the value, also before it is read; from memory alone."""
        ...

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        """Have `swap` called after each swap; returns what cancels it, without a lock. `swap` is held strongly."""
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
"""What a number that KV v2 may have rounded is not."""


def is_rounded(value: Any, reading: Reading) -> bool:
    """True if a value out of that reading is a number that KV v2, which keeps 64-bit floats, may have rounded."""
    kv = reading.version is not None and reading.origin.layer != "backend"
    return kv and type(value) in (int, float) and abs(value) >= 2**53
