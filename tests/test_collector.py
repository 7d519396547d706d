"""The collector rests while settings are loaded, and not a moment longer."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, model_validator

from toriconfig import ConfigError, Settings, lazy, load

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
def test_it_rests_during_a_load_and_runs_again_after_it(read: object) -> None:
    assert callable(read)
    read()
    assert [False] == seen
    assert gc.isenabled()


def test_it_runs_again_after_a_load_that_failed() -> None:
    with pytest.raises(ConfigError):
        load(Watching, overrides={"size": "many"})
    assert gc.isenabled()


def test_whoever_had_it_off_finds_it_off() -> None:
    gc.disable()
    load(Watching)
    assert not gc.isenabled()
