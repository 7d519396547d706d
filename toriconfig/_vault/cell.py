"""One path's value: read once for all who ask, kept, refreshed, swapped whole."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from weakref import ref

from toriconfig._origin import Origin
from toriconfig._supply import Reading, State, Swap
from toriconfig._vault import lease as leases
from toriconfig._vault import pace
from toriconfig._vault.answer import Answer
from toriconfig._vault.kv import Found
from toriconfig._vault.lease import Lease
from toriconfig._vault.log import logger
from toriconfig._vault.wall import timed_out
from toriconfig._vault.workers import DEMAND, LEASE, POLL
from toriconfig.errors import SecretError, VaultDenied, VaultNotFound, VaultUnreachable

if TYPE_CHECKING:
    from toriconfig._vault.flight import Flight
    from toriconfig._vault.session import Session
    from toriconfig._vault.token import LiveToken

NEVER = float("inf")
GAP = 1.0
"""Seconds within which a value that was just confirmed is not asked for again by `refresh`."""


class Cell:
    """A `Supply` for one path of Vault; `reading.value` is the dict of its keys.

    The lock guards transitions of memory alone; no request, callback or wait ever happens under it.
    """

    def __init__(self, session: Session, path: str, version: int | None) -> None:
        self.reading: Reading | None = None
        self.fresh_until = -NEVER
        self.now = session.now
        self.reference = path if version is None else f"{path}?version={version}"
        self._session = session
        self._path = path
        self._pinned = version
        self._lock = threading.RLock()
        self._subscribers: tuple[Swap, ...] = ()
        self._error: SecretError | None = None
        self._flight: Flight | None = None
        self._renewing = False
        self._confirmed: float | None = None
        self._fresh_for = 0.0
        self._next_try = -NEVER
        self._failures = 0
        self._absent = 0
        self._warned = False
        self._lease: Lease | None = None
        self._token: LiveToken | None = None
        self._issued = -NEVER
        self._timer = 0
        self._planned = False

    def pending(self) -> Sequence[Flight]:
        """Start what must be fetched before `settle` can answer; a refresh of a usable value goes on behind."""
        now = self.now()
        dropped: Reading | None = None
        with self._lock:
            if self._usable(now):
                self._refit(now)
                if now >= self.fresh_until and now >= self._next_try and not self._under_way():
                    self._read(DEMAND)
                return ()
            dropped = self._drop()
            flight = self._flight
            if flight is None or flight.ended or self._renewing:
                flight = self._read(DEMAND) if now >= self._next_try else None
        self._notify(dropped, None)
        return () if flight is None else (flight,)

    def settle(self) -> Reading:
        """The value now.

        Raises:
            SecretError: there is none; the error of the last try says why.
        """
        reading = self.reading
        if reading is not None and self._usable(self.now()):
            return reading
        error = self._error or VaultUnreachable("Vault has not answered yet", reference=self.reference)
        raise error.at("")

    def refresh(self) -> Sequence[Flight]:
        """Ask now, because the value was refused by what it opens; at most once a second.

        Returns what can be waited for; after that, `reading` is the newest that can be had.
        """
        now = self.now()
        with self._lock:
            if self._under_way() and not self._renewing:
                assert self._flight is not None
                return (self._flight,)
            if now < (self._confirmed or -NEVER) + GAP or now < self._next_try < now + GAP:
                return ()
            return (self._read(DEMAND),)

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
        return reading.origin if reading is not None else Origin("vault", self._path, version=self._pinned)

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        """Have `swap` called after each swap, on the thread that made it; returns what cancels it."""
        with self._lock:
            self._subscribers = (*self._subscribers, swap)

        def cancel() -> None:
            with self._lock:
                self._subscribers = tuple(one for one in self._subscribers if one is not swap)

        return cancel

    def replan(self, token: LiveToken) -> None:
        """That token was replaced: a lease that was issued to it must be replaced before it ends."""
        with self._lock:
            if self._lease is not None and self._token is token and not self._under_way():
                self._plan()

    def after_fork(self, *, share: bool) -> None:
        """In a forked child: no flight, no timer; leased credentials are the parent's unless shared."""
        self._lock = threading.RLock()
        self._flight, self._renewing, self._planned = None, False, False
        self._next_try = self.fresh_until = -NEVER
        if self._lease is not None and not share:
            self._lease = self._token = None
            self._notify(self._drop(), None)

    # what follows runs under the lock, down to `_notify`

    def _under_way(self) -> bool:
        return self._flight is not None and not self._flight.ended

    def _hard_end(self) -> float:
        """Monotonic seconds at which the value stops working."""
        if self._lease is not None and self._token is not None:
            return min(self._lease.ends, self._token.ends)
        return NEVER

    def _usable(self, now: float) -> bool:
        if self.reading is None or self._confirmed is None:
            return False
        if self._lease is not None:
            return now < self._hard_end()
        return now < self._confirmed + max(self._session.vault.stale_for, self._fresh_for)

    def _refit(self, now: float) -> None:
        """Work out again until when the value is fresh: its token may have been renewed meanwhile."""
        if self._confirmed is None:
            return
        if self._lease is not None and self._token is not None:
            self.fresh_until = leases.usable_until(self._lease, self._token.ends)
        elif self._error is None:
            self.fresh_until = self._confirmed + self._fresh_for
        if not self._planned:
            self._plan()

    def _drop(self) -> Reading | None:
        dropped, self.reading = self.reading, None
        self.fresh_until = -NEVER
        return dropped

    def _read(self, priority: int) -> Flight:
        path, pinned, first = self._path, self._pinned, self._failures == 0
        session = self._session

        def work(flight: Flight) -> None:
            outcome = session.mounts.fetch(path, pinned, flight.call, relogin=first)
            self._land(flight, outcome)

        self._renewing = False
        self._flight = session.launch(priority, work, self._expired)
        return self._flight

    def _renew(self) -> None:
        held, session = self._lease, self._session
        assert held is not None

        def work(flight: Flight) -> None:
            asked = session.now()
            body = {"lease_id": held.id, "increment": int(held.term)}
            answer = session.ask(flight.call, "POST", "sys/leases/renew", body, check=False, relogin=False)
            if flight.claim():
                self._renewed(held, asked, answer)
                flight.finish()

        self._renewing = True
        self._flight = session.launch(LEASE, work, self._expired)

    def _expired(self, flight: Flight) -> None:
        with self._lock:
            renewing = self._renewing
        if renewing:
            self._renew_failed()
        else:
            self._failed(timed_out(self.reference, self._session.resolved.timeout))

    def _land(self, flight: Flight, outcome: Found | SecretError) -> None:
        """Record the outcome; one that comes after its deadline counts when it brings a value."""
        claimed = flight.claim()
        if isinstance(outcome, Found):
            self._found(outcome)
        elif claimed:
            self._failed(outcome)
        if claimed:
            flight.finish()

    def _found(self, found: Found) -> None:
        now = self.now()
        session = self._session
        with self._lock:
            old, retired = self.reading, self._lease
            changed = old is None or old.version != found.version or _differ(old.value, found)
            if changed:
                origin = Origin("vault", self._path, version=found.version)
                ends = session.vault.clock.time() + found.lease.duration if found.lease is not None else None
                self.reading = Reading(found.data, origin, found.version, ends)
            self._lease, self._token = found.lease, found.token
            self._confirmed, self._error, self._failures, self._absent = now, None, 0, 0
            self._warned = False
            if found.lease is not None:
                self._issued = now
            self._fresh_for = pace.fresh_for(session.vault.refresh_interval)
            if found.ttl is not None:
                self._fresh_for = min(self._fresh_for, found.ttl + pace.SLACK)
            self._planned = False
            first = old is None
            self._refit_after(found, first)
        session.succeeded(self)
        if changed:
            self._notify(old, self.reading)
        if retired is not None and (found.lease is None or retired.id != found.lease.id):
            self._retire(retired, now)

    def _refit_after(self, found: Found, first: bool) -> None:
        self._planned = True
        self._refit(self.now())
        self._plan(ttl=found.ttl, first=first)

    def _failed(self, error: SecretError) -> None:
        now = self.now()
        session = self._session
        dropped: Reading | None = None
        kept = False
        with self._lock:
            error = error.at("")
            error.reference = self.reference
            self._error = error
            self._failures += 1
            self._absent = self._absent + 1 if isinstance(error, VaultNotFound) else 0
            if self._absent >= pace.AGREEING:
                dropped = self._drop()
                self._lease = self._token = None
            if self._usable(now):
                kept = True
                self._plan(failed=True)
            else:
                wait = pace.retry_delay(self._failures, session.vault.refresh_interval, session.rnd)
                self._next_try = now + wait
                if self._confirmed is not None:
                    self._plan(failed=True, at_least=self._next_try)
            warn = kept and not self._warned and (not isinstance(error, VaultNotFound))
            self._warned = self._warned or kept
        if warn:
            session.failed(self, error)
        self._notify(dropped, None)

    def _renewed(self, held: Lease, asked: float, answer: Answer | SecretError) -> None:
        fate: leases.Fate = "forbidden" if isinstance(answer, VaultDenied) else "keep"
        if isinstance(answer, Answer):
            fate = leases.fate(answer.status, answer.text)
        with self._lock:
            if self._lease is not held:
                return
            if isinstance(answer, Answer) and fate == "renewed":
                seconds, renewable = answer.body.get("lease_duration") or 0, answer.body.get("renewable")
                self._lease = leases.renewed(held, asked, float(seconds), bool(renewable))
                self._confirmed, self._error, self._failures = self.now(), None, 0
                if self.reading is not None:
                    self.reading.expires_at = self._session.vault.clock.time() + self._lease.duration
            elif fate == "gone":
                self._lease = leases.renewed(held, asked, 0.001, False)
            elif fate == "forbidden":
                self._lease = leases.renewed(held, held.granted, held.duration, False)
            else:
                self._renew_failed()
                return
            self._renewing = False
            self._planned = True
            self._refit(self.now())
            self._plan()

    def _renew_failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._renewing = False
            self._plan(failed=True)

    def _plan(
        self, *, ttl: float | None = None, first: bool = False, failed: bool = False, at_least: float = 0.0
    ) -> None:
        """Set the one timer of this cell."""
        now, session = self.now(), self._session
        rnd, interval = session.rnd, session.vault.refresh_interval
        action = "read"
        if self._lease is not None and self._token is not None:
            orphan = self._token.ends if self._token.replaced else None
            planned = leases.plan(self._lease, session.vault.overlap, now, rnd, orphan_ends=orphan)
            action, due = planned.action, planned.at
            if action == "reissue":
                due = max(due, self._issued + leases.SHORTEST)
            if failed:
                due = max(due, now + leases.retry_delay(self._failures, self._hard_end() - now, rnd))
        elif ttl is not None and not failed:
            due = now + pace.static_delay(ttl, interval, rnd)
        else:
            due = now + pace.poll_delay(interval, rnd, first=first and not failed)
        due = max(due, at_least)
        if failed:
            self._next_try = due
        self._planned = True
        self._timer += 1
        if due < NEVER:
            session.scheduler.at(due, _Timer(self, self._timer))

    def due(self, timer: int) -> None:
        """The timer went off: obey the plan, unless it was overtaken."""
        with self._lock:
            if timer != self._timer or self._under_way():
                return
            held, token = self._lease, self._token
            if held is None or token is None:
                self._read(POLL)
                return
            now = self.now()
            orphan = token.ends if token.replaced else None
            if (
                leases.plan(held, self._session.vault.overlap, now, self._session.rnd, orphan_ends=orphan).action
                == "renew"
            ):
                self._renew()
            else:
                self._read(LEASE)

    def _retire(self, old: Lease, swapped: float) -> None:
        """Let replaced credentials go after the overlap, where the policy allows it; else they end by themselves."""
        session = self._session
        at = leases.retire_at(swapped, session.vault.overlap)
        if old.ends <= at or not session.identity.may_revoke:
            return

        def work(flight: Flight) -> None:
            answer = session.ask(
                flight.call, "POST", "sys/leases/revoke", {"lease_id": old.id}, check=False, relogin=False
            )
            if isinstance(answer, VaultDenied):
                session.identity.may_revoke = False
            if flight.claim():
                flight.finish()

        session.scheduler.at(at, lambda: _nothing(session.launch(POLL, work)))

    def _notify(self, old: Reading | None, new: Reading | None) -> None:
        if old is new:
            return
        for swap in self._subscribers:
            try:
                swap(old, new)
            except Exception as error:
                logger().error("a callback for %s failed: %s", self.reference, type(error).__name__)

    def __repr__(self) -> str:
        return f"Cell({self.reference!r}, {self.state})"


class _Timer:
    """A due date that does not keep its cell alive."""

    __slots__ = ("_cell", "_number")

    def __init__(self, cell: Cell, number: int) -> None:
        self._cell = ref(cell)
        self._number = number

    def __call__(self) -> None:
        cell = self._cell()
        if cell is not None:
            cell.due(self._number)


def _differ(old: object, found: Found) -> bool:
    """Whether the value changed; the countdown of a static role is no change."""
    if found.lease is not None:
        return True
    if found.ttl is None or not isinstance(old, dict):
        return old != found.data
    return {**old, "ttl": None} != {**found.data, "ttl": None}


def _nothing(_: object) -> None:
    return None
