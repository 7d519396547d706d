"""Delays before the next requests for tokens and static roles, as pure functions."""

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
    """Return the number of seconds until a static role of a database is read again.

    Vault changes the password `ttl` seconds from now. The role is read about half a second after this change, or at
    the next poll if the poll is earlier.
    """
    return min(poll_delay(interval, rnd), ttl + 0.3 + 0.4 * rnd())


def token_delay(ttl: float, rnd: Random) -> float:
    """Number of seconds after which a token of `ttl` seconds is renewed or replaced: about two thirds of `ttl`."""
    return ttl * (0.60 + 0.08 * rnd())


def near_maximum(granted: float, asked: float) -> bool:
    """True if `granted` is less than two thirds of `asked`, which shows that the maximum lifetime is near."""
    return granted < asked * 2.0 / 3.0
