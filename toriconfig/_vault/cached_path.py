"""Value of one path of Vault, cached for all readers and kept current."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toriconfig._core.markers import ParsedReference
from toriconfig._core.origin import Origin
from toriconfig._runtime.transitions import Then, Transitions
from toriconfig._runtime.workers import LEASE, POLL
from toriconfig._secrets.cached_value import CachedValue
from toriconfig._secrets.provider import NEVER, Reading
from toriconfig._vault import lease as leases
from toriconfig._vault import timing
from toriconfig._vault.attempts import PathAttempts
from toriconfig._vault.engines.paths import issues_on_read
from toriconfig._vault.http.translate import is_outage, timed_out
from toriconfig._vault.lease_requests import retire
from toriconfig._vault.leased import Leased
from toriconfig._vault.log import LOGGER, logger
from toriconfig._vault.renewal import renew_lease, vault_answers
from toriconfig._vault.result import ReadResult
from toriconfig.errors import SecretError, VaultNotFound, VaultUnreachable

if TYPE_CHECKING:
    from toriconfig._runtime.single_flight import Failed, Flight
    from toriconfig._vault.engines.kv import Mounts
    from toriconfig._vault.outages import VaultOutages
    from toriconfig._vault.requester import PathRequester


class CachedPath(CachedValue):
    """Provider of one path of Vault. `reading.value` is a dict of the keys and values of the path.

    Args:
        requester: object that sends the requests.
        mounts: object that reads the path.
        outages: object that logs the warnings.
        parsed: the path, with its version or parameters.
    """

    LOGGER = LOGGER

    _attempts: PathAttempts
    _confirmed: float | None

    def __init__(
        self, requester: PathRequester, mounts: Mounts, outages: VaultOutages, parsed: ParsedReference
    ) -> None:
        origin = Origin("vault", parsed.path, version=parsed.version)
        super().__init__(requester.executor, str(parsed), origin, PathAttempts())
        self.store = (frozenset(requester.resolved.addresses), requester.resolved.namespace)
        self._requester = requester
        self._mounts = mounts
        self._outages = outages
        self._vault = requester.resolved.vault
        self._parsed = parsed
        self._renewing = False
        self._fresh_for = 0.0
        self._leased: Leased | None = None
        self._issued = -NEVER
        self._action: leases.Action = "reissue"

    def after_fork(self, *, share: bool) -> None:
        """In a forked child: forget the request of the parent. If the parent had planned a request, plan a new one.

        Args:
            share: True: keep the parent's leased credentials. False: request new credentials at the next read.
        """
        self._memory = Transitions()
        planned, self._planned = self._planned, False
        self._flight, self._renewing = None, False
        self._next_try = self.fresh_until = -NEVER
        leased = self._leased
        if leased is not None and leased.lease.id and not share:
            # the child gets its own at its first read: a child that never reads needs no account
            self._leased = leased._replace(lease=leases.ended(leased.lease, self.now()))
            self._notify(self.reading, self.reading)
        elif planned:
            with self._memory as then:
                self._plan(then, first=True)

    def rest(self) -> None:
        """Cancel the planned request. The next read plans a new request.

        If the cached value is too old to be returned to readers, notify the subscribers.
        """
        with self._memory:
            self._clear_timer()
            self._attempts.answered()  # the answer to a request under way will not be used
            ended = self.reading is not None and not self._usable(self.now())
            if ended:
                self.fresh_until = -NEVER
        if ended:
            self._notify(self.reading, self.reading)

    def due(self, timer: int) -> None:
        """Start the planned read or renewal.

        Do nothing if a later timer has replaced `timer`, or if a request is under way. If the token has a limited
        number of uses, a value without a lease is not read.
        """
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
        """Request new credentials if the lease of this path ended during an outage. Called when Vault answers again."""
        vault_answers(self)

    @property
    def _interval(self) -> float:
        return self._vault.refresh_interval

    def _usable(self, now: float) -> bool:
        if self.reading is None or self._confirmed is None:
            return False
        stale_for = self._vault.stale_for
        if self._leased is not None:
            return self._leased.works(now, self._attempts.outage_since, stale_for)
        return now < self._confirmed + max(stale_for, self._fresh_for)

    def _fresh(self, now: float) -> bool:
        if self._leased is None:
            return now < self.fresh_until
        # not `self.fresh_until`, since the token may have been renewed meanwhile
        return now < self._leased.fresh_until and self._attempts.error is None

    def _fetching(self) -> Flight | None:
        return None if self._renewing else super()._fetching()

    def _may_poll(self) -> bool:
        return not self._requester.limited

    def _may_retry(self, now: float) -> bool:
        # a server that refuses credentials shows that they ended: the pause after a failed request does not apply
        return self._leased is not None or now >= self._next_try

    def _may_ask(self) -> bool:
        return self._leased is None or self.now() >= self._issued + leases.REISSUE_GAP

    def _always_new(self) -> bool:
        return self._leased is not None or issues_on_read(self._parsed.path)

    def _on_demand(self) -> None:
        self._requester.forget_failures()

    def _unanswered(self) -> SecretError:
        return VaultUnreachable("Vault has not answered yet", reference=self.reference)

    def _update_freshness(self, then: Then) -> None:
        """Update `fresh_until`. If no request is planned, plan the next request.

        `then` receives the functions to call after the lock is released.
        """
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
        now, rnd, interval = self.now(), self._executor.rnd, self._interval
        tried, self._action = self._action, "reissue"
        if self._leased is not None:
            failures = self._attempts.failures if failed else 0
            plan = self._leased.plan(self._vault, now, rnd, tried=tried, failures=failures)
            self._action, due = plan
            if self._action == "reissue":
                due = max(due, self._issued + leases.REISSUE_GAP)
        elif ttl is not None:
            due = now + timing.static_delay(ttl, interval, rnd)
        else:
            due = now + timing.poll_delay(interval, rnd, first=first)
        if failed:
            self._next_try = due
        self._set_timer(due, then)

    def _read(self, priority: int, then: Then) -> Flight:
        parsed, first, requester = self._parsed, self._attempts.failures == 0, self._requester

        def work(flight: Flight) -> None:
            outcome = self._mounts.fetch(parsed, flight.deadline, relogin=first)
            claimed = flight.claim()
            if isinstance(outcome, ReadResult):
                self._record(outcome, late=not claimed or self._flight is not flight)
            elif claimed:
                failed(outcome)
            if claimed:
                flight.finish()

        def failed(error: SecretError | None) -> None:
            if self._flight is flight:  # else a later request was sent
                self._record_error(error or timed_out(self.reference, requester.resolved.timeout))

        self._renewing = False
        self._flight = flight = self._new_flight(failed)
        then(lambda: requester.send(flight, priority, work, failed))
        return flight

    def _new_flight(self, failed: Failed) -> Flight:
        self._attempts.sent(self.now())
        return self._requester.flight(failed)

    def _warn(self, error: SecretError, then: Then) -> None:
        """Log that the value could not be confirmed, but only once until the next success.

        If the value is leased, also set `self.reading.expires_at` to the end of the lease or of the Vault token,
        whichever is first. The call that logs is passed to `then`, and runs after the lock is released.
        """
        leased, vault = self._leased, self._vault
        if leased is not None and self.reading is not None and leased.ends < NEVER:
            self.reading.expires_at = (
                vault.clock.time() + leased.ends - self.now()
            )  # the token may end before the lease
        if not self._attempts.take_warning():
            return
        used = f"what was read before is used for up to {vault.stale_for:g} s"
        if leased is not None:
            used = leased.remaining_use(self.now(), vault.clock.time(), vault.stale_for, outage=is_outage(error))
        outage, alone = is_outage(error), leased is not None
        then(lambda: self._outages.failed(self, str(error), used, outage=outage, alone=alone))

    # The methods below record outcomes. They take the lock themselves, and call subscribers without it.

    def _record(self, result: ReadResult, *, late: bool) -> None:
        now, vault = self.now(), self._vault
        with self._memory as then:
            old, before = self.reading, self._leased
            if late and old is not None and _number(old) >= (result.version or 0):
                # its deadline has passed, and a newer answer came first; credentials in it will not be used
                unused = result.lease
                if unused is not None:
                    then(lambda: retire(self._requester, unused, now))
                return
            changed = old is None or old.version != result.version or result.differs(old.value)
            if changed:
                origin = Origin("vault", self._parsed.path, version=result.version)
                ends = vault.clock.time() + result.lease.duration if result.lease is not None else None
                self.reading = Reading(result.data, origin, result.version, ends, comparable=result.comparable)
            self._leased = Leased(result.lease, result.token) if result.lease is not None else None
            self._confirmed = now
            self._attempts.succeeded()
            self.counts.reads += 1
            self._next_try = -NEVER
            if result.lease is not None:
                self._issued, self._next_try = now, now + leases.REISSUE_GAP
            self._fresh_for = timing.fresh_for(vault.refresh_interval)
            if result.ttl is not None:
                self._fresh_for = min(self._fresh_for, result.ttl + timing.SLACK)
            self._plan(then, ttl=result.ttl, first=old is None)
            self._update_freshness(then)
        self._outages.confirmed(self)
        if changed:
            self._notify(old, self.reading)
        if before is not None and (result.lease is None or before.lease.id != result.lease.id):
            retire(self._requester, before.lease, leases.retire_at(now, vault.overlap))

    def _record_error(self, error: SecretError) -> None:
        now = self.now()
        error = error.at("")
        error.reference = self.reference
        with self._memory as then:
            self._attempts.failed(error)
            self.counts.failures += 1
            usable = self._usable(now) and not self._attempts.gone
            dropped = None if usable else self._drop()
            if self._confirmed is not None:
                self._plan(then, failed=True)
            if usable:
                self._warn(error, then)
            else:
                rnd = self._executor.rnd
                self._next_try = now + timing.retry_delay(self._attempts.failures, self._interval, rnd)
        if dropped is not None and isinstance(error, VaultNotFound):
            logger().warning("%s: what was read before is dropped: %s", self.reference, error.message)
        self._notify(dropped, None)


def _number(reading: Reading) -> int:
    return reading.version if isinstance(reading.version, int) else 0
