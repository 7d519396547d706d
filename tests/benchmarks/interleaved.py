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
        collector: True: the garbage collector may run meanwhile, as it does for users.
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


UNITS = {"ns": 1e9, "µs": 1e6, "ms": 1e3, "MiB": 1 / (1 << 20)}
"""What the figures of a row are multiplied with: they are seconds, or bytes for the last."""


def table(title: str, rows: list[Row], unit: str = "µs") -> str:
    """The rows as text, ratios first."""
    lines = [title, f"{'ratio':>8}{'goal':>8}  {'':8}{'median ' + unit:>12}{'quartiles':>22}  "]
    for row in rows:
        median, q1, q3 = (figure * UNITS[unit] for figure in (row["median"], row["q1"], row["q3"]))
        quartiles = f"{q1:.3f}-{q3:.3f}" if q3 < 10 else f"{q1:,.0f}-{q3:,.0f}"
        figure = f"{median:.3f}" if q3 < 10 else f"{median:,.1f}"
        goal = "" if row["goal"] is None else f"{row['goal']:.2f}"
        lines.append(f"{row['ratio']:>8.2f}{goal:>8}  {verdict(row):8}{figure:>12}{quartiles:>22}  {row['name']}")
    return "\n".join(lines)


def verdict(row: Row) -> str:
    """Return "met" or "missed"; "" without a goal."""
    return "" if row["goal"] is None else "met" if row["ratio"] <= row["goal"] else "missed"
