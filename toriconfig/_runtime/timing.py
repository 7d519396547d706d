"""Times of the next requests after successes, failures and refusals; pure functions.

`rnd` is a function that returns uniform random numbers in [0, 1). The random part of a delay (jitter) spreads the
requests of many processes that started together, or that had the same outage.
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
    """Return the seconds until the next poll: the interval +- 10 %.

    Before the first poll, the result is uniform between 0 and the interval.
    """
    return interval * rnd() if first else interval * (0.9 + 0.2 * rnd())


def fresh_for(interval: float) -> float:
    """Return the seconds for which a confirmed value counts as fresh: longest time to the next poll, and a reserve."""
    return 1.1 * interval + min(SLACK, interval)


def retry_delay(failures: int, interval: float, rnd: Random) -> float:
    """Return the seconds after a failed request in which reads raise at once, without a new request.

    The result is doubled at each failure, up to `interval`, and varies by +- 25 %. The jitter is large, because
    many processes that failed together would otherwise retry together. With the limit, failed requests are not repeated
    more often than polls.
    """
    return min(interval, FIRST_RETRY * 2.0 ** min(failures - 1, 30)) * (0.75 + 0.5 * rnd())


def refusal_gap(gap: float, since: float, interval: float) -> float:
    """Return the seconds until a value that a server refused may be fetched again.

    The result is doubled each time, and is at most `interval`. So even if a server refuses every value, refused values
    are not fetched more often than polls fetch them.

    Args:
        gap: the last result of this function.
        since: seconds since the last fetch for this reason; after more than two intervals the result is GAP again.
        interval: seconds between two polls.
    """
    return GAP if since > 2.0 * interval else max(GAP, min(2.0 * gap, interval))
