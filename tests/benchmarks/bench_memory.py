"""Row 13: memory of a process that has loaded its settings, without that of a bare Python."""

from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from benchmarks import project
from benchmarks.interleaved import Row, table
from benchmarks.processes import BARE, clean_environ, python

_TELL = """
with open('/proc/self/status') as status:
    print(next(line.split()[1] for line in status if line.startswith('VmRSS')))
"""


def measure(rounds: int = 5, *, peers: bool = True) -> list[Row]:
    """Rows in bytes instead of seconds."""
    against = "pydantic-settings with its YAML source"
    names = {
        against: "peer",
        "toriconfig, BaseModel": "ours",
        "toriconfig, Settings": "ours_settings",
        "floor: pydantic, C YAML, by hand": "floor",
    }
    if peers:
        others = (
            ("dynaconf", "dynaconf"),
            ("OmegaConf", "omegaconf"),
            ("typed-settings", "typed_settings"),
            ("Hydra", "hydra"),
        )
        names |= {name: f"{module}_" for name, module in others if find_spec(module)}
    code = {
        name: f"from {module} import load\nsettings = load()\n{project.READ}{_TELL}" for name, module in names.items()
    }
    code[BARE] = f"pass{_TELL}"
    taken: dict[str, list[float]] = {name: [] for name in code}
    with TemporaryDirectory() as name:
        folder = Path(name)
        project.write(folder)
        environ = clean_environ(**project.VARIABLES)
        for _ in range(rounds):
            for name, text in code.items():
                done = subprocess.run(
                    python(text), cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=True
                )
                taken[name].append(int(done.stdout) * 1024)
    bare = quantiles(taken.pop(BARE), n=4)[1]
    rows: list[Row] = []
    base = quantiles(taken[against], n=4)[1] - bare
    for name, held in taken.items():
        q1, median, q3 = (each - bare for each in quantiles(held, n=4))
        goal = 1.0 if name.startswith("toriconfig, BaseModel") else None
        rows.append(Row(name=name, median=median, q1=q1, q3=q3, ratio=median / base, against=against, goal=goal))
    return rows


if __name__ == "__main__":
    print(table("13. Memory after the load", measure(), "MiB"))
