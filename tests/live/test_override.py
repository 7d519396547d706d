"""`override`: only its own thread or task sees the values; nothing is left behind."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from toriconfig import ConfigError, Secret, SettingsConfigDict, lazy, override, reload, snapshot


class Pool(BaseModel):
    size: int = 3
    hosts: list[str] = ["a", "b"]


class Schema(BaseModel):
    model_config = SettingsConfigDict(frozen=True)

    name: str = "base"
    pool: Pool = Field(default_factory=Pool)
    token: Secret[str] = Secret("t0ken")


def fresh() -> Schema:
    return lazy(Schema, environ={}, layers=("code", "defaults"))


def live(settings: Any) -> int:
    gc.collect()
    return len(settings._state.overrides)


def test_the_values_are_visible_only_inside_the_block() -> None:
    settings = fresh()
    with override(settings, {"pool.size": 9}, name="inner") as seen:
        assert (settings.name, settings.pool.size, settings.pool.hosts) == ("inner", 9, ["a", "b"])
        assert seen is snapshot(settings)
    assert (settings.name, settings.pool.size) == ("base", 3)


def test_an_override_is_validated_and_a_bad_value_changes_nothing() -> None:
    settings = fresh()
    with pytest.raises(ConfigError, match=r"pool\.size"), override(settings, pool={"size": "many"}):
        raise AssertionError("entered")
    assert settings.pool.size == 3
    assert live(settings) == 0


def test_another_thread_does_not_see_an_override() -> None:
    settings = fresh()
    seen: list[str] = []
    with override(settings, name="mine"):
        thread = threading.Thread(target=lambda: seen.append(settings.name))
        thread.start()
        thread.join()
        assert settings.name == "mine"
    assert seen == ["base"]


def test_a_hundred_tasks_each_see_their_own() -> None:
    settings = fresh()

    async def one(number: int) -> bool:
        with override(settings, name=f"task {number}"):
            for _ in range(3):
                await asyncio.sleep(0)
                if settings.name != f"task {number}":
                    return False
        return settings.name == "base"

    async def main() -> list[bool]:
        return await asyncio.gather(*map(one, range(100)))

    assert all(asyncio.run(main()))
    assert live(settings) == 0


def test_to_thread_keeps_the_view() -> None:
    settings = fresh()

    async def main() -> str:
        with override(settings, name="carried"):
            return await asyncio.to_thread(lambda: settings.name)

    assert asyncio.run(main()) == "carried"
    assert settings.name == "base"


def test_a_task_that_outlives_the_block_keeps_the_view_of_its_start() -> None:
    settings = fresh()

    async def main() -> tuple[str, str]:
        go = asyncio.Event()

        async def late() -> str:
            await go.wait()
            return settings.name

        with override(settings, name="born with"):
            task = asyncio.create_task(late())
            await asyncio.sleep(0)
        outside = settings.name
        go.set()
        return outside, await task

    assert asyncio.run(main()) == ("base", "born with")
    assert live(settings) == 0


@pytest.mark.parametrize("first", ["outer", "inner"])
def test_two_overrides_may_end_in_either_order(first: str) -> None:
    settings = fresh()
    outer, inner = override(settings, name="outer"), override(settings, {"pool.size": 7})
    outer.__enter__()
    inner.__enter__()
    assert (settings.name, settings.pool.size) == ("outer", 7)
    if first == "outer":
        outer.__exit__(None, None, None)
        assert (settings.name, settings.pool.size) == ("base", 7)
        inner.__exit__(None, None, None)
    else:
        inner.__exit__(None, None, None)
        assert (settings.name, settings.pool.size) == ("outer", 3)
        outer.__exit__(None, None, None)
    assert (settings.name, settings.pool.size) == ("base", 3)
    assert live(settings) == 0


def test_a_reload_inside_an_override_does_not_change_its_base(tmp_path: Path) -> None:
    file = tmp_path / "app.yaml"
    file.write_text("pool: {size: 4}")
    settings = lazy(Schema, config_files=[file], environ={}, offline=True)
    with override(settings, name="outer"):
        with override(settings, name="inner"):
            file.write_text("pool: {size: 5}")
            reload(settings)
            assert ("inner", 4) == (settings.name, settings.pool.size)
        assert ("outer", 4) == (settings.name, settings.pool.size)
    assert ("base", 5) == (settings.name, settings.pool.size)


def test_a_suspended_generator_shares_its_view_with_its_caller_until_it_resumes() -> None:
    settings = fresh()

    def fixture() -> Iterator[None]:
        with override(settings, name="fixture"):
            yield

    generator = fixture()
    next(generator)
    assert settings.name == "fixture"
    assert next(generator, "end") == "end"
    assert settings.name == "base"


def test_a_block_left_in_another_context_ends_for_every_reader_and_raises_nothing() -> None:
    settings = fresh()
    one, other = contextvars.copy_context(), contextvars.copy_context()
    manager = override(settings, name="wandering")
    one.run(manager.__enter__)
    assert one.run(lambda: settings.name) == "wandering"
    other.run(manager.__exit__, None, None, None)
    assert one.run(lambda: settings.name) == "base"
    assert settings.name == "base"


def test_without_a_live_override_reads_are_attribute_reads_again() -> None:
    settings = fresh()
    assert settings.name == "base"
    with override(settings, name="inner"):
        assert settings.__dict__ == {}
    assert settings.__dict__["name"] == "base"


def test_secrets_keep_their_handles_and_can_be_overridden() -> None:
    settings = fresh()
    handle = settings.token
    with override(settings, name="x"):
        assert settings.token is handle
    with override(settings, token="other"):
        assert settings.token.get() == "other"
    assert settings.token.get() == "t0ken"


def test_no_mutable_object_is_shared_with_the_original() -> None:
    settings = fresh()
    base = snapshot(settings)
    with override(settings, name="x") as seen:
        assert seen.pool is not base.pool
        assert seen.pool.hosts is not base.pool.hosts


def test_an_override_needs_a_lazy_object() -> None:
    with pytest.raises(TypeError, match="lazy"):
        override(Schema(), name="x")


def test_readers_never_see_the_overrides_of_other_threads() -> None:
    settings = fresh()
    stop = threading.Event()
    wrong: list[str] = []

    def reader() -> None:
        while not stop.is_set():
            if (name := settings.name) != "base":
                wrong.append(name)

    threads = [threading.Thread(target=reader) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(200):
        with override(settings, name=f"o{number}"):
            assert settings.name == f"o{number}"
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert settings.__dict__["name"] == "base"
