"""The goals in short: fails only where a ratio is twice what was promised, three times in a row."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from benchmarks import (
    bench_access,
    bench_growth,
    bench_load,
    bench_logging,
    bench_memory,
    bench_progress,
    bench_run_sync,
    bench_secret,
    bench_start,
    bench_vault,
    bench_yaml,
)
from benchmarks.interleaved import Row

BROKEN = 2.0
"""Times the goal. A busy machine spoils ratios by a few tenths; a slower road doubles them."""

SHORT: dict[str, Callable[[], list[Row]]] = {
    "import": partial(bench_start.measure_import, 5, peers=False),
    "cold load": partial(bench_start.measure_cold, 3, peers=False),
    "ToriSettings, cold": partial(bench_start.measure_tori, 3),
    "warm load": partial(bench_load.measure, 5, 2, peers=False),
    "access": partial(bench_access.measure, 9, 20_000, peers=False),
    "get": partial(bench_secret.measure, 9, 20_000),
    "yaml": partial(bench_yaml.measure, 5),
    "run_sync": partial(bench_run_sync.measure, 5, 200),
    "progress": partial(bench_progress.measure, 5, 20_000),
    "logging": partial(bench_logging.measure, 5, 500),
    "command line": partial(bench_start.measure_command_line, 3, peers=False),
    "memory": partial(bench_memory.measure, 2, peers=False),
    "growth of a load": partial(bench_growth.measure_load, 3, (200, 2_000)),
    "growth of explain": partial(bench_growth.measure_explain, 3, (200, 2_000)),
    "growth of a refresh": partial(bench_growth.measure_refresh, 3, (10, 100)),
    "Vault": partial(bench_vault.measure, 3, 50),
}


def broken(rows: list[Row]) -> dict[str, str]:
    """Return the ratios that are clearly worse than promised."""
    return {
        row["name"]: f"{row['ratio']:.2f}, goal {row['goal']:.2f}"
        for row in rows
        if row["goal"] is not None and row["ratio"] > BROKEN * row["goal"]
    }


@pytest.mark.parametrize("measure", SHORT.values(), ids=SHORT.keys())
def test_no_ratio_is_twice_the_promised_one(measure: Callable[[], list[Row]]) -> None:
    found = broken(measure())
    for _ in range(2):
        if found:
            found = {name: told for name, told in broken(measure()).items() if name in found}
    assert {} == found
