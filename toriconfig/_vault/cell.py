"""One path's value: read once for all who ask, kept, refreshed, swapped whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from toriconfig._origin import Origin
from toriconfig._reference import Place
from toriconfig._supply import Reading, State, Swap, Swaps
from toriconfig._vault import lease as leases
from toriconfig._vault import pace
from toriconfig._vault.found import Found
from toriconfig._vault.lease import Lease
from toriconfig._vault.log import logger
from toriconfig._vault.transitions import Then, Transitions
from toriconfig._vault.upkeep import Timer, renew, retire
from toriconfig._vault.wall import timed_out
from toriconfig._vault.workers import DEMAND, LEASE, POLL
from toriconfig.errors import SecretError, VaultNotFound, VaultUnreachable

if TYPE_CHECKING:
    from toriconfig._vault.flight import Flight
    from toriconfig._vault.session import Session
    from toriconfig._vault.token import LiveToken

NEVER = float("inf")


class Cell:
    """A `Supply` for one path of Vault; `reading.value` is the dict of its keys.

    Its lock guards transitions of memory alone; no request, timer, callback or wait ever happens under it.
    """

    def __init__(self, session: Session, place: Place) -> None:
        self.reading: Reading | None = None
        self.fresh_until = -NEVER
        self.now = session.now
        self.reference = str(place)
        self._session = session
        self._place = place
        self._memory = Transitions()
        self._subscribers = Swaps()
        self._error: SecretError | None = None
        self._flight: Flight | None = None
        self._renewing = False
        self._confirmed: float | None = None
        self._fresh_for = 0.0
        self._next_try = -NEVER
        self._failures = 0
        self._refused = -NEVER
        self._gap = pace.GAP
        self._absent = 0
        self._warned = False
        self._lease: Lease | None = None
        self._token: LiveToken | None = None
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
                if due and not self._under_way() and not self._session.identity.limited:
                    self._read(POLL, then)
                return ()
            if self._error is None:
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
        reading = self.reading
        if reading is not None:
            return reading
        error = self._error or VaultUnreachable("Vault has not answered yet", reference=self.reference)
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
            if now < max((self._confirmed or -NEVER) + pace.GAP, self._refused + self._gap, self._next_try):
                return ()
            self._gap = pace.refusal_gap(self._gap, now - self._refused, self._session.vault.refresh_interval)
            self._refused = now
            return (self._read(DEMAND, then),)

    @property
    def state(self) -> State:
        """How good the value is; from memory alone."""
        now = self.now()
        if self.reading is not None and self._usable(now):
            return "fresh" if now < self.fresh_until else "stale"
        return "missing" if self._error is not None else "unread"

    @property
    def age(self) -> float | None:
        """Seconds since Vault last confirmed the value, or None when it never did."""
        confirmed = self._confirmed
        return None if confirmed is None else max(0.0, self.now() - confirmed)

    @property
    def error(self) -> SecretError | None:
        """Why the last try failed, or None."""
        return self._error

    @property
    def origin(self) -> Origin:
        """Where the value comes, or would come, from."""
        reading = self.reading
        return reading.origin if reading is not None else Origin("vault", self._place.path, version=self._place.version)

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        """Have `swap` called after each swap, on the thread that made it; returns what cancels it."""
        return self._subscribers.add(swap)

    def replan(self, token: LiveToken) -> None:
        """That token was replaced: a lease that was issued to it must be replaced before it ends."""
        with self._memory as then:
            if self._lease is not None and self._token is token and not self._under_way():
                self._plan(then)

    def after_fork(self, *, share: bool) -> None:
        """In a forked child: no flight; polls go on, by its own dice; leased credentials are the parent's unless shared."""
        self._memory = Transitions()
        planned, self._planned = self._planned, False
        self._flight, self._renewing = None, False
        self._next_try = self.fresh_until = -NEVER
        if self._lease is not None and self._lease.id and not share:
            # its own are made when it reads: a child that never does needs no account
            self._lease = leases.ended(self._lease, self.now())
            self._notify(self.reading, self.reading)
        elif planned:
            with self._memory as then:
                self._plan(then, first=True)

    def rest(self) -> None:
        """Plan nothing more until somebody reads again; credentials that hang on a token that is revoked have ended."""
        with self._memory:
            self._timer += 1
            self._planned = False
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
            if self._lease is None and self._session.identity.limited:
                return
            if self._lease is not None and self._action == "renew":
                self._renew(then)
            else:
                self._read(POLL if self._lease is None else LEASE, then)

    # What follows, down to `_renew`, is called with the lock held; what it decides is done after it, by `then`.

    def _under_way(self) -> bool:
        return self._flight is not None and not self._flight.ended

    def _hard_end(self) -> float:
        """Monotonic seconds at which leased credentials stop working."""
        if self._lease is None:
            return NEVER
        return self._lease.ends if self._token is None else min(self._lease.ends, self._token.ends)

    def _usable(self, now: float) -> bool:
        if self.reading is None or self._confirmed is None:
            return False
        if self._lease is not None:
            return now < self._hard_end()
        return now < self._confirmed + max(self._session.vault.stale_for, self._fresh_for)

    def _refit(self, then: Then) -> None:
        """Work out until when the value is fresh, which a renewed token puts off; after a fork, plan again."""
        token = self._token
        if self._lease is not None:
            bound = (NEVER, 0.0) if token is None else (token.ends, token.duration or 0.0)
            self.fresh_until = leases.usable_until(self._lease, *bound)
        elif self._confirmed is not None:
            self.fresh_until = self._confirmed + self._fresh_for
        if not self._planned:
            self._plan(then)

    def _drop(self) -> Reading | None:
        dropped, self.reading = self.reading, None
        self._lease = self._token = None
        self.fresh_until = -NEVER
        return dropped

    def _lease_plan(self) -> leases.Plan | None:
        if self._lease is None:
            return None
        orphan = self._token.ends if self._token is not None and self._token.replaced else None
        vault, session = self._session.vault, self._session
        return leases.plan(self._lease, vault.overlap, self.now(), session.rnd, orphan_ends=orphan)

    def _plan(self, then: Then, *, ttl: float | None = None, first: bool = False, failed: bool = False) -> None:
        """Set the one timer of this cell."""
        now, session = self.now(), self._session
        rnd, interval = session.rnd, session.vault.refresh_interval
        plan = self._lease_plan()
        self._action = "reissue"
        if plan is not None:
            if failed and plan.action != "keep":
                plan = leases.retry(plan.action, self._hard_end(), now, rnd)
            self._action = plan.action
            due = plan.at
            if plan.action == "reissue":
                due = max(due, self._issued + leases.SHORTEST)
        elif ttl is not None:
            due = now + pace.static_delay(ttl, interval, rnd)
        else:
            due = now + pace.poll_delay(interval, rnd, first=first)
        if failed:
            self._next_try = due
        self._planned = True
        self._timer += 1
        if due < NEVER:
            timer = Timer(self, self._timer)
            then(lambda: session.scheduler.at(due, timer))

    def _read(self, priority: int, then: Then) -> Flight:
        place, first, session = self._place, self._failures == 0, self._session

        def work(flight: Flight) -> None:
            outcome = session.mounts.fetch(place, flight.call, relogin=first)
            claimed = flight.claim()
            if isinstance(outcome, Found):
                self._found(outcome, late=not claimed)
            elif claimed:
                self._failed(outcome)
            if claimed:
                flight.finish()

        def failed(error: SecretError | None) -> None:
            self._failed(error or timed_out(self.reference, session.resolved.timeout))

        self._renewing = False
        self._flight = flight = session.flight(failed)
        then(lambda: session.send(flight, priority, work, failed))
        return flight

    def _renew(self, then: Then) -> None:
        held, session = self._lease, self._session
        assert held is not None

        def work(flight: Flight) -> None:
            fate, lease = renew(session, held, flight.call)
            if flight.claim():
                self._renewed(held, fate, lease)
                flight.finish()

        self._renewing = True

        def failed(_: SecretError | None) -> None:
            self._renewed(held, "keep", held)

        self._flight = flight = session.flight(failed)
        then(lambda: session.send(flight, LEASE, work, failed))

    # What follows records outcomes; it takes the lock itself, and tells of swaps outside it.

    def _found(self, found: Found, *, late: bool) -> None:
        now, session = self.now(), self._session
        with self._memory as then:
            old, before = self.reading, self._lease
            if late and old is not None and (old.version or 0) >= (found.version or 0):
                # given up on, and overtaken by a newer answer; nobody will use what it may have minted
                unused = found.lease
                if unused is not None:
                    then(lambda: retire(session, unused, now))
                return
            changed = old is None or old.version != found.version or _differ(old.value, found)
            if changed:
                origin = Origin("vault", self._place.path, version=found.version)
                ends = session.vault.clock.time() + found.lease.duration if found.lease is not None else None
                self.reading = Reading(found.data, origin, found.version, ends, gist=found.gist)
            self._lease, self._token = found.lease, found.token
            self._confirmed, self._error, self._failures, self._absent, self._warned = now, None, 0, 0, False
            self._next_try = -NEVER
            if found.lease is not None:
                self._issued, self._next_try = now, now + leases.SHORTEST
            self._fresh_for = pace.fresh_for(session.vault.refresh_interval)
            if found.ttl is not None:
                self._fresh_for = min(self._fresh_for, found.ttl + pace.SLACK)
            self._plan(then, ttl=found.ttl, first=old is None)
            self._refit(then)
        session.succeeded(self)
        if changed:
            self._notify(old, self.reading)
        if before is not None and (found.lease is None or before.id != found.lease.id):
            retire(session, before, leases.retire_at(now, session.vault.overlap))

    def _failed(self, error: SecretError) -> None:
        now, session = self.now(), self._session
        error = error.at("")
        error.reference = self.reference
        with self._memory as then:
            self._error = error
            self._failures += 1
            self._absent = self._absent + 1 if isinstance(error, VaultNotFound) else 0
            kept = self._usable(now) and self._absent < pace.AGREEING
            dropped = None if kept else self._drop()
            if self._confirmed is not None:
                self._plan(then, failed=True)
            if not kept:
                wait = pace.retry_delay(self._failures, session.vault.refresh_interval, session.rnd)
                self._next_try = now + wait
            warn = kept and not self._warned and not isinstance(error, VaultNotFound)
            self._warned = self._warned or kept
        if warn:
            session.failed(self, error)
        if dropped is not None and isinstance(error, VaultNotFound):
            logger().warning("%s: what was read before is dropped: %s", self.reference, error.message)
        self._notify(dropped, None)

    def _renewed(self, held: Lease, fate: leases.Fate, lease: Lease) -> None:
        with self._memory as then:
            if self._lease is not held:
                return
            self._lease, self._renewing = lease, False
            if fate == "renewed":
                self._confirmed, self._error, self._failures = self.now(), None, 0
                if self.reading is not None:
                    self.reading.expires_at = self._session.vault.clock.time() + lease.duration
            elif fate == "keep":
                self._failures += 1
                self._error = self._error or VaultUnreachable(
                    "Vault could not renew the lease", reference=self.reference, help="look at what stands behind it"
                )
            self._plan(then, failed=fate == "keep")
            self._refit(then)

    def _notify(self, old: Reading | None, new: Reading | None) -> None:
        if old is None and new is None:
            return
        for swap in self._subscribers:
            try:
                swap(old, new)
            except Exception as error:  # noqa: BLE001  (a subscriber that raises stops nobody)
                logger().error("a callback for %s failed: %s", self.reference, type(error).__name__)

    def __repr__(self) -> str:
        return f"Cell({self.reference!r}, {self.state})"


def _differ(old: object, found: Found) -> bool:
    """Whether the value changed; the countdown of a static role is no change."""
    if found.lease is not None:
        return True
    if found.ttl is None or not isinstance(old, dict):
        return old != found.data
    return {**old, "ttl": None} != {**found.data, "ttl": None}
