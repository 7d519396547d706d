"""Cached value of one path of a backend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toriconfig._core.origin import Origin
from toriconfig._runtime import timing
from toriconfig._runtime.transitions import Then, Transitions
from toriconfig._runtime.workers import POLL
from toriconfig._secrets.attempts import Attempts
from toriconfig._secrets.backend_errors import error_of, timed_out
from toriconfig._secrets.cached_value import CachedValue
from toriconfig._secrets.provider import NEVER, Reading
from toriconfig.errors import SecretError, SecretUnreachable

if TYPE_CHECKING:
    from toriconfig._runtime.executor import Executor
    from toriconfig._runtime.single_flight import Flight
    from toriconfig._secrets.outages import Outages
    from toriconfig.backends import Backend, Fetched

LEAST = 1.0
"""Seconds: a value with a shorter `ttl` is fetched by its readers, and not in the background."""


class BackendValue(CachedValue):
    """Provider of the value that `fetch(path)` of a backend returns.

    Args:
        executor: object that provides threads, timers and the clock.
        outages: object that logs warnings about failed requests.
        session: the session of the backend. Each value keeps the session alive, so that later loads share the values.
    """

    LOGGER = "toriconfig.backends"

    def __init__(
        self, backend: Backend, executor: Executor, outages: Outages[BackendValue], path: str, session: object
    ) -> None:
        reference = f"{backend.scheme}:{path}"
        super().__init__(executor, reference, Origin("backend", reference), Attempts())
        self.store = id(backend)
        self._backend = backend
        self._outages = outages
        self._path = path
        self._session = session
        self._usable_until = -NEVER

    def after_fork(self) -> None:
        """In a forked child: forget the request of the parent. If a poll was planned, plan a new poll."""
        self._memory = Transitions()
        self._flight = self._asked = None
        self._next_try = -NEVER
        planned, self._planned = self._planned, False
        if planned:
            with self._memory as then:
                self._plan(then, None, first=True)

    def rest(self) -> None:
        """Cancel the planned fetch. The next read plans a new fetch."""
        with self._memory:
            self._clear_timer()

    def due(self, timer: int) -> None:
        """Start the planned fetch. Do nothing if a later timer has replaced `timer`, or a request is in progress."""
        with self._memory as then:
            if timer == self._timer and not self._under_way():
                self._read(POLL, then)

    @property
    def _interval(self) -> float:
        return self._backend.refresh_interval

    def _usable(self, now: float) -> bool:
        return now < self._usable_until

    def _fresh(self, now: float) -> bool:
        return now < self.fresh_until and self._attempts.error is None

    def _read(self, priority: int, then: Then) -> Flight:
        backend, executor, path = self._backend, self._executor, self._path

        def work(flight: Flight) -> None:
            fetched, error = _fetch(backend, path, flight.deadline.remaining())
            if flight.claim():  # else its deadline has passed
                if fetched is not None:
                    self._record(fetched)
                else:
                    ended(error)
                flight.finish()

        def ended(error: SecretError | None) -> None:
            if error is not None and self._flight is flight:  # else a later request was sent
                self._record_error(error)

        seconds = backend.timeout
        self._flight = flight = executor.flight(seconds, lambda _: ended(timed_out(backend.scheme, path, seconds)))
        then(lambda: executor.send(flight, priority, work, ended))
        return flight

    def _plan(self, then: Then, ttl: float | None, *, first: bool = False) -> None:
        if ttl is not None and ttl < LEAST:
            self._clear_timer()
            return
        rnd = self._executor.rnd
        delay = timing.poll_delay(self._interval, rnd, first=first)
        self._set_timer(self.now() + (delay if ttl is None else min(delay, ttl * (0.6 + 0.1 * rnd()))), then)

    def _drop(self) -> Reading | None:
        dropped, self.reading = self.reading, None
        self.fresh_until = self._usable_until = -NEVER
        return dropped

    # The methods below record outcomes. They take the lock themselves, and call subscribers without it.

    def _record(self, fetched: Fetched) -> None:
        now, backend = self.now(), self._backend
        with self._memory as then:
            old = self.reading
            ends = None if fetched.ttl is None else backend.clock.time() + fetched.ttl
            changed = old is None or old.version != fetched.version or old.value != fetched.value
            if changed or old is None:
                origin = Origin("backend", self.reference, version=fetched.version)
                self.reading = Reading(fetched.value, origin, fetched.version, ends)
            elif ends is not None:
                old.expires_at = ends
            self._attempts.succeeded()
            self.counts.reads += 1
            self._confirmed, self._next_try = now, -NEVER
            lasts = NEVER if fetched.ttl is None else fetched.ttl
            fresh_for = timing.fresh_for(backend.refresh_interval)
            self.fresh_until = now + min(fresh_for, lasts)
            self._usable_until = now + min(max(fresh_for, backend.stale_for), lasts)
            self._plan(then, fetched.ttl, first=old is None)
        self._outages.succeeded(self)
        if changed:
            self._notify(old, self.reading)

    def _record_error(self, error: SecretError) -> None:
        now, backend = self.now(), self._backend
        with self._memory as then:
            self._attempts.failed(error)
            self.counts.failures += 1
            usable = self.reading is not None and now < self._usable_until and not self._attempts.gone
            dropped = None if usable else self._drop()
            self._next_try = now + timing.retry_delay(self._attempts.failures, self._interval, self._executor.rnd)
            if self._confirmed is not None:
                self._plan(then, None)
            if usable:
                used = f"what was fetched before is used for up to {backend.stale_for:g} s"
                outage = isinstance(error, SecretUnreachable)
                then(lambda: self._outages.failed(self, error.message, used, outage=outage))
        self._notify(dropped, None)


def _fetch(backend: Backend, path: str, timeout: float) -> tuple[Fetched | None, SecretError | None]:
    """Call `backend.fetch`. Return `(result, None)`, with a copy of the value.

    Return `(None, error)` if the call raises an exception, or returns an object that is not a `Fetched`.
    """
    from toriconfig.backends import Fetched

    try:
        fetched: object = backend.fetch(path, timeout)
        if not isinstance(fetched, Fetched):
            raise TypeError("`fetch` returns a Fetched")
        return Fetched(_copied(fetched.value), fetched.version, fetched.ttl), None
    except Exception as error:  # noqa: BLE001  (a backend is user code)
        return None, error_of(backend.scheme, path, error)


def _copied(value: Any) -> Any:
    """Return a copy of a mapping or list, at any depth. Return any other value unchanged."""
    if isinstance(value, Mapping):
        return {key: _copied(part) for key, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list) else value
