"""Seconds before the next request, after successes, failures and refusals, as pure functions.

`rnd` is a function that returns a random number from 0 to 1. The random part of a delay (jitter) spreads the
requests of many processes.
"""

from __future__ import annotations

from collections.abc import Callable

Random = Callable[[], float]

FIRST_RETRY = 0.5
"""Seconds before the next request after one failure, without the random part."""

SLACK = 1.0
"""Seconds beyond the latest poll during which a value still counts as fresh."""

GAP = 1.0
"""Minimum number of seconds between two fetches of one value because a server refused it."""


def poll_delay(interval: float, rnd: Random, *, first: bool = False) -> float:
    """Return the seconds until the next poll: a random number, 90 to 110 % of `interval`.

    If `first` is True, the number is between 0 and `interval`.
    """
    return interval * rnd() if first else interval * (0.9 + 0.2 * rnd())


def fresh_for(interval: float) -> float:
    """Return the seconds for which a confirmed value counts as fresh.

    This is the longest time until the next poll (110 % of `interval`), plus a reserve of at most one second.
    """
    return 1.1 * interval + min(SLACK, interval)


def retry_delay(failures: int, interval: float, rnd: Random) -> float:
    """Return the seconds before the next request, after `failures` failed requests in a row.

    The delay doubles with each failure, up to `interval`, and varies by up to 25 %, so that processes that failed
    together do not retry together.
    """
    return min(interval, FIRST_RETRY * 2.0 ** min(failures - 1, 30)) * (0.75 + 0.5 * rnd())


def refusal_gap(gap: float, since: float, interval: float) -> float:
    """Return the minimum number of seconds from this extra fetch of a value to the next extra fetch.

    An extra fetch is sent because a server refused the value. The result is twice `gap`, but at most `interval`,
    and at least `GAP` (one second). If `since` is more than two intervals, the result is `GAP`.

    Args:
        gap: the last result of this function.
        since: seconds from the previous extra fetch to this extra fetch.
        interval: seconds between two polls.
    """
    return GAP if since > 2.0 * interval else max(GAP, min(2.0 * gap, interval))
