"""Next step for a lease, and the time of this step, as pure functions.

A lease ends at its own end or at the end of the token that requested it, whichever is first. New credentials are
requested while the old ones still work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from toriconfig._vault.timing import Random, near_maximum, retry_delay

Action = Literal["renew", "reissue", "keep"]

NEVER = float("inf")

REISSUE_GAP = 1.0
"""Seconds between two requests for new credentials of one path, at least. Bounds the number of accounts created."""

RETRY_SPREAD = 1200.0
"""Seconds over which the retries of a fleet are spread, at most."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Present state of a lease.

    Attributes:
        id: id that Vault has assigned; "" for data that has an end but no lease in Vault, such as a certificate.
        renewable: True if Vault accepts a renewal.
        granted: monotonic seconds just before the request for the last grant.
        duration: number of seconds that Vault granted last; 0: the data has no end.
        term: number of seconds that Vault granted first.
        renewed: True if a renewal was granted.
        on_demand: True for data such as a one-time code. No step is planned: a reader fetches new data.
        revoked_at_end: True if the credentials work until Vault revokes them. False if they expire by themselves.
        gone: True if the credentials must not be used: Vault reported their end, or they belong to another process.
    """

    id: str
    renewable: bool
    granted: float
    duration: float
    term: float
    renewed: bool = False
    on_demand: bool = False
    revoked_at_end: bool = False
    gone: bool = False

    @property
    def ends(self) -> float:
        """Monotonic seconds at which the lease itself ends; `NEVER` (infinity) if the lease has no end.

        The end of the token, which may be earlier, is not considered.
        """
        return self.granted + self.duration if self.duration > 0 or self.on_demand else NEVER


class Plan(NamedTuple):
    """Next step for a lease.

    Attributes:
        action: "renew": renew the lease. "reissue": request new credentials. "keep": do nothing.
        at: monotonic seconds at which the step is due; infinity if `action` is "keep".
    """

    action: Action
    at: float


def margin(term: float) -> float:
    """Number of seconds between the last use of credentials and their end: a tenth of `term`, at most 5."""
    return min(5.0, term / 10.0)


def usable_until(lease: Lease, token_ends: float = NEVER, token_term: float = 0.0) -> float:
    """Time on the monotonic clock, in seconds, until which readers get the credentials without a further check.

    Args:
        lease: present state of the lease.
        token_ends: monotonic seconds at which the token of the lease ends.
        token_term: lifetime in seconds that Vault granted to the token at the last grant or renewal.
    """
    return min(lease.ends - margin(lease.term), token_ends - margin(token_term))


def plan(lease: Lease, overlap: float, now: float, rnd: Random, *, orphan_ends: float | None = None) -> Plan:
    """Return the next step for `lease`.

    Args:
        overlap: seconds for which the old credentials should still work after new credentials have replaced them.
        now: monotonic seconds.
        rnd: function that returns a random number from 0 to 1.
        orphan_ends: monotonic seconds at which the token of the lease ends, if another token has replaced it. None: the
            token is still in use.
    """
    if orphan_ends is not None and orphan_ends < lease.ends:
        return Plan("reissue", now + max(0.0, orphan_ends - now) / 3.0 * rnd())
    if lease.ends == NEVER or lease.on_demand:
        return Plan("keep", NEVER)
    if near_maximum(lease.duration, lease.term):
        return Plan("reissue", lease.granted)
    if lease.renewable:
        # the first renewal comes earlier, at a random time, so that leases issued together are not renewed together
        part = 0.60 + 0.08 * rnd() if lease.renewed else 0.08 + 0.60 * rnd()
        return Plan("renew", lease.granted + lease.duration * part)
    lead = max(lease.duration / 3.0, min(overlap, lease.duration / 2.0))
    return Plan("reissue", lease.granted + (lease.duration - lead) * (0.9 + 0.1 * rnd()))


def renewed(lease: Lease, granted: float, duration: float, *, renewable: bool) -> Lease:
    """Return `lease` with a renewal: `duration` seconds from `granted`, in monotonic seconds."""
    return replace(lease, granted=granted, duration=duration, renewable=renewable, renewed=True)


def ended(lease: Lease, now: float) -> Lease:
    """Return `lease` with an end just before `now`."""
    return replace(lease, granted=now - 0.002, duration=0.001, renewable=False, gone=True)


def works_after_end(lease: Lease, ends: float, unanswered_since: float | None) -> bool:
    """True if the credentials probably work after their end, because Vault was down and did not revoke them.

    Args:
        ends: monotonic seconds at which the lease or its token ends, whichever is first.
        unanswered_since: monotonic seconds of the first request that Vault did not answer; None: Vault answers. The
            result is True only if this time is before `ends`.
    """
    return lease.revoked_at_end and not lease.gone and unanswered_since is not None and unanswered_since < ends


def retry(action: Action, ends: float, now: float, rnd: Random, *, failures: int, interval: float) -> Plan:
    """Plan the next attempt after a failed renewal or re-issue of credentials.

    If a renewal failed and the delay would reach `ends`, plan a re-issue without delay. Every other plan has a random
    delay of at least `REISSUE_GAP` seconds, so that processes do not retry together.

    Args:
        action: the failed action.
        ends: monotonic seconds at which the credentials stop working.
        now: monotonic seconds.
        rnd: function that returns a random number from 0 to 1.
        failures: number of failures in a row.
        interval: seconds between two polls.
    """
    left = ends - now
    if left <= 0 and action == "reissue":
        return Plan(action, now + max(REISSUE_GAP, retry_delay(failures, interval, rnd)))
    at = now + max(REISSUE_GAP, min(left, interval if failures <= 1 else RETRY_SPREAD) * (0.1 + 0.8 * rnd()))
    return Plan("reissue", now) if action == "renew" and at >= ends else Plan(action, at)


def retire_at(swapped: float, overlap: float) -> float:
    """Return the time from which replaced credentials may be revoked, in monotonic seconds.

    Args:
        swapped: monotonic time at which new credentials replaced them.
        overlap: seconds that both remain valid.
    """
    return swapped + overlap


RenewalOutcome = Literal["renewed", "unchanged", "final", "ended"]


def renewal_outcome(status: int, text: str) -> RenewalOutcome:
    """Return the outcome of a renewal, from the status and text of Vault's answer.

    - renewed: the lease has a later end.
    - unchanged: the renewal failed and is to be retried.
    - final: the lease works until its end and is not renewed again.
    - ended: Vault does not know the lease.
    """
    if status == 200:
        return "renewed"
    if status in (400, 404) and any(words in text for words in ("lease not found", "invalid lease", "lease expired")):
        return "ended"
    if status == 403 or "past the max TTL" in text or "not renewable" in text:
        return "final"
    return "unchanged"
