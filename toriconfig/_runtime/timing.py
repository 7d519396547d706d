"""Times of the next requests after successes, failures and refusals; pure functions.

`rnd` returns uniform numbers in [0, 1). The jitter spreads the requests of a fleet that started together, or that had the
same outage.
"""

from __future__ import annotations

from collections.abc import Callable

Random = Callable[[], float]

FIRST_RETRY = 0.5
"""Seconds before a first failed read is repeated, if there are readers and no usable value."""

SLACK = 1.0
"""Seconds beyond the latest poll during which a value still counts as fresh."""

GAP = 1.0
"""Seconds for which a value that was just confirmed is not fetched again because a server refused it."""


def poll_delay(interval: float, rnd: Random, *, first: bool = False) -> float:
    """Seconds until the next poll: uniform over the interval at first, then +- 10 %."""
    return interval * rnd() if first else interval * (0.9 + 0.2 * rnd())


def fresh_for(interval: float) -> float:
    """Seconds for which a confirmed value counts as fresh: until the next poll should have confirmed it."""
    return 1.1 * interval + min(SLACK, interval)


def retry_delay(failures: int, interval: float, rnd: Random) -> float:
    """Seconds for which reads fail at once after a failure: doubled each time, at most the interval, +- 25 %.

    The jitter is large, because a fleet that failed together would otherwise return together. The limit is the interval
    of polls, so that a fleet without values does not send more requests after an outage than without one.
    """
    return min(interval, FIRST_RETRY * 2.0 ** min(failures - 1, 30)) * (0.75 + 0.5 * rnd())


def refusal_gap(gap: float, since: float, interval: float) -> float:
    """Seconds until a value that was refused may be fetched again: doubled each time, at most the interval.

    A server may refuse every value. Then a fleet must not send more requests than its polls do.

    Args:
        gap: the last result of this function.
        since: seconds since the last such fetch; after a long time the gap starts again.
        interval: seconds between two polls.
    """
    return GAP if since > 2.0 * interval else max(GAP, min(2.0 * gap, interval))
