"""Row 4: reading a setting."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from timeit import Timer
from typing import Any

from pydantic import BaseModel

from benchmarks.interleaved import Row, Work, compare, table
from toriconfig import SettingsConfigDict, lazy, override, snapshot


class Pool(BaseModel):
    size: int = 4


class Database(BaseModel):
    pool: Pool = Pool()


class App(BaseModel):
    model_config = SettingsConfigDict(frozen=True)
    database: Database = Database()


class Plain:
    """An object that has only a `__dict__`."""

    def __init__(self, **named: Any) -> None:
        self.__dict__.update(named)


def _read(root: Any) -> Work:
    """`root.database.pool.size`, timed without a call around it."""
    timer = Timer("root.database.pool.size", globals={"root": root})
    return timer.timeit


def _plain() -> Plain:
    return Plain(database=Plain(pool=Plain(size=4)))


def measure(rounds: int = 15, times: int = 100_000, *, peers: bool = True) -> list[Row]:
    """Row 4: three attributes deep. On 3.12 and later the goal is against a plain object."""
    settings, after = lazy(App), lazy(App)
    assert settings.database.pool.size == 4
    with override(after, {"database.pool.size": 5}):
        assert after.database.pool.size == 5
    works: dict[str, Work] = {
        "a pydantic model": _read(snapshot(settings)),
        "settings": _read(settings),
        "settings, after an override ended": _read(after),
        "floor: a plain object": _read(_plain()),
    }
    against, goal = ("floor: a plain object", 1.5) if sys.version_info >= (3, 12) else ("a pydantic model", 1.05)
    goals = {"settings": goal, "settings, after an override ended": goal}
    rows = compare(works, against, goals, rounds, times)
    with override(settings, {"database.pool.size": 5}):
        live = {against: works[against], "settings, while an override is live": works["settings"]}
        rows += compare(live, against, {}, rounds, times // 5)[1:]
    return rows + (_peers(rounds, times // 100) if peers else [])


def _peers(rounds: int, times: int) -> list[Row]:
    """Rows of the other libraries: a read takes a thousand times as long, so it is repeated less often."""
    works: dict[str, Work] = {"a plain object": _read(_plain())}
    if find_spec("dynaconf"):
        library: Any = import_module("dynaconf")
        works["dynaconf"] = _read(library.Dynaconf(DATABASE={"pool": {"size": 4}}))
    if find_spec("omegaconf"):
        library = import_module("omegaconf")
        works["OmegaConf"] = _read(library.OmegaConf.create({"database": {"pool": {"size": 4}}}))
    return compare(works, "a plain object", {}, rounds, times)[1:]


if __name__ == "__main__":
    print(table("4. Reading a setting, three attributes deep", measure(), "ns"))
