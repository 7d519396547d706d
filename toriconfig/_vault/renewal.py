"""Renewal of leases, and the changes to leases whose token was renewed, replaced or lost.

Each cached path is changed under its lock. The parameter `then` of a function collects actions, such as a request or a
log message, which run after the lock is released.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from toriconfig._runtime.transitions import Then
from toriconfig._runtime.workers import LEASE
from toriconfig._vault import lease as leases
from toriconfig._vault.http.translate import is_outage, timed_out
from toriconfig._vault.lease import Lease
from toriconfig._vault.lease_requests import renew
from toriconfig._vault.outages import Affected, VaultOutages
from toriconfig.errors import SecretError

if TYPE_CHECKING:
    from toriconfig._runtime.single_flight import Failed, Flight
    from toriconfig._runtime.transitions import Transitions
    from toriconfig._secrets.counts import Counts
    from toriconfig._secrets.provider import Reading
    from toriconfig._vault.attempts import PathAttempts
    from toriconfig._vault.leased import Leased
    from toriconfig._vault.requester import PathRequester
    from toriconfig._vault.token import LiveToken


class LeasedPath(Affected, Protocol):
    """Protocol of a cached path with leased credentials; see `CachedPath`."""

    reading: Reading | None
    fresh_until: float
    now: Callable[[], float]
    counts: Counts
    _requester: PathRequester
    _outages: VaultOutages
    _memory: Transitions
    _attempts: PathAttempts
    _leased: Leased | None
    _flight: Flight | None
    _renewing: bool
    _confirmed: float | None

    def _under_way(self) -> bool: ...
    def _plan(self, then: Then, *, failed: bool = False) -> None: ...
    def _update_freshness(self, then: Then) -> None: ...
    def _read(self, priority: int, then: Then) -> Flight: ...
    def _fetching(self) -> Flight | None: ...
    def _new_flight(self, failed: Failed) -> Flight: ...
    def _warn(self, error: SecretError, then: Then) -> None: ...
    def _notify(self, old: Reading | None, new: Reading | None) -> None: ...


class LeasesOfTokens:
    """The leased credentials of a session. Each lease ends at the latest when its token ends.

    Args:
        paths: function that returns the cached paths of the session.
    """

    def __init__(self, paths: Callable[[], Iterable[LeasedPath]]) -> None:
        self._paths = paths

    def any_on(self, token: LiveToken) -> bool:
        """True if any of the leased credentials were requested with `token`."""
        return any(_depends_on(path, token) for path in self._paths())

    def token_changed(self, token: LiveToken) -> None:
        """Recalculate, for each lease requested with `token`, when to renew the lease or request new credentials.

        Called after another token has replaced `token`, or after the end of `token` has changed.
        """
        for path in self._paths():
            with path._memory as then:
                leased = path._leased
                if leased is not None and leased.token is token:
                    _plan_anew(path, leased, then)

    def token_failed(self, token: LiveToken, error: SecretError, asked: float) -> None:
        """Record `error` for each lease that was requested with `token` and would end later than `token`.

        Args:
            token: the token, whose renewal or replacement has failed.
            error: error of the failed request.
            asked: monotonic seconds at which the request was sent.
        """
        for path in self._paths():
            with path._memory as then:
                leased = path._leased
                if leased is not None and leased.token is token and token.ends < leased.lease.ends:
                    path._attempts.sent(asked)
                    _failed(path, error, then)

    def token_renewed(self, token: LiveToken) -> None:
        """After a renewal of `token`, clear the error "Vault is down" of the leases requested with `token`."""
        for path in self._paths():
            with path._memory as then:
                if _depends_on(path, token) and is_outage(path._attempts.error):
                    path._attempts.succeeded()
                    path._update_freshness(then)
                    then(partial(path._outages.confirmed, path))


def renew_lease(path: LeasedPath, current: Lease, then: Then) -> None:
    """Start the renewal of the lease `current`. The caller must hold the lock of `path`.

    The request is passed to `then`, and is sent after the caller has released the lock.
    """
    requester = path._requester

    def work(flight: Flight) -> None:
        outcome, lease, error = renew(requester, current, flight.deadline)
        if flight.claim():
            _renewed(path, current, outcome, lease, error)
            flight.finish()

    def failed(error: SecretError | None) -> None:
        _renewed(path, current, "unchanged", current, error or timed_out(path.reference, requester.resolved.timeout))

    path._renewing = True
    path._flight = flight = path._new_flight(failed)
    then(lambda: requester.send(flight, LEASE, work, failed))


def _renewed(
    path: LeasedPath, current: Lease, outcome: leases.RenewalOutcome, lease: Lease, error: SecretError | None
) -> None:
    """Record the outcome of a renewal of `current`. Do nothing if the path has another lease by now.

    `outcome`, `lease` and `error` are the results of `lease_requests.renew`.
    """
    requester = path._requester
    with path._memory as then:
        leased = path._leased
        if leased is None or leased.lease is not current:
            return
        path._leased, path._renewing = leased._replace(lease=lease), False
        if outcome == "renewed":
            path._confirmed = path.now()
            path._attempts.succeeded()
            if path.reading is not None:
                path.reading.expires_at = requester.resolved.vault.clock.time() + lease.duration
            then(lambda: path._outages.confirmed(path))
        elif outcome == "unchanged" and error is not None:
            _failed(path, error, then)
        else:
            path._attempts.answered()
        path._plan(then, failed=outcome == "unchanged")
        path._update_freshness(then)
        if outcome == "final":
            then(lambda: path._outages.not_renewable(path, error))
        if outcome == "ended":
            then(lambda: path._notify(path.reading, path.reading))


def _failed(path: LeasedPath, error: SecretError, then: Then) -> None:
    error = error.at("")
    error.reference = path.reference
    path._attempts.failed(error)
    path.counts.failures += 1
    path._warn(error, then)


def _depends_on(path: LeasedPath, token: LiveToken) -> bool:
    leased = path._leased
    return leased is not None and leased.token is token


def _plan_anew(path: LeasedPath, leased: Leased, then: Then) -> None:
    if leased.fresh_until < path.fresh_until:
        path.fresh_until = leased.fresh_until
        then(lambda: path._notify(path.reading, path.reading))
    if not path._under_way():
        path._plan(then)


def vault_answers(path: LeasedPath) -> None:
    """Request new credentials at once if the credentials of `path` have ended. Called after an outage of Vault.

    Vault could not revoke the old credentials during the outage, but revokes them now.
    """
    with path._memory as then:
        if path._leased is not None and path.now() >= path._leased.ends and not path._under_way():
            path._read(LEASE, then)
