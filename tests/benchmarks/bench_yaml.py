"""YAML with places, guards and duplicate check, beside plain loaders that give none of them.

The collector runs as it does for users: pausing it is part of the work. `--large` adds 1 MB and 10 MB.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import yaml

from benchmarks.interleaved import Row, Work, compare, table
from toriconfig.sources.yaml.documents import FASTEST, read_yaml


def settings_text(keys: int = 200) -> str:
    """Settings of three levels: `keys` leaves of the usual kinds."""
    lines = []
    for leaf in range(keys):
        if leaf % 20 == 0:
            lines.append(f"section_{leaf // 20}:")
        if leaf % 5 == 0:
            lines.append(f"  group_{leaf % 20 // 5}:")
        value = (f"{leaf}", f"some plain text {leaf}", "true", f"{leaf}.5", f'"quoted text {leaf}"')[leaf % 5]
        lines.append(f"    key_{leaf % 5}: {value}")
    return "\n".join(lines) + "\n"


def _times(work: Callable[[], object]) -> Work:
    def many(times: int) -> None:
        for _ in range(times):
            work()

    return many


def _events(text: str) -> None:
    get_event = FASTEST(text).get_event
    while get_event() is not None:
        pass


def _ruamel(text: str) -> object:
    library: Any = import_module("ruamel.yaml")
    return library.YAML(typ="safe").load(text)


def _compare(size: str, keys: int, goal: float, rounds: int, times: int, *, slow: bool) -> list[Row]:
    text = settings_text(keys)
    title = f"{size}, {len(text):,} bytes"
    work = {
        f"CSafeLoader, {title}": _times(lambda: yaml.load(text, Loader=yaml.CSafeLoader)),
        f"toriconfig, {title}": _times(lambda: read_yaml(text, "f")),
        f"floor: events alone, {title}": _times(lambda: _events(text)),
    }
    if slow:
        work[f"SafeLoader, {title}"] = _times(lambda: yaml.load(text, Loader=yaml.SafeLoader))
        if find_spec("ruamel") is not None:
            work[f"ruamel.yaml safe, {title}"] = _times(lambda: _ruamel(text))
    return compare(work, f"CSafeLoader, {title}", {f"toriconfig, {title}": goal}, rounds, times, collector=True)


def measure(rounds: int = 15, times: int = 4, *, large: bool = False) -> list[Row]:
    rows = _compare("200 keys", 200, 0.55, rounds, times, slow=True)
    if large:
        rows += _compare("1 MB", 39_000, 0.35, 3, 1, slow=True)
        rows += _compare("10 MB", 385_000, 0.35, 2, 1, slow=False)
    return rows


if __name__ == "__main__":
    print(table("Reading YAML", measure(large="--large" in sys.argv)))
