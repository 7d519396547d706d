"""Row 3: the same load once more in a process that has done it before."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import project
from benchmarks.interleaved import Row, Work, compare, repeated, table

CONTESTANTS = {
    "pydantic-settings with its YAML source": "peer",
    "toriconfig, BaseModel": "ours",
    "toriconfig, Settings": "ours_settings",
    "floor: pydantic, C YAML, by hand": "floor",
    "pydantic-settings, C YAML put in": "peer_c",
}
SLOW = {"dynaconf, untyped": "dynaconf", "OmegaConf, untyped": "omegaconf", "typed-settings": "typed_settings"}


def measure(rounds: int = 15, times: int = 4, *, peers: bool = True) -> list[Row]:
    against = next(iter(CONTESTANTS))
    names = dict(CONTESTANTS)
    if peers:
        names |= {name: f"{module}_" for name, module in SLOW.items() if find_spec(module)}
    with loaders() as load:
        works: dict[str, Work] = {name: partial(repeated, _read(load(module))) for name, module in names.items()}
        return compare(works, against, {"toriconfig, BaseModel": 0.25}, rounds, times, collector=True)


def _read(load: Callable[[], Any]) -> Callable[[], object]:
    """Load and read one value, without which dynaconf would not have loaded."""
    return lambda: load().section_1.group_0.size


@contextmanager
def loaders() -> Iterator[Callable[[str], Callable[[], Any]]]:
    """Return the `load` of a contestant, in the folder and the environment of the project."""
    before, home = dict(os.environ), Path.cwd()
    with TemporaryDirectory() as folder:
        project.write(Path(folder))
        sys.path.insert(0, folder)
        os.chdir(folder)
        os.environ.update(project.VARIABLES)
        try:
            yield lambda module: import_module(module).load
        finally:
            os.chdir(home)
            sys.path.remove(folder)
            for name in project.VARIABLES:
                os.environ.pop(name)
            os.environ.update(before)


if __name__ == "__main__":
    print(table("3. A warm load", measure(), "ms"))
