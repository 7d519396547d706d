"""Times of the next requests for tokens and static roles; pure functions, in addition to `_runtime/timing.py`."""

from __future__ import annotations

from toriconfig._runtime.timing import GAP, SLACK, Random, fresh_for, poll_delay, refusal_gap, retry_delay

__all__ = [
    "GAP",
    "SLACK",
    "Random",
    "fresh_for",
    "near_maximum",
    "poll_delay",
    "refusal_gap",
    "retry_delay",
    "static_delay",
    "token_delay",
]


def static_delay(ttl: float, interval: float, rnd: Random) -> float:
    """Seconds until a static database role is read again: until the next poll, or until just after its rotation.

    `ttl` is 0 for some seconds while the database changes the password. Then the role is read about every half second.
    """
    return min(poll_delay(interval, rnd), ttl + 0.3 + 0.4 * rnd())


def token_delay(ttl: float, rnd: Random) -> float:
    """Seconds after which a token of `ttl` seconds is renewed or replaced: about two thirds of `ttl`."""
    return ttl * (0.60 + 0.08 * rnd())


def near_maximum(granted: float, asked: float) -> bool:
    """True if a renewal granted less than two thirds of the first term, which shows that the maximum is near."""
    return granted < asked * 2.0 / 3.0
