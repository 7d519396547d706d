"""Requests about a lease, as decided in `lease.py`, and timers of the owners of leases and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from toriconfig._runtime.deadline import Call
from toriconfig._runtime.workers import POLL
from toriconfig._vault import lease as leases
from toriconfig._vault.http.envelope import seconds
from toriconfig._vault.http.response import Answer
from toriconfig._vault.http.translate import error_of
from toriconfig._vault.lease import Fate, Lease
from toriconfig.errors import SecretError, VaultDenied

if TYPE_CHECKING:
    from toriconfig._runtime.single_flight import Flight
    from toriconfig._vault.auth.identity import Identity
    from toriconfig._vault.cached_path import Cell
    from toriconfig._vault.session import Session

RENEW = "sys/leases/renew"


def renew(session: Session, held: Lease, call: Call) -> tuple[Fate, Lease, SecretError | None]:
    """Ask for a renewal; what it means, the lease as it stands then, and why it could not be renewed."""
    fate: Fate
    error: SecretError | None
    asked = session.now()
    body = {"lease_id": held.id, "increment": int(held.term)}
    answer = session.ask(call, "POST", RENEW, body, check=False, relogin=False)
    if isinstance(answer, Answer):
        fate, error = leases.fate(answer.status, answer.text), error_of(answer, "POST", RENEW)
    else:
        fate, error = "spent" if isinstance(answer, VaultDenied) else "keep", answer
    if fate == "renewed" and isinstance(answer, Answer):
        granted, renewable = seconds(answer.body.get("lease_duration")) or 0.0, bool(answer.body.get("renewable"))
        return fate, leases.renewed(held, asked, granted, renewable=renewable), None
    if fate == "gone":
        return fate, leases.ended(held, asked), error
    if fate == "spent":
        return fate, leases.renewed(held, held.granted, held.duration, renewable=False), error
    return fate, held, error


def retire(session: Session, old: Lease, at: float) -> None:
    """Let replaced credentials go at `at`, where they can be and the policy allows it; else they end by themselves."""
    if not old.id or old.ends <= at or not session.identity.may_revoke:
        return

    def work(flight: Flight) -> None:
        answer = session.ask(flight.call, "POST", "sys/leases/revoke", {"lease_id": old.id}, relogin=False)
        if isinstance(answer, VaultDenied):
            session.identity.may_revoke = False
        if flight.claim():
            flight.finish()

    # after a shutdown nobody is logged in: it went with its token, or ends by itself
    session.scheduler.at(at, lambda: session.identity.current and session.launch(POLL, work))


class Timer:
    """A due date that does not keep alive what it is for.

    Args:
        owner: whose `due` is called, if it is still there.
        what: is due.
    """

    __slots__ = ("_owner", "_what")

    def __init__(self, owner: Cell | Identity, what: Any) -> None:
        self._owner = ref(owner)
        self._what = what

    def __call__(self) -> None:
        owner = self._owner()
        if owner is not None:
            owner.due(self._what)
