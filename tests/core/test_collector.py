"""The garbage collector is paused while settings are loaded, and no longer."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, model_validator

from toriconfig import ConfigError, Settings, lazy, load
from toriconfig._inspect.check import check_alone
from toriconfig.sources.yaml.documents import read_yaml

seen: list[bool] = []


class Watching(BaseModel):
    size: int = 1

    @model_validator(mode="after")
    def _look(self) -> Watching:
        seen.append(gc.isenabled())
        return self


class WatchingSettings(Settings):
    size: int = 1

    @model_validator(mode="after")
    def _look(self) -> WatchingSettings:
        seen.append(gc.isenabled())
        return self


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    seen.clear()
    gc.enable()
    yield
    gc.enable()


@pytest.mark.parametrize("read", [lambda: load(Watching), lambda: lazy(Watching).size, WatchingSettings])
def test_the_collector_is_paused_during_a_load_and_resumed_after_it(read: object) -> None:
    assert callable(read)
    read()
    assert [False] == seen
    assert gc.isenabled()


def test_the_collector_is_paused_while_one_document_is_checked() -> None:
    check_alone(Watching, read_yaml("size: 2\n", "app.yaml"))
    assert [False] == seen
    assert gc.isenabled()


def test_the_collector_is_resumed_after_a_load_that_failed() -> None:
    with pytest.raises(ConfigError):
        load(Watching, overrides={"size": "many"})
    assert gc.isenabled()


def test_a_disabled_collector_stays_disabled() -> None:
    gc.disable()
    load(Watching)
    assert not gc.isenabled()


def held_by(generation: int, wanted: object) -> bool:
    return any(one is wanted for one in gc.get_objects(generation=generation))


def in_a_new_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("door", ["Settings", "ToriSettings", "load"])
def test_imported_modules_are_not_examined_by_young_collections(door: str) -> None:
    code = f"import gc; from toriconfig import {door} as it; print(any(one is it for one in gc.get_objects(2)))"
    assert in_a_new_process(code) == "True"


def test_objects_frozen_by_the_program_stay_frozen() -> None:
    code = """import gc
gc.freeze()
before = gc.get_freeze_count()
from toriconfig import Settings
print(before, gc.get_freeze_count())"""
    before, after = map(int, in_a_new_process(code).split())
    assert before - 100 < after  # a few end meanwhile
    assert before > 1000


def test_a_load_that_imports_nothing_leaves_young_objects_young() -> None:
    load(Watching)
    gc.collect()
    marker = [object()]
    load(Watching)
    assert not held_by(2, marker)
