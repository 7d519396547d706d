"""Keeping the leased credentials of one path alive: their lease, and the token that it was issued to.

These functions change what a `Cell` holds, under its lock, and do what follows from that after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from toriconfig._runtime.transitions import Then
from toriconfig._runtime.workers import LEASE
from toriconfig._vault import lease as leases
from toriconfig._vault.http.translate import is_outage, timed_out
from toriconfig._vault.lease import Lease
from toriconfig._vault.lease_requests import renew
from toriconfig.errors import SecretError

if TYPE_CHECKING:
    from toriconfig._runtime.single_flight import Flight
    from toriconfig._vault.auth.token import LiveToken
    from toriconfig._vault.cached_path import Cell


def renew_lease(cell: Cell, held: Lease, then: Then) -> None:
    """Send a renewal; called under the lock of the cell."""
    session = cell._session

    def work(flight: Flight) -> None:
        fate, lease, error = renew(session, held, flight.call)
        if flight.claim():
            _renewed(cell, held, fate, lease, error)
            flight.finish()

    def failed(error: SecretError | None) -> None:
        _renewed(cell, held, "keep", held, error or timed_out(cell.reference, session.resolved.timeout))

    cell._renewing = True
    cell._flight = flight = cell._departing(failed)
    then(lambda: session.send(flight, LEASE, work, failed))


def _renewed(cell: Cell, held: Lease, fate: leases.Fate, lease: Lease, error: SecretError | None) -> None:
    """Record how a renewal ended."""
    session = cell._session
    with cell._memory as then:
        leased = cell._leased
        if leased is None or leased.lease is not held:
            return
        cell._leased, cell._renewing = leased._replace(lease=lease), False
        if fate == "renewed":
            cell._confirmed = cell.now()
            cell._attempts.succeeded()
            if cell.reading is not None:
                cell.reading.expires_at = session.vault.clock.time() + lease.duration
            then(lambda: session.succeeded(cell))
        elif fate == "keep" and error is not None:
            _failed(cell, error, then)
        else:
            cell._attempts.answered()
        cell._plan(then, failed=fate == "keep")
        cell._refit(then)
        if fate == "spent":
            then(lambda: session.outages.not_renewable(cell, error))
        if fate == "gone":
            then(lambda: cell._notify(cell.reading, cell.reading))


def _failed(cell: Cell, error: SecretError, then: Then) -> None:
    error = error.at("")
    error.reference = cell.reference
    cell._attempts.failed(error)
    cell._warn(error, then)


def depends_on(cell: Cell, token: LiveToken) -> bool:
    """True if the credentials of a cell end with that token."""
    leased = cell._leased
    return leased is not None and leased.token is token


def token_changed(cell: Cell, token: LiveToken) -> None:
    """Update a cell after that token was replaced, ended or got an earlier end.

    Leases of the token are replaced before the token ends.
    """
    with cell._memory as then:
        leased = cell._leased
        if leased is None or leased.token is not token:
            return
        if leased.fresh_until < cell.fresh_until:
            cell.fresh_until = leased.fresh_until
            then(lambda: cell._notify(cell.reading, cell.reading))
        if not cell._under_way():
            cell._plan(then)


def token_failed(cell: Cell, token: LiveToken, error: SecretError, asked: float) -> None:
    """Record that a token could not be renewed or replaced, if the token ends before the cell's lease.

    Args:
        cell: whose credentials may end with it.
        token: which.
        error: why not.
        asked: monotonic seconds at which that was tried.
    """
    with cell._memory as then:
        leased = cell._leased
        if leased is not None and leased.token is token and token.ends < leased.lease.ends:
            cell._attempts.sent(asked)
            _failed(cell, error, then)


def token_renewed(cell: Cell, token: LiveToken) -> None:
    """Clear an outage of a cell after its token was renewed, because the cell's lease is safe again."""
    with cell._memory as then:
        if depends_on(cell, token) and is_outage(cell._attempts.error):
            cell._attempts.succeeded()
            cell._refit(then)
            then(lambda: cell._session.succeeded(cell))


def vault_answers(cell: Cell) -> None:
    """An outage is over: what has ended meanwhile is replaced at once, since Vault revokes it now."""
    with cell._memory as then:
        if cell._leased is not None and cell.now() >= cell._leased.ends and not cell._under_way():
            cell._read(LEASE, then)
