"""One path of a backend: fetched once for all who ask, kept, refreshed in the background, swapped whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import ref

from toriconfig._core.origin import Origin
from toriconfig._runtime import timing
from toriconfig._runtime.transitions import Then, Transitions
from toriconfig._runtime.workers import DEMAND, POLL
from toriconfig._secrets.backend_errors import error_of
from toriconfig._secrets.provider import Reading, State, Swap, Swaps
from toriconfig.errors import SecretError, SecretNotFound, SecretUnreachable

if TYPE_CHECKING:
    from toriconfig._runtime.single_flight import Flight
    from toriconfig._secrets.backend_session import BackendSession
    from toriconfig.backends import Fetched

NEVER = float("inf")

AGREEING = 3
"""How many fetches in a row must not find the path before a cached value is dropped."""

LEAST = 1.0
"""Seconds: values that end sooner are fetched by who reads them, and not in the background."""


class BackendValue:
    """A `Supply` for one path of a backend; `reading.value` is what `fetch` returned.

    Its lock guards transitions of memory alone; no fetch, timer, callback or wait ever happens under it.
    """

    def __init__(self, session: BackendSession, path: str) -> None:
        self.reading: Reading | None = None
        self.fresh_until = -NEVER
        self.now = session.now
        self.reference = f"{session.scheme}:{path}"
        self.vault = id(session)
        self._session = session
        self._path = path
        self._memory = Transitions()
        self._subscribers = Swaps()
        self._flight: Flight | None = None
        self._asked: Flight | None = None
        self._error: SecretError | None = None
        self._failures = 0
        self._absent = 0
        self._confirmed: float | None = None
        self._usable_until = -NEVER
        self._next_try = -NEVER
        self._refused = -NEVER
        self._gap = timing.GAP
        self._timer = 0
        self._planned = False

    def pending(self) -> Sequence[Flight]:
        """Start what must be fetched before `settle` can answer; a refresh of a usable value goes on behind."""
        now = self.now()
        with self._memory as then:
            if now < self._usable_until:
                if now >= self.fresh_until and now >= self._next_try and not self._under_way():
                    self._read(POLL, then)
                return ()
            flight = self._flight if self._under_way() else None
            if flight is None and now >= self._next_try:
                flight = self._read(DEMAND, then)
            # while it is fetched, what has ended waits for what replaces it, so that one swap is told
            dropped = self._drop() if flight is None else None
        self._notify(dropped, None)
        return () if flight is None else (flight,)

    def settle(self) -> Reading:
        """The value that `pending` left.

        Raises:
            SecretError: there is none; the error of the last try says why.
        """
        if (reading := self.reading) is not None:
            return reading
        error = self._error or SecretUnreachable("it was not fetched yet", reference=self.reference)
        raise error.at("")

    def refresh(self) -> Sequence[Flight]:
        """Fetch now, because the value was refused by what it opens; less often the longer that goes on."""
        now = self.now()
        with self._memory as then:
            if self._under_way():
                assert self._flight is not None
                return (self._flight,)
            if now < self._refused + self._gap or now < self._next_try:
                return ()
            self._gap = timing.refusal_gap(self._gap, now - self._refused, self._session.backend.refresh_interval)
            self._refused = now
            return (self._read(DEMAND, then),)

    def ask(self) -> Sequence[Flight]:
        """Fetch now, whatever is in memory and whatever failed before; calls that overlap share one fetch."""
        with self._memory as then:
            flight = self._flight
            # what was sent before may not know of a change that was made since
            if flight is None or flight.ended or flight is not self._asked:
                flight = self._asked = self._read(DEMAND, then)
            return (flight,)

    @property
    def state(self) -> State:
        """State of the value, from memory alone."""
        now = self.now()
        if self.reading is not None and now < self._usable_until:
            return "fresh" if now < self.fresh_until and self._error is None else "stale"
        return "missing" if self._error is not None else "unread"

    @property
    def age(self) -> float | None:
        """Seconds since the backend last confirmed the value, or None when it never did."""
        confirmed = self._confirmed
        return None if confirmed is None else max(0.0, self.now() - confirmed)

    @property
    def error(self) -> SecretError | None:
        """Error of the last try, or None."""
        return self._error

    @property
    def origin(self) -> Origin:
        """Origin of the value, also before it is read."""
        reading = self.reading
        return reading.origin if reading is not None else Origin("backend", self.reference)

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        """Have `swap` called after each swap, on the thread that made it; returns what cancels it."""
        return self._subscribers.add(swap)

    def after_fork(self) -> None:
        """In a forked child: no flight is there; what was planned is planned anew, at another moment."""
        self._memory = Transitions()
        self._flight = self._asked = None
        self._next_try = -NEVER
        planned, self._planned = self._planned, False
        if planned:
            with self._memory as then:
                self._plan(then, None, first=True)

    def rest(self) -> None:
        """Plan nothing more until somebody reads again."""
        with self._memory:
            self._timer += 1
            self._planned = False

    def due(self, timer: int) -> None:
        """The timer went off: fetch, unless something else was planned since."""
        with self._memory as then:
            if timer == self._timer and not self._under_way():
                self._read(POLL, then)

    # What follows, down to `_drop`, is called with the lock held; what it decides is done after it, by `then`.

    def _under_way(self) -> bool:
        return self._flight is not None and not self._flight.ended

    def _read(self, priority: int, then: Then) -> Flight:
        session, path = self._session, self._path

        def work(flight: Flight) -> None:
            fetched, error = _fetch(session, path, flight.call.remaining())
            if flight.claim():  # else it was given up at its deadline
                if fetched is not None:
                    self._found(fetched)
                else:
                    ended(error)
                flight.finish()

        def ended(error: SecretError | None) -> None:
            if error is not None and self._flight is flight:  # else another one was sent after it
                self._failed(error)

        self._flight = flight = session.flight(path, ended)
        then(lambda: session.send(flight, priority, work, ended))
        return flight

    def _plan(self, then: Then, ttl: float | None, *, first: bool = False) -> None:
        """Set the one timer of this value."""
        self._timer += 1
        self._planned = ttl is None or ttl >= LEAST
        if self._planned:
            interval, rnd = self._session.backend.refresh_interval, self._session.rnd
            delay = timing.poll_delay(interval, rnd, first=first)
            due = self.now() + (delay if ttl is None else min(delay, ttl * (0.6 + 0.1 * rnd())))
            timer = _Timer(self, self._timer)
            then(lambda: self._session.scheduler.at(due, timer))

    def _drop(self) -> Reading | None:
        dropped, self.reading = self.reading, None
        self.fresh_until = self._usable_until = -NEVER
        return dropped

    # What follows records outcomes; it takes the lock itself, and tells of swaps outside it.

    def _found(self, fetched: Fetched) -> None:
        now, backend = self.now(), self._session.backend
        with self._memory as then:
            old = self.reading
            ends = None if fetched.ttl is None else backend.clock.time() + fetched.ttl
            changed = old is None or old.version != fetched.version or old.value != fetched.value
            if changed or old is None:
                origin = Origin("backend", self.reference, version=fetched.version)
                self.reading = Reading(fetched.value, origin, fetched.version, ends)
            elif ends is not None:
                old.expires_at = ends
            self._error, self._failures, self._absent = None, 0, 0
            self._confirmed, self._next_try = now, -NEVER
            lasts = NEVER if fetched.ttl is None else fetched.ttl
            fresh_for = timing.fresh_for(backend.refresh_interval)
            self.fresh_until = now + min(fresh_for, lasts)
            self._usable_until = now + min(max(fresh_for, backend.stale_for), lasts)
            self._plan(then, fetched.ttl, first=old is None)
        self._session.succeeded(self)
        if changed:
            self._notify(old, self.reading)

    def _failed(self, error: SecretError) -> None:
        now, session = self.now(), self._session
        with self._memory as then:
            self._error = error
            self._failures += 1
            self._absent = self._absent + 1 if isinstance(error, SecretNotFound) else 0
            kept = self.reading is not None and now < self._usable_until and self._absent < AGREEING
            dropped = None if kept else self._drop()
            interval = session.backend.refresh_interval
            self._next_try = now + timing.retry_delay(self._failures, interval, session.rnd)
            if self._confirmed is not None:
                self._plan(then, None)
            if kept:
                then(lambda: session.failed(self, error))
        self._notify(dropped, None)

    def _notify(self, old: Reading | None, new: Reading | None) -> None:
        if old is None and new is None:
            return
        for swap in self._subscribers:
            try:
                swap(old, new)
            except Exception as error:  # noqa: BLE001  (a subscriber that raises stops nobody)
                from toriconfig.pipeline._logging import library_logger

                logger = library_logger("toriconfig.backends")
                logger.error("a callback for %s failed: %s", self.reference, type(error).__name__)

    def __repr__(self) -> str:
        return f"BackendValue({self.reference!r}, {self.state})"


class _Timer:
    """A due date that does not keep alive the value that it is for."""

    __slots__ = ("_number", "_value")

    def __init__(self, value: BackendValue, number: int) -> None:
        self._value = ref(value)
        self._number = number

    def __call__(self) -> None:
        value = self._value()
        if value is not None:
            value.due(self._number)


def _fetch(session: BackendSession, path: str, timeout: float) -> tuple[Fetched | None, SecretError | None]:
    """Return the result of the backend, or the error when the backend returned no usable result."""
    from toriconfig.backends import Fetched

    try:
        fetched: object = session.backend.fetch(path, timeout)
        if not isinstance(fetched, Fetched):
            raise TypeError("`fetch` returns a Fetched")
        return Fetched(_copied(fetched.value), fetched.version, fetched.ttl), None
    except Exception as error:  # noqa: BLE001  (a backend is anybody's code)
        return None, error_of(session.scheme, path, error)


def _copied(value: Any) -> Any:
    """A value that the backend cannot change any more."""
    if isinstance(value, Mapping):
        return {key: _copied(part) for key, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list) else value
