"""Draws the charts of examples/performance from `results.json`, small SVG for light and dark pages, and writes all tables."""

from __future__ import annotations

import json
import sys
from html import escape
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.interleaved import UNITS, verdict

WIDTH = 720
_STYLE = """<style>
text{font:12px system-ui,sans-serif;fill:#57606a}.title{font-weight:600;fill:#24292f}
.bar{fill:#8c959f}.ours{fill:#1f6feb}.floor{fill:#afb8c1}.line{fill:none;stroke:#1f6feb;stroke-width:2}
.mark{stroke:#bf8700;stroke-dasharray:3 3}.axis{stroke:#afb8c1}
@media(prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#f0f6fc}.floor{fill:#3d444d}.axis{stroke:#3d444d}}
</style>"""


def draw(results: Path, folder: Path) -> None:
    """`start.svg`, `access.svg`, `rotation.svg` and `tables.md` into `folder`."""
    said = json.loads(results.read_text())
    rows = {(one["number"], index): one["rows"] for index, one in enumerate(said["tables"])}
    cold = next(found for (number, _), found in rows.items() if number == "2")
    access = next(found for (number, _), found in rows.items() if number == "4")
    folder.mkdir(exist_ok=True)
    started = [row for row in cold if row["median"] > 0 and row["name"] != "bare Python"]
    (folder / "start.svg").write_text(
        bars(
            "Start: import, 200 keys, 20 variables, typed, one value read (ms of CPU, less a bare Python)", started, 1e3
        )
    )
    (folder / "access.svg").write_text(
        bars("settings.database.pool.size (ns)", [row for row in access if "live" not in row["name"]], 1e9)
    )
    (folder / "rotation.svg").write_text(timeline(said["rotation"]))
    (folder / "tables.md").write_text(tables(said))


def tables(said: dict[str, Any]) -> str:
    """Every table as Markdown."""
    lines = [f"Python {said['python']}, {said['date']}; load of the machine at the end: {said['load']}.", ""]
    for one in said["tables"]:
        unit = one["unit"]
        lines += [f"### {one['number']}. {one['title']}", ""]
        lines += [f"| | ratio | goal | | median, {unit} | quartiles |", "|---|---|---|---|---|---|"]
        for row in one["rows"]:
            median, *quartiles = (_figure(row[key] * UNITS[unit]) for key in ("median", "q1", "q3"))
            goal = "" if row["goal"] is None else f"{row['goal']:.2f}"
            told = f"{row['ratio']:.2f} | {goal} | {verdict(row)} | {median} | {' – '.join(quartiles)}"
            lines.append(f"| {row['name']} | {told} |")
        lines.append("")
    return "\n".join(lines)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3f}"


def bars(title: str, rows: list[dict[str, Any]], factor: float) -> str:
    """One bar a row, the shortest first; a bar that would not fit is broken off and has its figure beside it."""
    rows = sorted(rows, key=lambda row: float(row["median"]))
    usual = sorted(float(row["median"]) for row in rows)[len(rows) // 2]
    longest = min(float(rows[-1]["median"]), 4 * usual)
    parts = [f'<text class="title" x="0" y="14">{escape(title)}</text>']
    for at, row in enumerate(rows):
        top, value = 28 + at * 22, float(row["median"])
        long = min(value / longest, 1.0) * (WIDTH - 370)
        name = row["name"].removeprefix("floor: ")
        kind = "floor" if row["name"].startswith("floor") else "ours" if row["goal"] is not None else "bar"
        cut = " ▸" if value > longest else ""
        parts.append(f'<text x="250" y="{top + 12}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect class="{kind}" x="258" y="{top}" width="{long:.1f}" height="16" rx="2"/>')
        parts.append(f'<text x="{264 + long:.1f}" y="{top + 12}">{value * factor:,.0f}{cut}</text>')
    return _svg(28 + len(rows) * 22, parts)


def timeline(series: dict[str, Any]) -> str:
    """Cost of a read over time, with a mark wherever a new version arrived."""
    points, step = series["nanoseconds"], series["step"]
    seconds, high = len(points) * step, max(points) * 1.25
    left, top, wide, tall = 50, 36, WIDTH - 70, 130

    def place(second: float, value: float) -> str:
        return f"{left + second / seconds * wide:.1f},{top + tall - value / high * tall:.1f}"

    reads = f"{series['reads'] / 1e6:.1f} million reads by 8 threads, {series['errors']} errors"
    parts = [f'<text class="title" x="0" y="14">secret.get() while the secret rotates (ns of CPU; {reads})</text>']
    for number in (0, high / 2, high):
        x, y = place(0, number).split(",")
        parts.append(f'<line class="axis" x1="{x}" y1="{y}" x2="{left + wide}" y2="{y}"/>')
        parts.append(f'<text x="{left - 6}" y="{float(y) + 4:.1f}" text-anchor="end">{number:.0f}</text>')
    for arrived in series["arrived"]:
        x = place(arrived, 0).split(",")[0]
        parts.append(f'<line class="mark" x1="{x}" y1="{top}" x2="{x}" y2="{top + tall}"/>')
    line = " ".join(place((at + 0.5) * step, value) for at, value in enumerate(points) if value)
    parts.append(f'<polyline class="line" points="{line}"/>')
    for second in range(int(seconds) + 1):
        x = place(second, 0).split(",")[0]
        parts.append(f'<text x="{x}" y="{top + tall + 16}" text-anchor="middle">{second} s</text>')
    return _svg(top + tall + 24, parts)


def _svg(height: int, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
    return "\n".join([head, _STYLE, *parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    here = Path(__file__).parent
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else here / "results.json", here / "charts")
