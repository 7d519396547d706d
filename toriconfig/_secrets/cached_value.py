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
    """Base class of a provider that fetches from a backend; see `Provider` for what is not described here.

    A subclass fetches in `_read` and records the outcome. Its lock guards memory alone: no request, timer, callback or
    wait happens under the lock. Methods that begin with an underscore are called under the lock, apart from `_notify`.
    They hand to `then` what is to be done afterwards.

    Attributes:
        store: equal for two values of the same backend.
        counts: outcomes since the value was first used.

    Args:
        executor: threads, timers and the clock.
        reference: as people write it.
        origin: of the value before it is read.
        attempts: the outcomes.
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
        """Start what must be fetched before `settle` can answer; a usable value is refreshed in the background."""
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
        """Return the value that `pending` left: `pending` has just decided whether the value is usable.

        Raises:
            SecretError: there is none; the error of the last request.
        """
        if (reading := self.reading) is not None:
            return reading
        raise (self._attempts.error or self._unanswered()).at("")

    def refresh(self) -> Sequence[Flight]:
        """Fetch now, because the value was refused by what it opens; more rarely the longer that goes on."""
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
        """Fetch now, even if the value is fresh or a request has just failed; calls that overlap share one request."""
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
        """Seconds since the backend last confirmed the value, or None if it never did."""
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
        """Have `swap` called after each swap, on the thread that made it; return a function that cancels that."""
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
        """True if a usable value is as good as new."""

    @abstractmethod
    def _read(self, priority: int, then: Then) -> Flight:
        """Send a request for the value."""

    @abstractmethod
    def _drop(self) -> Reading | None:
        """Forget the value, and return it."""

    @abstractmethod
    def due(self, timer: int) -> None:
        """Do what was planned for this moment, unless something else was planned since."""

    def _update_freshness(self, then: Then) -> None:  # noqa: B027  (optional)
        """Update the times of a usable value before they are compared."""

    def _may_poll(self) -> bool:
        """True if a usable value may be refreshed in the background."""
        return True

    def _may_retry(self, now: float) -> bool:
        """True if a value that was refused may be fetched again, with regard to earlier failures."""
        return now >= self._next_try

    def _may_ask(self) -> bool:
        """True if `ask` may send a request."""
        return True

    def _always_new(self) -> bool:
        """True if each request brings a new value, so that one which was sent earlier is as good as a later one."""
        return False

    def _on_demand(self) -> None:  # noqa: B027  (optional)
        """Prepare for a request that is to be sent although earlier ones failed."""

    def _unanswered(self) -> SecretError:
        """The error of a value for which no request has ended."""
        return SecretUnreachable("it was not fetched yet", reference=self.reference)

    def _under_way(self) -> bool:
        return self._flight is not None and not self._flight.ended

    def _fetching(self) -> Flight | None:
        """The request under way that brings a value, or None."""
        return self._flight if self._under_way() else None

    def _set_timer(self, due: float, then: Then) -> None:
        """Set the one timer of this value; `due` is never called for an earlier one."""
        self._planned = True
        self._timer += 1
        if due < NEVER:
            timer, scheduler = WeakTimer(self, self._timer), self._executor.scheduler
            then(lambda: scheduler.at(due, timer))

    def _clear_timer(self) -> None:
        self._planned = False
        self._timer += 1

    def _notify(self, old: Reading | None, new: Reading | None) -> None:
        """Call the subscribers, without the lock."""
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
