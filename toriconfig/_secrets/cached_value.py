"""One value of a backend: fetched once for all readers, cached, refreshed in the background, swapped whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from toriconfig._runtime import timing
from toriconfig._runtime.transitions import Then, Transitions
from toriconfig._runtime.weak_timer import WeakTimer
from toriconfig._runtime.workers import DEMAND, POLL
from toriconfig._secrets.counts import Counts
from toriconfig._secrets.provider import NEVER, Reading, State, Subscribers, Swap
from toriconfig.errors import SecretError, SecretUnreachable

if TYPE_CHECKING:
    from toriconfig._core.origin import Origin
    from toriconfig._runtime.executor import Executor
    from toriconfig._runtime.single_flight import Flight
    from toriconfig._secrets.attempts import Attempts


class CachedValue(ABC):
    """Base class of a provider that fetches from a backend. `Provider` describes the inherited interface.

    A subclass fetches in `_read` and records the outcome. Its lock guards memory alone: no request, timer, callback or
    wait happens under the lock. Methods that begin with an underscore are called under the lock, apart from `_notify`.
    They pass to `then` the functions to call after the lock is released.

    Attributes:
        store: identifies the backend; two values of the same backend have equal stores.
        counts: numbers of reads, failures and rotations since the value was first used.

    Args:
        executor: threads, timers and the clock.
        reference: the reference as written in the settings.
        origin: origin to report before the first read.
        attempts: outcomes of the requests since the last success.
    """

    LOGGER: ClassVar[str]
    """Name of the logger."""

    store: object

    def __init__(self, executor: Executor, reference: str, origin: Origin, attempts: Attempts) -> None:
        self.reading: Reading | None = None
        self.fresh_until = -NEVER
        self.now: Callable[[], float] = executor.now
        self.reference = reference
        self._executor = executor
        self._origin = origin
        self._attempts = attempts
        self.counts = Counts()
        self._subscribers = Subscribers()
        self._memory = Transitions()
        self._flight: Flight | None = None
        self._asked: Flight | None = None
        self._confirmed: float | None = None
        self._next_try = -NEVER
        self._refused = -NEVER
        self._gap = timing.GAP
        self._timer = 0
        self._planned = False

    def pending(self) -> Sequence[Flight]:
        """Start and return the requests that must end before `settle`; () if the value is usable.

        A usable but stale value is refreshed in the background.
        """
        now = self.now()
        with self._memory as then:
            if self._usable(now):
                self._update_freshness(then)
                if now >= self.fresh_until and now >= self._next_try and not self._under_way() and self._may_poll():
                    self._read(POLL, then)
                return ()
            if self._attempts.error is None:
                self._next_try = -NEVER  # nothing failed, so a pause before the next request is not for readers
            flight = self._fetching()
            if flight is None and now >= self._next_try:
                flight = self._read(DEMAND, then)
            # a value that has ended stays until its successor is fetched, so that subscribers get one swap
            dropped = self._drop() if flight is None else None
        self._notify(dropped, None)
        return () if flight is None else (flight,)

    def settle(self) -> Reading:
        """Return the value in memory. Call `pending` just before: it removes a value that is no longer usable.

        Raises:
            SecretError: no value is in memory; the exception is the error of the last request.
        """
        if (reading := self.reading) is not None:
            return reading
        raise (self._attempts.error or self._unanswered()).at("")

    def refresh(self) -> Sequence[Flight]:
        """Fetch now, because a server refused the value. While refusals continue, the pauses between fetches grow."""
        now = self.now()
        with self._memory as then:
            flight = self._fetching()
            if flight is not None:
                return (flight,)
            if now < self._refused + self._gap or not self._may_retry(now):
                return ()
            self._gap = timing.refusal_gap(self._gap, now - self._refused, self._interval)
            self._refused = now
            self._on_demand()
            return (self._read(DEMAND, then),)

    def ask(self) -> Sequence[Flight]:
        """Fetch now, even if the value is fresh or a request has just failed. Overlapping calls share one request."""
        with self._memory as then:
            self._on_demand()
            flight = self._fetching()
            # a request that was sent earlier may not show a change that was made since
            if flight is not None and (flight is self._asked or self._always_new()):
                return (flight,)
            if flight is None and not self._may_ask():
                return ()
            self._asked = self._read(DEMAND, then)
            return (self._asked,)

    @property
    def state(self) -> State:
        """State of the value, from memory alone."""
        now = self.now()
        if self.reading is not None and self._usable(now):
            return "fresh" if self._fresh(now) else "stale"
        return "missing" if self._attempts.error is not None else "unread"

    @property
    def age(self) -> float | None:
        """Seconds since the backend last confirmed the value; None if the backend has not confirmed it yet."""
        confirmed = self._confirmed
        return None if confirmed is None else max(0.0, self.now() - confirmed)

    @property
    def error(self) -> SecretError | None:
        """Error of the last request, or None."""
        return self._attempts.error

    @property
    def origin(self) -> Origin:
        """Origin of the value, also before the value is read."""
        reading = self.reading
        return reading.origin if reading is not None else self._origin

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        """Call `swap` after each swap, on the thread of that swap; return a function that cancels the subscription."""
        return self._subscribers.add(swap)

    @property
    @abstractmethod
    def _interval(self) -> float:
        """Seconds between two polls."""

    @abstractmethod
    def _usable(self, now: float) -> bool:
        """True if the value in memory may be returned."""

    @abstractmethod
    def _fresh(self, now: float) -> bool:
        """True if a usable value needs no refresh."""

    @abstractmethod
    def _read(self, priority: int, then: Then) -> Flight:
        """Send a request for the value."""

    @abstractmethod
    def _drop(self) -> Reading | None:
        """Remove the value from memory; return the removed reading, or None if there was none."""

    @abstractmethod
    def due(self, timer: int) -> None:
        """Do the planned action, unless `timer` was replaced by a later timer."""

    def _update_freshness(self, then: Then) -> None:  # noqa: B027  (optional)
        """Update the times of a usable value; called before a method compares them with the current time."""

    def _may_poll(self) -> bool:
        """True if a usable value may be refreshed in the background."""
        return True

    def _may_retry(self, now: float) -> bool:
        """True if a refused value may be fetched at `now`: the delay after earlier failures is over."""
        return now >= self._next_try

    def _may_ask(self) -> bool:
        """True if `ask` may send a request."""
        return True

    def _always_new(self) -> bool:
        """True if each request returns a new value, so that `ask` may share a request that was sent before the call."""
        return False

    def _on_demand(self) -> None:  # noqa: B027  (optional)
        """Allow the next request although earlier requests failed."""

    def _unanswered(self) -> SecretError:
        """Return the error for a value whose first request has not ended yet."""
        return SecretUnreachable("it was not fetched yet", reference=self.reference)

    def _under_way(self) -> bool:
        return self._flight is not None and not self._flight.ended

    def _fetching(self) -> Flight | None:
        """Return the request in progress that fetches a value, or None."""
        return self._flight if self._under_way() else None

    def _set_timer(self, due: float, then: Then) -> None:
        """Set the only timer of this value, and so cancel the earlier timer."""
        self._planned = True
        self._timer += 1
        if due < NEVER:
            timer, scheduler = WeakTimer(self, self._timer), self._executor.scheduler
            then(lambda: scheduler.at(due, timer))

    def _clear_timer(self) -> None:
        self._planned = False
        self._timer += 1

    def _notify(self, old: Reading | None, new: Reading | None) -> None:
        """Count a rotation, and call the subscribers. The lock must not be held."""
        if old is None and new is None:
            return
        if old is not None and new is not None:
            self.counts.rotations += old.comparable != new.comparable
        for swap in self._subscribers:
            try:
                swap(old, new)
            except Exception as error:  # noqa: BLE001  (a subscriber that raises stops no other)
                from toriconfig.pipeline._logging import library_logger

                logger = library_logger(self.LOGGER)
                logger.error("a callback for %s failed: %s", self.reference, type(error).__name__)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.reference!r}, {self.state})"
