"""Present state of a token: its origin, its end, and the time of its next renewal."""

from __future__ import annotations

import os
from typing import Any

from toriconfig._vault.http.envelope import seconds
from toriconfig._vault.lease import margin
from toriconfig._vault.timing import Random, near_maximum, token_delay

NEVER = float("inf")


class LiveToken:
    """State of one token. A lease refers to the token that requested the lease, and ends with this token.

    Attributes:
        value: the token itself; "": an agent adds the token to each request.
        from_login: True: this library obtained the token by a login, and therefore revokes the token.
        granted: monotonic seconds of the last login, renewal or lookup.
        duration: remaining seconds in the last answer of Vault; 0: the token does not end; None: not known yet.
        term: number of seconds that Vault granted first.
        renewable: True: Vault accepts a renewal.
        renewal: seconds that the last renewal granted; None: no renewal yet.
        use_limited: True: the number of uses is limited. Avoid lookups, because each lookup is a use.
        replaced: True: another token is in use now.
        confirmed: monotonic seconds at which Vault last certainly accepted the token.
        pid: id of the process that obtained the token.
    """

    __slots__ = (
        "confirmed",
        "duration",
        "from_login",
        "granted",
        "pid",
        "renewable",
        "renewal",
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
        self.renewal: float | None = None
        self.use_limited = False
        self.replaced = False
        self.confirmed = now if from_login else -NEVER
        self.pid = os.getpid()

    @property
    def ends(self) -> float:
        """Monotonic seconds at which the token ends; `NEVER` if the token has no end or its end is unknown."""
        return self.granted + self.duration if self.duration else NEVER

    @property
    def usable_until(self) -> float:
        """Monotonic seconds until which the token is used. A token from a login is replaced shortly before its end."""
        return self.ends - margin(self.duration or 0.0) if self.from_login else self.ends

    def end(self) -> None:
        """Mark the token as ended. Leases that refer to this token then count as ended too."""
        self.granted, self.duration, self.replaced = -NEVER, 1.0, True

    def update(self, facts: dict[str, Any], now: float, *, renewal: bool = False) -> None:
        """Update the state from the answer to a login, a lookup or a renewal.

        Only the first answer sets `term`, the initial lifetime of the token in seconds.

        Args:
            facts: `auth` of an answer, or `data` of a lookup.
            now: monotonic seconds just before the request.
            renewal: True if `facts` is the answer to a renewal.
        """
        first = self.duration is None
        duration = seconds(facts.get("lease_duration", facts.get("ttl"))) or 0.0
        self.granted, self.duration, self.confirmed = now, duration, now
        self.renewable = bool(facts.get("renewable"))
        self.use_limited = bool(facts.get("num_uses"))
        if renewal:
            self.renewal = duration
        if first:
            # a token that was configured late in its life counts by the term of its creation
            self.term = max(duration, seconds(facts.get("period")) or seconds(facts.get("creation_ttl")) or 0.0)

    def due(self, rnd: Random) -> float:
        """Monotonic seconds at which the token is to be renewed or replaced; `NEVER` if no step is planned."""
        if not self.duration or self.use_limited or self.replaced:
            return NEVER
        return self.granted + token_delay(self.duration, rnd)

    @property
    def must_be_replaced(self) -> bool:
        """True if a renewal is useless: the token is not renewable, or its maximum lifetime is near."""
        return not self.renewable or (self.renewal is not None and near_maximum(self.renewal, self.term))

    def __repr__(self) -> str:
        return f"LiveToken(from_login={self.from_login}, duration={self.duration})"
