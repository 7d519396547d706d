"""Interleaved measuring: every contestant runs a moment in each round, so that a noisy minute meets them all."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from statistics import quantiles
from time import perf_counter
from typing import TypedDict

Work = Callable[[int], object]
"""Does its piece of work so many times."""


class Row(TypedDict):
    """One line of a table: seconds for one piece of work, and how it compares.

    `ratio` is the median of the ratios within a round; `goal` the ratio promised, or None for what is shown beside.
    """

    name: str
    median: float
    q1: float
    q3: float
    ratio: float
    against: str
    goal: float | None


def compare(
    contestants: Mapping[str, Work],
    against: str,
    goals: Mapping[str, float],
    rounds: int = 9,
    times: int = 1000,
    *,
    collector: bool = False,
    clock: Callable[[], float] = perf_counter,
) -> list[Row]:
    """Measure all of them, in turns.

    Args:
        against: the one that ratios refer to.
        goals: the ratio promised, by name.
        times: pieces of work in one turn.
        collector: whether the garbage collector may run meanwhile, as it does for users.
        clock: seconds; `time.process_time` counts CPU of this process alone.
    """
    for work in contestants.values():
        work(max(1, times // 10))
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    gc.collect()
    if not collector:
        gc.disable()
    try:
        for _ in range(rounds):
            for name, work in contestants.items():
                begun = clock()
                work(times)
                taken[name].append((clock() - begun) / times)
    finally:
        gc.enable()
    rows: list[Row] = []
    for name, seconds in taken.items():
        q1, median, q3 = quantiles(seconds, n=4)
        ratio = quantiles([mine / theirs for mine, theirs in zip(seconds, taken[against], strict=True)], n=4)[1]
        rows.append(Row(name=name, median=median, q1=q1, q3=q3, ratio=ratio, against=against, goal=goals.get(name)))
    return rows


def repeated(work: Callable[[], object], times: int) -> None:
    """Do it so many times."""
    for _ in range(times):
        work()


def table(title: str, rows: list[Row]) -> str:
    """The rows as text, in microseconds."""
    lines = [title, f"{'':44}{'median µs':>10}{'quartiles':>20}{'ratio':>8}{'goal':>8}"]
    for row in rows:
        quartiles = f"{row['q1'] * 1e6:.3f}-{row['q3'] * 1e6:.3f}"
        goal = "" if row["goal"] is None else f"{row['goal']:.2f}"
        missed = " missed" if row["goal"] is not None and row["ratio"] > row["goal"] else ""
        lines.append(
            f"{row['name']:44}{row['median'] * 1e6:>10.3f}{quartiles:>20}{row['ratio']:>8.2f}{goal:>8}{missed}"
        )
    return "\n".join(lines)
