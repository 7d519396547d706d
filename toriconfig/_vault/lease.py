"""Next step for a lease, and its time: pure decisions.

A lease cannot outlive the token that it was issued to, whatever Vault's answer says; so what counts
is the earlier of the two ends. It is never waited for: new credentials come while the old ones work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from toriconfig._vault.timing import Random, near_maximum, retry_delay

Action = Literal["renew", "reissue", "keep"]

NEVER = float("inf")

REISSUE_GAP = 1.0
"""Seconds between two requests for new credentials of one path, at least: the cap on accounts made."""

RETRY_SPREAD = 1200.0
"""Seconds over which the next try of something that failed is spread, at most."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as it stands.

    Attributes:
        id: Vault's id; "" for a certificate, which ends but is no lease of Vault's.
        renewable: whether a renewal may be asked for.
        granted: monotonic seconds just before the last grant was asked for.
        duration: seconds of the last grant.
        term: seconds of the first grant.
        renewed: whether a renewal was granted.
        on_demand: whether nothing is planned: who reads it after its end asks for another one, such as a one-time code.
        revoked_at_end: whether it is Vault that ends the credentials, by revoking them; what cannot be renewed ends
            by itself, such as a certificate.
        gone: whether the credentials are known to have ended: Vault said so, or they are another process's.
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
        """Monotonic seconds at which Vault will let it go, token aside."""
        return self.granted + self.duration if self.duration > 0 or self.on_demand else NEVER


class Plan(NamedTuple):
    """Next step for a lease, and the monotonic second at which that step is due."""

    action: Action
    at: float


def margin(term: float) -> float:
    """Seconds before the end from which credentials are no longer handed out: a tenth, at most 5."""
    return min(5.0, term / 10.0)


def usable_until(lease: Lease, token_ends: float = NEVER, token_term: float = 0.0) -> float:
    """Monotonic seconds until which the credentials may be handed out.

    Args:
        lease: as it stands.
        token_ends: monotonic seconds at which the token that it was issued to ends.
        token_term: seconds that this token was granted for.
    """
    return min(lease.ends - margin(lease.term), token_ends - margin(token_term))


def plan(lease: Lease, overlap: float, now: float, rnd: Random, *, orphan_ends: float | None = None) -> Plan:
    """Return the next step for `lease`.

    Args:
        lease: as the last answer left it.
        overlap: seconds that the old credentials should still live after new ones were swapped in.
        now: monotonic seconds.
        rnd: uniform numbers in [0, 1).
        orphan_ends: when the token that it was issued to has been replaced: the end of that token. While the
            token is in use its end does not press: it is renewed or replaced in time, or nobody can help.
    """
    if orphan_ends is not None and orphan_ends < lease.ends:
        return Plan("reissue", now + max(0.0, orphan_ends - now) / 3.0 * rnd())
    if lease.ends == NEVER or lease.on_demand:
        return Plan("keep", NEVER)
    if near_maximum(lease.duration, lease.term):
        return Plan("reissue", lease.granted)
    if lease.renewable:
        # the first anywhere before that, so that a fleet whose leases were issued together does not renew together
        part = 0.60 + 0.08 * rnd() if lease.renewed else 0.08 + 0.60 * rnd()
        return Plan("renew", lease.granted + lease.duration * part)
    lead = max(lease.duration / 3.0, min(overlap, lease.duration / 2.0))
    return Plan("reissue", lease.granted + (lease.duration - lead) * (0.9 + 0.1 * rnd()))


def renewed(lease: Lease, granted: float, duration: float, *, renewable: bool) -> Lease:
    """The lease after an answer that granted `duration` seconds."""
    return replace(lease, granted=granted, duration=duration, renewable=renewable, renewed=True)


def ended(lease: Lease, now: float) -> Lease:
    """The lease once Vault does not know it any more, or once it is another process's: it ended just before `now`."""
    return replace(lease, granted=now - 0.002, duration=0.001, renewable=False, gone=True)


def works_after_end(lease: Lease, ends: float, unanswered_since: float | None) -> bool:
    """True if credentials probably still work after their end, because Vault revokes nothing during an outage.

    Args:
        lease: as it stands.
        ends: monotonic seconds of its end, or of the end of its token, if that is first.
        unanswered_since: monotonic seconds of the first request since Vault last answered; None: Vault answered. When
            that request came after the end, Vault may well have revoked the credentials in time.
    """
    return lease.revoked_at_end and not lease.gone and unanswered_since is not None and unanswered_since < ends


def retry(action: Action, ends: float, now: float, rnd: Random, *, failures: int, interval: float) -> Plan:
    """Plan the retry of a failed renewal or re-issue: the same action, or new credentials if time is too short for it.

    The credentials still work, so nothing hurries: the first retry comes within the interval, so that a short failure
    is soon over, and each later one anywhere in nearly all of the time that is left, since a fleet that retried sooner
    would come back together after an outage. There are always several tries; never under `REISSUE_GAP`, so that trouble in
    the backend does not become a storm of accounts. After the end the retries come at the pace of a path without a value.

    Args:
        action: what failed.
        ends: monotonic seconds at which the credentials stop working.
        now: monotonic seconds.
        rnd: uniform numbers in [0, 1).
        failures: how many tries have failed in a row.
        interval: seconds between two polls.
    """
    left = ends - now
    if left <= 0 and action == "reissue":
        return Plan(action, now + max(REISSUE_GAP, retry_delay(failures, interval, rnd)))
    at = now + max(REISSUE_GAP, min(left, interval if failures <= 1 else RETRY_SPREAD) * (0.1 + 0.8 * rnd()))
    return Plan("reissue", now) if action == "renew" and at >= ends else Plan(action, at)


def retire_at(swapped: float, overlap: float) -> float:
    """Monotonic seconds at which replaced credentials may be revoked."""
    return swapped + overlap


RenewalOutcome = Literal["renewed", "unchanged", "final", "ended"]


def renewal_outcome(status: int, text: str) -> RenewalOutcome:
    """Return the consequence of a renewal's answer for the lease.

    400 alone says nothing: `failed to connect` is trouble in the backend and the lease lives; at the maximum it
    lives too but is not renewed any more; `lease not found`, `invalid lease` and `lease expired` are its end.
    A policy that forbids renewals (403) leaves it to end by itself.
    """
    if status == 200:
        return "renewed"
    if status in (400, 404) and any(words in text for words in ("lease not found", "invalid lease", "lease expired")):
        return "ended"
    if status == 403 or "past the max TTL" in text or "not renewable" in text:
        return "final"
    return "unchanged"
