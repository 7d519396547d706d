"""Base class of the cached values of backends."""

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
from toriconfig._secrets.registration import Former
from toriconfig.errors import SecretError, SecretUnreachable

if TYPE_CHECKING:
    from toriconfig._core.origin import Origin
    from toriconfig._runtime.executor import Executor
    from toriconfig._runtime.single_flight import Flight
    from toriconfig._secrets.attempts import Attempts


class CachedValue(ABC):
    """Base class of a provider that fetches from a backend. `Provider` describes the public methods.

    `self._memory` is a lock, used as `with self._memory as then`. A block that holds the lock must not send a request,
    start a timer, call a callback or wait. It passes such an action to `then`, which runs the action after the lock is
    released. `_notify` must be called without the lock.

    Attributes:
        store: identifier of the backend; equal for all values of one backend.
        counts: numbers of reads, failures and rotations since the value was first used.

    Args:
        executor: object that provides threads, timers and the clock.
        reference: the reference as written in the settings.
        origin: origin to report before the first read.
        attempts: record of the failed requests.
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
        self._former = Former()
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
        """Return the requests that must end before `settle` is called. Start a request if necessary.

        If the value is usable, return (). A usable but stale value is refreshed in the background. During the pause
        after a failed request, start no request.
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
        """Return the value in memory. Callers must first call `pending`, which removes an unusable value.

        Raises:
            SecretError: no value is in memory. The exception is the error of the last request, or a
                `SecretUnreachable` if no request has ended.
        """
        if (reading := self.reading) is not None:
            return reading
        raise (self._attempts.error or self._unanswered()).at("")

    def refresh(self) -> Sequence[Flight]:
        """Start a request for a new value, because a server refused the present value. Do not wait for the answer.

        Return the request in a tuple. If a request is already in progress, return that request. Return () during the
        pause after a refusal or a failed request. The pauses become longer.
        """
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
        """Start a request, even if the value is fresh or a request has just failed. Do not wait for the answer.

        Return the request in a tuple. Concurrent calls share one request. If no request is in progress and `_may_ask()`
        is False, return ().
        """
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
        """State of the value in memory; see `State`."""
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
        """Error of the last request; None if the request succeeded or no request was sent."""
        return self._attempts.error

    @property
    def origin(self) -> Origin:
        """Origin of the value; also known before the first read."""
        reading = self.reading
        return reading.origin if reading is not None else self._origin

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        """Call `swap` after each change of the value, on the thread of the change.

        Return a function that cancels the subscription.
        """
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
        """Start a request for the value, and return the request."""

    @abstractmethod
    def _drop(self) -> Reading | None:
        """Remove the value from memory; return the removed reading, or None if there was none."""

    @abstractmethod
    def due(self, timer: int) -> None:
        """Start the planned action. Do nothing if a later timer has replaced `timer`."""

    def _update_freshness(self, then: Then) -> None:  # noqa: B027  (optional)
        """Update `fresh_until`, the time until which a usable value needs no refresh. By default, do nothing.

        `then` receives the functions to call after the lock is released.
        """

    def _may_poll(self) -> bool:
        """True if a usable value may be refreshed in the background."""
        return True

    def _may_retry(self, now: float) -> bool:
        """True if `refresh` may send a request at `now`. By default, True if the pause after failures is over."""
        return now >= self._next_try

    def _may_ask(self) -> bool:
        """True if `ask` may send a request."""
        return True

    def _always_new(self) -> bool:
        """True if each request creates a new value, such as new credentials. The default is False.

        If True, the method `ask` starts no second request while a request is in progress.
        """
        return False

    def _on_demand(self) -> None:  # noqa: B027  (optional)
        """End a pause after failed requests, so that the next request is sent at once."""

    def _unanswered(self) -> SecretError:
        """Return the error of a value whose first request is still in progress."""
        return SecretUnreachable("it was not fetched yet", reference=self.reference)

    def _under_way(self) -> bool:
        return self._flight is not None and not self._flight.ended

    def _fetching(self) -> Flight | None:
        """Return the request in progress that fetches a value, or None."""
        return self._flight if self._under_way() else None

    def _set_timer(self, due: float, then: Then) -> None:
        """Plan a call of the method `self.due`. An earlier plan is cancelled.

        Args:
            due: monotonic time of the call; `NEVER`: plan no call.
            then: the function that starts the timer is added here. The caller calls it after the lock is released.
        """
        self._planned = True
        self._timer += 1
        if due < NEVER:
            timer, scheduler = WeakTimer(self, self._timer), self._executor.scheduler
            then(lambda: scheduler.at(due, timer))

    def _clear_timer(self) -> None:
        self._planned = False
        self._timer += 1

    def _notify(self, old: Reading | None, new: Reading | None) -> None:
        """Call the subscribers, and count a rotation if the two readings have different values.

        A replaced reading is added to `Former`, the readings that logs still mask. Called without the lock.
        """
        if old is None and new is None:
            return
        if old is not None and new is not None:
            self.counts.rotations += old.comparable != new.comparable
        for swap in self._subscribers:
            try:
                swap(old, new)
            except Exception as error:  # noqa: BLE001  (a subscriber that raises stops no other)
                from toriconfig.pipeline._library_logger import library_logger

                logger = library_logger(self.LOGGER)
                logger.error("a callback for %s failed: %s", self.reference, type(error).__name__)
        if old is not None and old is not new:
            self._former.add(old, new, self._executor.time())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.reference!r}, {self.state})"
