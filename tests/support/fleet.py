"""A fleet of processes on simulated time: when each request would reach Vault, by the engine's own decisions.

Paths of one process decide apart from each other, so each is followed alone and the requests are counted together.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from toriconfig._vault import lease as leases
from toriconfig._vault import timing
from toriconfig._vault.lease import Lease
from toriconfig._vault.timing import Random


@dataclass(frozen=True)
class Outage:
    """Times at which Vault does not answer; requests at these times do not reach it."""

    start: float = float("inf")
    end: float = float("inf")

    def covers(self, at: float) -> bool:
        return self.start <= at < self.end


Path = Callable[[Random, Outage, float], Iterator[float]]
"""Yields the seconds at which one path of one process asks; it begins with a value in hand at 0."""


def polled(interval: float) -> Path:
    """A KV path with a cached value, requested at the pace of polls, with or without answers."""

    def follow(rnd: Random, outage: Outage, until: float) -> Iterator[float]:
        at = timing.poll_delay(interval, rnd, first=True)
        while at < until:
            if not outage.covers(at):
                yield at
            at += timing.poll_delay(interval, rnd)

    return follow


def cold(interval: float) -> Path:
    """A KV path that was never read, in a program that requests it all the time: only the breaker limits it."""

    def follow(rnd: Random, outage: Outage, until: float) -> Iterator[float]:
        at, failures = outage.start, 0
        while outage.covers(at):
            failures += 1
            at += timing.retry_delay(failures, interval, rnd)
        yield at
        at += timing.poll_delay(interval, rnd, first=True)
        while at < until:
            yield at
            at += timing.poll_delay(interval, rnd)

    return follow


def leased(term: float, overlap: float = 30.0) -> Path:
    """Leased credentials that may be renewed without end; failures are retried, and ended ones are fetched again."""

    def follow(rnd: Random, outage: Outage, until: float) -> Iterator[float]:
        held, failures = Lease("", True, 0.0, term, term), 0
        plan = leases.plan(held, overlap, 0.0, rnd)
        while plan.at < until:
            now = plan.at
            if outage.covers(now):
                failures += 1
                plan = leases.retry(plan.action, held.ends, now, rnd, failures=failures, interval=60.0)
                if plan.at <= now:
                    plan = leases.Plan(plan.action, now + leases.REISSUE_GAP)
                continue
            yield now
            failures = 0
            if plan.action == "renew":
                held = leases.renewed(held, now, term, renewable=True)
            else:
                held = Lease("", True, now, term, term)
            plan = leases.plan(held, overlap, now, rnd)

    return follow


def token(ttl: float) -> Path:
    """A token of a login, renewed without end."""

    def follow(rnd: Random, outage: Outage, until: float) -> Iterator[float]:
        at = timing.token_delay(ttl, rnd)
        while at < until:
            if outage.covers(at):
                at += max(0.5, (ttl - timing.token_delay(ttl, rnd)) / 4.0) * (0.9 + 0.2 * rnd())
                continue
            yield at
            at += timing.token_delay(ttl, rnd)

    return follow


@dataclass(frozen=True)
class Rates:
    """Requests per second at Vault.

    Attributes:
        steady: on average, long after the start and the outage.
        start: the highest in any bucket from the start until the outage.
        after: the highest in any bucket from the end of the outage on.
    """

    steady: float
    start: float
    after: float

    @property
    def worst(self) -> float:
        """The highest of all, as a multiple of the steady rate."""
        return max(self.start, self.after) / self.steady


def rates(processes: int, paths: list[Path], *, outage: Outage, until: float, bucket: int = 10, seed: int = 7) -> Rates:
    """Requests of `processes` that start at the same instant, each with `paths`, until `until` seconds.

    Requests are counted over `bucket` seconds, so that chance alone is no peak.
    """
    rnd, asked = random.Random(seed).random, Counter[int]()
    for _ in range(processes):
        for path in paths:
            for at in path(rnd, outage, until):
                asked[int(at) // bucket] += 1
    last = int(until) // bucket
    begun, ended = int(outage.start) // bucket, int(outage.end) // bucket
    calm = range(last - (last - ended) // 3, last)
    return Rates(
        sum(asked[one] for one in calm) / len(calm) / bucket,
        max((asked[one] for one in range(begun)), default=0) / bucket,
        max(asked[one] for one in range(ended, last)) / bucket,
    )
