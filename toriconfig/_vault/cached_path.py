"""One path's value: read once for all who ask, kept, refreshed, swapped whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from toriconfig._core.markers import Place
from toriconfig._core.origin import Origin
from toriconfig._runtime.log import logger
from toriconfig._runtime.transitions import Then, Transitions
from toriconfig._runtime.weak_timer import WeakTimer
from toriconfig._runtime.workers import DEMAND, LEASE, POLL
from toriconfig._secrets.provider import Reading, State, Swap, Swaps
from toriconfig._vault import lease as leases
from toriconfig._vault import timing
from toriconfig._vault.attempts import Attempts
from toriconfig._vault.engines.paths import mints
from toriconfig._vault.http.translate import is_outage, timed_out
from toriconfig._vault.lease_requests import retire
from toriconfig._vault.leased import Leased
from toriconfig._vault.renewal import renew_lease, vault_answers
from toriconfig._vault.result import Found
from toriconfig.errors import SecretError, VaultNotFound, VaultUnreachable

if TYPE_CHECKING:
    from toriconfig._runtime.single_flight import Flight
    from toriconfig._vault.engines.kv import Mounts
    from toriconfig._vault.outages import Outages
    from toriconfig._vault.requester import PathRequester

NEVER = float("inf")


class CachedPath:
    """A `Supply` for one path of Vault; `reading.value` is the dict of its keys.

    Its lock guards transitions of memory alone; no request, timer, callback or wait ever happens under it.
    """

    def __init__(self, requester: PathRequester, mounts: Mounts, outages: Outages, place: Place) -> None:
        self.reading: Reading | None = None
        self.fresh_until = -NEVER
        self.now: Callable[[], float] = requester.executor.now
        self.reference = str(place)
        self.vault = (frozenset(requester.resolved.addresses), requester.resolved.namespace)
        self._requester = requester
        self._mounts = mounts
        self._outages = outages
        self._vault = requester.resolved.vault
        self._place = place
        self._memory = Transitions()
        self._subscribers = Swaps()
        self._flight: Flight | None = None
        self._asked: Flight | None = None
        self._renewing = False
        self._confirmed: float | None = None
        self._fresh_for = 0.0
        self._next_try = -NEVER
        self._refused = -NEVER
        self._gap = timing.GAP
        self._attempts = Attempts()
        self._leased: Leased | None = None
        self._issued = -NEVER
        self._timer = 0
        self._planned = False
        self._action: leases.Action = "reissue"

    def pending(self) -> Sequence[Flight]:
        """Start what must be fetched before `settle` can answer; a refresh of a usable value goes on behind."""
        now = self.now()
        with self._memory as then:
            if self._usable(now):
                self._refit(then)
                due = now >= self.fresh_until and now >= self._next_try
                if due and not self._under_way() and not self._requester.limited:
                    self._read(POLL, then)
                return ()
            if self._attempts.error is None:
                self._next_try = -NEVER  # nothing failed: the pause between two issues is not for readers without any
            flight = self._flight
            if flight is None or flight.ended or self._renewing:
                flight = self._read(DEMAND, then) if now >= self._next_try else None
            # while it is asked for, what has ended waits for what replaces it, so that one swap is told
            dropped = self._drop() if flight is None else None
        self._notify(dropped, None)
        return () if flight is None else (flight,)

    def settle(self) -> Reading:
        """The value that `pending` left: it has just decided whether it is still usable.

        Raises:
            SecretError: there is none; the error of the last try says why.
        """
        if (reading := self.reading) is not None:
            return reading
        error = self._attempts.error or VaultUnreachable("Vault has not answered yet", reference=self.reference)
        raise error.at("")

    def refresh(self) -> Sequence[Flight]:
        """Ask now, because the value was refused by what it opens; less often the longer that goes on.

        Returns what can be waited for; after that, `reading` is the newest that can be had.
        """
        now = self.now()
        with self._memory as then:
            if self._under_way() and not self._renewing:
                assert self._flight is not None
                return (self._flight,)
            # what refuses a lease knows of its end, so Vault answers again: the pause after a failure does not count
            if now < self._refused + self._gap or (self._leased is None and now < self._next_try):
                return ()
            self._gap = timing.refusal_gap(self._gap, now - self._refused, self._vault.refresh_interval)
            self._refused = now
            self._requester.forget_failures()
            return (self._read(DEMAND, then),)

    def ask(self) -> Sequence[Flight]:
        """Ask now, whatever is in memory and whatever failed before; calls that overlap share one request."""
        self._requester.forget_failures()
        with self._memory as then:
            flight = self._flight
            if flight is not None and not flight.ended and not self._renewing:
                # what was sent before may not know of a change that was made since; what is issued is new anyway
                if flight is self._asked or self._leased is not None or mints(self._place.path):
                    return (flight,)
            elif self._leased is not None and self.now() < self._issued + leases.SHORTEST:
                return ()
            self._asked = self._read(DEMAND, then)
            return (self._asked,)

    @property
    def state(self) -> State:
        """State of the value, from memory alone: fresh, stale, missing or unread."""
        now = self.now()
        if self.reading is not None and self._usable(now):
            if self._leased is None:
                return "fresh" if now < self.fresh_until else "stale"
            # not `self.fresh_until`, since the token may have been renewed meanwhile
            return "fresh" if now < self._leased.fresh_until and self._attempts.error is None else "stale"
        return "missing" if self._attempts.error is not None else "unread"

    @property
    def age(self) -> float | None:
        """Seconds since Vault last confirmed the value, or None when it never did."""
        confirmed = self._confirmed
        return None if confirmed is None else max(0.0, self.now() - confirmed)

    @property
    def error(self) -> SecretError | None:
        """Error of the last try, or None."""
        return self._attempts.error

    @property
    def origin(self) -> Origin:
        """Origin of the value, also before the value is read."""
        reading = self.reading
        return reading.origin if reading is not None else Origin("vault", self._place.path, version=self._place.version)

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        """Have `swap` called after each swap, on the thread that made it; returns what cancels it."""
        return self._subscribers.add(swap)

    def after_fork(self, *, share: bool) -> None:
        """In a forked child: no flight; polls go on, by its own dice; leased credentials are the parent's unless shared."""
        self._memory = Transitions()
        planned, self._planned = self._planned, False
        self._flight, self._renewing = None, False
        self._next_try = self.fresh_until = -NEVER
        leased = self._leased
        if leased is not None and leased.lease.id and not share:
            # its own are made when it reads: a child that never does needs no account
            self._leased = leased._replace(lease=leases.ended(leased.lease, self.now()))
            self._notify(self.reading, self.reading)
        elif planned:
            with self._memory as then:
                self._plan(then, first=True)

    def rest(self) -> None:
        """Plan nothing more until somebody reads again; credentials that hang on a token that is revoked have ended."""
        with self._memory:
            self._timer += 1
            self._planned = False
            self._attempts.answered()  # or not: what is under way is dropped
            ended = self.reading is not None and not self._usable(self.now())
            if ended:
                self.fresh_until = -NEVER
        if ended:
            self._notify(self.reading, self.reading)

    def due(self, timer: int) -> None:
        """The timer went off: obey the plan, unless it was overtaken."""
        with self._memory as then:
            if timer != self._timer or self._under_way():
                return
            if self._leased is None and self._requester.limited:
                return
            if self._leased is not None and self._action == "renew":
                renew_lease(self, self._leased.lease, then)
            else:
                self._read(POLL if self._leased is None else LEASE, then)

    def vault_answers(self) -> None:
        """Replace credentials that ended during an outage."""
        vault_answers(self)

    # What follows, down to `_warn`, is called with the lock held; what it decides is done after it, by `then`.

    def _under_way(self) -> bool:
        return self._flight is not None and not self._flight.ended

    def _usable(self, now: float) -> bool:
        if self.reading is None or self._confirmed is None:
            return False
        stale_for = self._vault.stale_for
        if self._leased is not None:
            return self._leased.works(now, self._attempts.outage_since, stale_for)
        return now < self._confirmed + max(stale_for, self._fresh_for)

    def _refit(self, then: Then) -> None:
        """Work out until when the value is fresh, which a renewed token puts off; after a fork, plan again."""
        if self._leased is not None:
            self.fresh_until = self._leased.fresh_until
        elif self._confirmed is not None:
            self.fresh_until = self._confirmed + self._fresh_for
        if not self._planned:
            self._plan(then)

    def _drop(self) -> Reading | None:
        dropped, self.reading = self.reading, None
        self._leased = None
        self.fresh_until = -NEVER
        return dropped

    def _plan(self, then: Then, *, ttl: float | None = None, first: bool = False, failed: bool = False) -> None:
        """Set the one timer of this path."""
        now, executor = self.now(), self._requester.executor
        rnd, interval = executor.rnd, self._vault.refresh_interval
        tried, self._action = self._action, "reissue"
        if self._leased is not None:
            failures = self._attempts.failures if failed else 0
            plan = self._leased.plan(self._vault, now, rnd, tried=tried, failures=failures)
            self._action, due = plan
            if self._action == "reissue":
                due = max(due, self._issued + leases.SHORTEST)
        elif ttl is not None:
            due = now + timing.static_delay(ttl, interval, rnd)
        else:
            due = now + timing.poll_delay(interval, rnd, first=first)
        if failed:
            self._next_try = due
        self._planned = True
        self._timer += 1
        if due < NEVER:
            timer = WeakTimer(self, self._timer)
            then(lambda: executor.scheduler.at(due, timer))

    def _read(self, priority: int, then: Then) -> Flight:
        place, first, requester = self._place, self._attempts.failures == 0, self._requester

        def work(flight: Flight) -> None:
            outcome = self._mounts.fetch(place, flight.call, relogin=first)
            claimed = flight.claim()
            if isinstance(outcome, Found):
                self._found(outcome, late=not claimed or self._flight is not flight)
            elif claimed:
                failed(outcome)
            if claimed:
                flight.finish()

        def failed(error: SecretError | None) -> None:
            if self._flight is flight:  # else another one was sent after it
                self._failed(error or timed_out(self.reference, requester.resolved.timeout))

        self._renewing = False
        self._flight = flight = self._departing(failed)
        then(lambda: requester.send(flight, priority, work, failed))
        return flight

    def _departing(self, failed: Callable[[SecretError | None], None]) -> Flight:
        self._attempts.sent(self.now())
        return self._requester.flight(failed)

    def _warn(self, error: SecretError, then: Then) -> None:
        """Warn, once, that the value in memory could not be confirmed; a lease shows its true end from then on."""
        leased, vault = self._leased, self._vault
        if leased is not None and self.reading is not None and leased.ends < NEVER:
            self.reading.expires_at = (
                vault.clock.time() + leased.ends - self.now()
            )  # the token may end before the lease
        if not self._attempts.to_be_warned_of():
            return
        used = f"what was read before is used for up to {vault.stale_for:g} s"
        if leased is not None:
            used = leased.prospect(self.now(), vault.clock.time(), vault.stale_for, outage=is_outage(error))
        then(lambda: self._outages.failed(self, error, used, alone=leased is not None))

    # What follows records outcomes; it takes the lock itself, and tells of swaps outside it.

    def _found(self, found: Found, *, late: bool) -> None:
        now, vault = self.now(), self._vault
        with self._memory as then:
            old, before = self.reading, self._leased
            if late and old is not None and (old.version or 0) >= (found.version or 0):
                # given up on, and overtaken by a newer answer; nobody will use what it may have minted
                unused = found.lease
                if unused is not None:
                    then(lambda: retire(self._requester, unused, now))
                return
            changed = old is None or old.version != found.version or found.differs(old.value)
            if changed:
                origin = Origin("vault", self._place.path, version=found.version)
                ends = vault.clock.time() + found.lease.duration if found.lease is not None else None
                self.reading = Reading(found.data, origin, found.version, ends, gist=found.gist)
            self._leased = Leased(found.lease, found.token) if found.lease is not None else None
            self._confirmed = now
            self._attempts.succeeded()
            self._next_try = -NEVER
            if found.lease is not None:
                self._issued, self._next_try = now, now + leases.SHORTEST
            self._fresh_for = timing.fresh_for(vault.refresh_interval)
            if found.ttl is not None:
                self._fresh_for = min(self._fresh_for, found.ttl + timing.SLACK)
            self._plan(then, ttl=found.ttl, first=old is None)
            self._refit(then)
        self._outages.succeeded(self)
        if changed:
            self._notify(old, self.reading)
        if before is not None and (found.lease is None or before.lease.id != found.lease.id):
            retire(self._requester, before.lease, leases.retire_at(now, vault.overlap))

    def _failed(self, error: SecretError) -> None:
        now = self.now()
        error = error.at("")
        error.reference = self.reference
        with self._memory as then:
            self._attempts.failed(error)
            kept = self._usable(now) and self._attempts.absent < timing.AGREEING
            dropped = None if kept else self._drop()
            if self._confirmed is not None:
                self._plan(then, failed=True)
            if not kept:
                rnd, interval = self._requester.executor.rnd, self._vault.refresh_interval
                self._next_try = now + timing.retry_delay(self._attempts.failures, interval, rnd)
            if kept:
                self._warn(error, then)
        if dropped is not None and isinstance(error, VaultNotFound):
            logger().warning("%s: what was read before is dropped: %s", self.reference, error.message)
        self._notify(dropped, None)

    def _notify(self, old: Reading | None, new: Reading | None) -> None:
        if old is None and new is None:
            return
        for swap in self._subscribers:
            try:
                swap(old, new)
            except Exception as error:  # noqa: BLE001  (a subscriber that raises stops nobody)
                logger().error("a callback for %s failed: %s", self.reference, type(error).__name__)

    def __repr__(self) -> str:
        return f"CachedPath({self.reference!r}, {self.state})"
