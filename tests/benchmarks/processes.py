"""Whole processes measured in turns: what a user waits for at each start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import NamedTuple

from benchmarks.interleaved import Row

BARE = "bare Python"


class Taken(NamedTuple):
    """Seconds of one process.

    `cpu` is the process's own work, user and system: on a machine that is busy with other things it is more precise than
    `wall`, and on an idle one they are the same, since nothing here waits.
    """

    wall: float
    cpu: float


def python(code: str) -> list[str]:
    """A command that runs `code`, with modules found in the folder where it runs."""
    return [sys.executable, "-c", code]


def clean_environ(**more: str) -> dict[str, str]:
    """The environment without anything that steers Python, Vault or settings; toriconfig is that of this checkout."""
    steering = ("PYTHON", "VAULT_", "BAO_", "TORI_", "APP_")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(steering)}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[2]), **more}


def start(command: list[str], folder: Path, environ: Mapping[str, str]) -> Taken:
    """Run one process to its end.

    Raises:
        RuntimeError: it failed; a process that does nothing is quick, so this must not pass for a figure.
    """
    begun = perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env=dict(environ), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        wall = perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[-1]!r} failed: {said.decode()[-2000:]}")
    return Taken(wall, used.ru_utime + used.ru_stime)


def compare_processes(
    commands: Mapping[str, list[str]],
    against: str,
    goals: Mapping[str, float],
    folder: Path,
    environ: Mapping[str, str],
    rounds: int,
    *,
    net: bool,
) -> list[Row]:
    """Measure processes in turns on one core, each once before anything counts, so that compiled files are there.

    A command with a goal runs right after the one it is compared with: a machine that others use changes its speed by the second.

    Args:
        net: True: the start of a bare Python is taken off before ratios are made; it must be among `commands`.
    """
    for command in commands.values():
        start(command, folder, environ)
    taken: dict[str, list[float]] = {name: [] for name in commands}
    pairs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}

    def take(name: str) -> None:
        taken[name].append(start(commands[name], folder, environ).cpu)

    with _one_core():
        take(against)
        for _ in range(rounds):
            for name in commands:
                if name in goals:
                    take(against)
                take(name)
                pairs[name].append((taken[name][-1], taken[against][-1]))
    floor = quantiles(taken[BARE], n=4)[1] if net else 0.0
    rows: list[Row] = []
    for name, seconds in taken.items():
        q1, median, q3 = (each - floor for each in quantiles(seconds, n=4))
        ratio = quantiles([(mine - floor) / (theirs - floor) for mine, theirs in pairs[name]], n=4)[1]
        rows.append(Row(name=name, median=median, q1=q1, q3=q3, ratio=ratio, against=against, goal=goals.get(name)))
    return rows


@contextmanager
def _one_core() -> Iterator[None]:
    """Cores that share a machine with others are not equally fast; children run where this process may."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
