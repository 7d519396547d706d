"""Times of the next requests: pure decisions about polls and failures, from values to seconds.

`rnd` is a source of uniform numbers in [0, 1); jitter keeps a fleet that started together, or that
saw the same outage, from asking together.
"""

from __future__ import annotations

from collections.abc import Callable

Random = Callable[[], float]

FIRST_RETRY = 0.5
"""Seconds before a failed read is tried again when nothing usable is there and somebody asks."""

SLACK = 1.0
"""Seconds beyond the latest poll during which a value still counts as fresh."""

GAP = 1.0
"""Seconds within which a value that was just confirmed, and is refused by what it opens, is not asked for again."""


def poll_delay(interval: float, rnd: Random, *, first: bool = False) -> float:
    """Seconds until the next poll: uniform over the interval at first, then +- 10 %."""
    return interval * rnd() if first else interval * (0.9 + 0.2 * rnd())


def fresh_for(interval: float) -> float:
    """Seconds for which a confirmed value counts as fresh: until the next poll should have confirmed it."""
    return 1.1 * interval + min(SLACK, interval)


def retry_delay(failures: int, interval: float, rnd: Random) -> float:
    """Seconds during which a path that failed answers at once: doubled each time, at most the interval, +- 25 %.

    That much jitter, because a fleet that failed together would otherwise still come together when the backend is back. The
    cap is the interval of polls, so that a fleet with cold caches does not ask more often after an outage than it does
    in peace.
    """
    return min(interval, FIRST_RETRY * 2.0 ** min(failures - 1, 30)) * (0.75 + 0.5 * rnd())


def refusal_gap(gap: float, since: float, interval: float) -> float:
    """Seconds until a value that was refused may be asked for again: doubled each time, at most the interval.

    For a service may refuse every value; then a fleet must not ask more often than its polls do.

    Args:
        gap: what this said last.
        since: seconds since it was asked for last; after a time without refusals it begins anew.
        interval: seconds between two polls.
    """
    return GAP if since > 2.0 * interval else max(GAP, min(2.0 * gap, interval))
