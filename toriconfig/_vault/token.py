"""A token as it stands: who made it, when it ends, and when to see to it."""

from __future__ import annotations

import os
from typing import Any

from toriconfig._vault.http.envelope import seconds
from toriconfig._vault.lease import margin
from toriconfig._vault.timing import Random, near_maximum, token_delay

NEVER = float("inf")


class LiveToken:
    """A token in use. Leases hold on to the one that they were issued to, since they end with it.

    Attributes:
        value: the token itself; "" for an agent, which adds its own.
        from_login: whether this library obtained it by logging in, so that it is ours to revoke.
        granted: monotonic seconds of the last grant or renewal.
        duration: seconds of that grant; 0 when it does not end, None while nobody has looked.
        term: seconds of the first grant.
        renewable: whether a renewal may be asked for.
        renewed: whether one was granted.
        use_limited: whether each use counts, so that it must not be spent on looking.
        replaced: whether another token is used now.
        confirmed: monotonic seconds at which Vault last accepted it for certain.
        pid: the process that obtained it.
    """

    __slots__ = (
        "confirmed",
        "duration",
        "from_login",
        "granted",
        "pid",
        "renewable",
        "renewed",
        "replaced",
        "term",
        "use_limited",
        "value",
    )

    def __init__(self, value: str, *, from_login: bool, now: float) -> None:
        self.value = value
        self.from_login = from_login
        self.granted = now
        self.duration: float | None = None
        self.term = 0.0
        self.renewable = False
        self.renewed = False
        self.use_limited = False
        self.replaced = False
        self.confirmed = now if from_login else -NEVER
        self.pid = os.getpid()

    @property
    def ends(self) -> float:
        """Monotonic seconds at which it ends, as far as is known."""
        return self.granted + self.duration if self.duration else NEVER

    @property
    def usable_until(self) -> float:
        """Monotonic seconds until which it is asked with; one that we can replace is not used to the last moment."""
        return self.ends - margin(self.duration or 0.0) if self.from_login else self.ends

    def end(self) -> None:
        """It is revoked: for all who hold on to it, it has ended."""
        self.granted, self.duration, self.replaced = -NEVER, 1.0, True

    def update(self, facts: dict[str, Any], now: float, *, first: bool) -> None:
        """Take over what a login, a lookup or a renewal says.

        Args:
            facts: `auth` of an answer, or `data` of a lookup.
            now: monotonic seconds just before the request.
            first: whether this is the first that is heard of it.
        """
        duration = seconds(facts.get("lease_duration", facts.get("ttl"))) or 0.0
        self.granted, self.duration, self.confirmed = now, duration, now
        self.renewable = bool(facts.get("renewable"))
        self.use_limited = bool(facts.get("num_uses"))
        self.renewed = not first
        if first:
            # a token that was handed over late in its life is measured by the term that it was made with
            self.term = max(duration, seconds(facts.get("period")) or seconds(facts.get("creation_ttl")) or 0.0)

    def due(self, rnd: Random) -> float:
        """Monotonic seconds at which it wants a renewal or a successor; infinity when never."""
        if not self.duration or self.use_limited or self.replaced:
            return NEVER
        return self.granted + token_delay(self.duration, rnd)

    @property
    def must_be_replaced(self) -> bool:
        """True if renewing the token gains nothing: the token is not renewable, or its maximum is near."""
        return not self.renewable or (self.renewed and near_maximum(self.duration or 0.0, self.term))

    def __repr__(self) -> str:
        return f"LiveToken(from_login={self.from_login}, duration={self.duration})"
