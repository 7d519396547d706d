"""Requests that renew or revoke a lease."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toriconfig._runtime.deadline import Deadline
from toriconfig._runtime.workers import POLL
from toriconfig._vault import lease as leases
from toriconfig._vault.http.envelope import seconds
from toriconfig._vault.http.response import Answer
from toriconfig._vault.http.translate import error_of
from toriconfig._vault.lease import Lease, RenewalOutcome
from toriconfig.errors import SecretError, VaultDenied

if TYPE_CHECKING:
    from toriconfig._runtime.single_flight import Flight
    from toriconfig._vault.requester import PathRequester, WorkerRequester

RENEW = "sys/leases/renew"


def renew(
    requester: WorkerRequester, current: Lease, deadline: Deadline
) -> tuple[RenewalOutcome, Lease, SecretError | None]:
    """Request the renewal of a lease. Return `(outcome, lease after the request, error)`.

    The function `renewal_outcome` explains the outcomes. The error is None if the outcome is "renewed".
    """
    outcome: RenewalOutcome
    error: SecretError | None
    asked = requester.executor.now()
    body = {"lease_id": current.id, "increment": int(current.term)}
    answer = requester.ask(deadline, "POST", RENEW, body, check=False, relogin=False)
    if isinstance(answer, Answer):
        outcome = leases.renewal_outcome(answer.status, answer.text)
        error = error_of(answer, "POST", RENEW, namespace=requester.resolved.namespace)
    else:
        outcome, error = "final" if isinstance(answer, VaultDenied) else "unchanged", answer
    if outcome == "renewed" and isinstance(answer, Answer):
        granted, renewable = seconds(answer.body.get("lease_duration")) or 0.0, bool(answer.body.get("renewable"))
        return outcome, leases.renewed(current, asked, granted, renewable=renewable), None
    if outcome == "ended":
        return outcome, leases.ended(current, asked), error
    if outcome == "final":
        return outcome, leases.renewed(current, current.granted, current.duration, renewable=False), error
    return outcome, current, error


def retire(requester: PathRequester, old: Lease, at: float) -> None:
    """Plan the revocation of replaced credentials at the monotonic time `at`, if a revocation is needed and permitted.

    At that time, no request is sent if no token is in memory.
    """
    if not old.id or old.ends <= at or not requester.may_revoke:
        return

    def work(flight: Flight) -> None:
        answer = requester.ask(flight.deadline, "POST", "sys/leases/revoke", {"lease_id": old.id}, relogin=False)
        if isinstance(answer, VaultDenied):
            requester.may_revoke = False
        if flight.claim():
            flight.finish()

    # without a login, after a shutdown, the lease has ended with its token, or ends by itself
    requester.executor.scheduler.at(at, lambda: requester.logged_in and requester.launch(POLL, work))
