"""All benchmarks: `./tests/run bench`. Prints the tables, writes `results.json`, adds a line to `history.jsonl`.

`-- --only 2,3` runs some tables alone; `-- --quick` a few rounds of each; neither is written down.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))

from benchmarks import (  # noqa: E402 - found beside this file
    bench_access,
    bench_growth,
    bench_load,
    bench_logging,
    bench_memory,
    bench_progress,
    bench_rotation,
    bench_run_sync,
    bench_secret,
    bench_start,
    bench_vault,
    bench_yaml,
    charts,
)
from benchmarks.interleaved import Row, table, verdict  # noqa: E402


class Table(NamedTuple):
    """One table: its number in the list of goals, its title, the unit of its figures, and what measures it."""

    number: str
    title: str
    unit: str
    measure: Callable[[int], list[Row]]
    rounds: int


TABLES = [
    Table("1", "A whole process, CPU", "ms", bench_start.measure_import, 21),
    Table("2", "A cold load: CPU of the process, less a bare Python", "ms", bench_start.measure_cold, 21),
    Table("2", "ToriSettings cold: CPU of the process, less a bare Python", "ms", bench_start.measure_tori, 27),
    Table("3", "The same load once more", "ms", bench_load.measure, 9),
    Table("4", "Reading a setting, three attributes deep", "ns", bench_access.measure, 15),
    Table("5", "Opening a secret that is in memory", "ns", bench_secret.measure, 15),
    Table("5", "Opening a secret while it rotates", "ns", lambda _: bench_rotation.measure(), 1),
    Table("6", "YAML with places, guards and duplicate check", "ms", partial(bench_yaml.measure, large=True), 15),
    Table("7-8", "Vault: CPU of one read, then the wait for 50 cold paths", "µs", bench_vault.measure, 7),
    Table("9", "run_sync of a trivial coroutine", "µs", bench_run_sync.measure, 9),
    Table("10", "ProgressTracker, no report due", "ns", bench_progress.measure, 15),
    Table("11", "One log record, 100 secrets", "µs", bench_logging.measure, 15),
    Table("12", "The command line: CPU of the process", "ms", bench_start.measure_command_line, 15),
    Table("13", "Memory after the load, less a bare Python", "MiB", bench_memory.measure, 5),
    Table("14", "Growth: 20,000 keys or 1,000 secrets, in pieces of each size", "ms", bench_growth.measure, 5),
]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", help="numbers of tables, such as 2,3")
    arguments.add_argument("--quick", action="store_true", help="three rounds of each")
    chosen = arguments.parse_args()
    only = set(chosen.only.split(",")) if chosen.only else None
    begun = time.monotonic()
    results: list[dict[str, object]] = []
    ratios: dict[str, float] = {}
    missed: list[str] = []
    for number, title, unit, measure, rounds in TABLES:
        if only is not None and number not in only:
            continue
        rows = measure(3 if chosen.quick else rounds)
        print(table(f"\n{number}. {title}", rows, unit), flush=True)
        results.append({"number": number, "title": title, "unit": unit, "rows": rows})
        for row in rows:
            if row["goal"] is not None:
                ratios[f"{number}. {row['name']}"] = round(row["ratio"], 3)
            if verdict(row) == "missed":
                missed.append(f"{number}. {row['name']}: {row['ratio']:.2f}, goal {row['goal']:.2f}")
    load = os.getloadavg()[0]
    print(
        f"\n{len(ratios) - len(missed)} of {len(ratios)} goals met, {time.monotonic() - begun:.0f} s, load {load:.1f}"
    )
    print("\n".join(f"missed  {one}" for one in missed))
    if only is None and not chosen.quick:
        version = ".".join(map(str, sys.version_info[:3]))
        stamp = {"date": time.strftime("%Y-%m-%d"), "python": version, "load": round(load, 1)}
        _, series = bench_rotation.rotation()
        written = {**stamp, "tables": results, "rotation": series}
        (HERE / "results.json").write_text(json.dumps(written, indent=1) + "\n")
        with (HERE / "history.jsonl").open("a") as history:
            history.write(json.dumps({**stamp, "ratios": ratios}) + "\n")
        charts.draw(HERE / "results.json", HERE / "charts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
