"""Leased credentials in one process: the lease, and the token with which the lease was requested."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from toriconfig._vault import lease as leases
from toriconfig._vault.lease import NEVER, Lease

if TYPE_CHECKING:
    from toriconfig._vault.timing import Random
    from toriconfig._vault.token import LiveToken
    from toriconfig.vault import Vault


class Leased(NamedTuple):
    """A lease and its token. The object is immutable; a new object replaces it.

    Attributes:
        lease: present state of the lease.
        token: the token that requested the lease. The lease ends at the latest when this token ends. None: the lease
            depends on no token.
    """

    lease: Lease
    token: LiveToken | None

    @property
    def ends(self) -> float:
        """Monotonic seconds at which the credentials end: the end of the lease or of its token, whichever is first."""
        return self.lease.ends if self.token is None else min(self.lease.ends, self.token.ends)

    @property
    def fresh_until(self) -> float:
        """Monotonic seconds until which the credentials are returned without a further check."""
        if self.token is None:
            return leases.usable_until(self.lease)
        return leases.usable_until(self.lease, self.token.ends, self.token.duration or 0.0)

    def works(self, now: float, unanswered_since: float | None, stale_for: float) -> bool:
        """True if the credentials have not ended, or if Vault was down at the end and probably did not revoke them.

        Args:
            now: monotonic seconds.
            unanswered_since: monotonic seconds of the first request that Vault did not answer; None: Vault answers.
            stale_for: maximum seconds for which ended credentials are used while Vault is down.
        """
        ends = self.ends
        return now < ends or (now < ends + stale_for and leases.works_after_end(self.lease, ends, unanswered_since))

    def plan(self, vault: Vault, now: float, rnd: Random, *, tried: leases.Action, failures: int) -> leases.Plan:
        """Return the next step for the lease, and the time of that step.

        Args:
            vault: options such as `overlap` and `refresh_interval`.
            now: monotonic seconds.
            rnd: function that returns a random number from 0 to 1.
            tried: the last action.
            failures: number of failures of `tried` in a row.
        """
        orphan = self.token.ends if self.token is not None and self.token.replaced else None
        plan = leases.plan(self.lease, vault.overlap, now, rnd, orphan_ends=orphan)
        if not failures or plan.action == "keep":
            return plan
        action = plan.action if now < self.ends else tried
        return leases.retry(action, self.ends, now, rnd, failures=failures, interval=vault.refresh_interval)

    def remaining_use(self, now: float, time: float, stale_for: float, *, outage: bool) -> str:
        """Return a phrase for a log message about the end of the credentials in memory.

        Args:
            now: monotonic seconds.
            time: the same moment as `now`, in seconds since 1970.
            stale_for: seconds for which ended credentials are used while Vault is down.
            outage: True if Vault answers no request.
        """
        left = self.ends - now
        if left == NEVER:
            return "the credentials in memory are used; they have no end"
        from datetime import UTC, datetime

        at = datetime.fromtimestamp(time + left, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        ended = f"end in {left:.0f} s, at {at}" if left > 0 else f"ended {-left:.0f} s ago, at {at}"
        text = f"the credentials in memory {ended}"
        if not outage or not self.lease.revoked_at_end:
            return text
        return f"{text}; after that they are used for up to {stale_for:g} s while Vault does not answer, since it revokes nothing then"

    def __repr__(self) -> str:
        return f"Leased({self.ends})"
