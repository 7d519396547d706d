"""The values of a custom secrets backend: fetched once, kept, refreshed, and reported when they change."""

from __future__ import annotations

import asyncio
import os
import pickle
import threading
from queue import SimpleQueue

import pytest

import toriconfig
from support.memory_backend import App, Memory, advance, app, lazy_app, until
from toriconfig import health, load, on_change
from toriconfig.errors import SecretError
from toriconfig.testing import Canary, FakeClock


def test_one_fetch_serves_all_reads_while_it_is_fresh(memory: Memory) -> None:
    settings = app(memory)
    assert len({settings.token.get() for _ in range(5)}) == 1
    assert memory.fetches == ["db"]


def test_many_threads_share_one_fetch(memory: Memory, canary: Canary) -> None:
    settings = app(memory)
    memory.go.clear()
    read: SimpleQueue[str] = SimpleQueue()
    threads = [threading.Thread(target=lambda: read.put(settings.token.get())) for _ in range(20)]
    for thread in threads:
        thread.start()
    until(lambda: bool(memory.fetches))
    memory.go.set()
    assert {read.get(timeout=30) for _ in threads} == {canary.secret}
    assert memory.fetches == ["db"]


def test_two_loads_with_the_same_backend_share_the_cache(memory: Memory) -> None:
    first, second = app(memory), app(memory)
    assert first.token.get() == second.token.get()
    assert memory.fetches == ["db"]


def test_the_value_is_fetched_again_in_the_background(memory: Memory) -> None:
    settings = app(memory)
    settings.token.get()
    memory.values["db"] = {"user": "u", "password": "second"}
    memory.done.get(timeout=30)
    advance(memory, 61)
    until(lambda: settings.token.get() == "second")
    assert memory.fetches == ["db", "db"]


def test_a_mapping_that_the_backend_changes_in_place_is_noticed(memory: Memory) -> None:
    settings = lazy_app(memory)
    first = settings.token.get()
    memory.values["db"]["password"] = "second"
    assert settings.token.get() == first
    assert [one.path for one in toriconfig.refresh(settings)] == ["token"]
    assert settings.token.get() == "second"


def test_on_change_is_called_after_the_value_changed(memory: Memory) -> None:
    settings = lazy_app(memory)
    seen: SimpleQueue[tuple[str, str, str]] = SimpleQueue()
    stop = on_change(settings, "token", lambda change: seen.put((change.path, change.kind, settings.token.get())))
    settings.token.get()
    memory.done.get(timeout=30)
    memory.values["db"] = {"user": "u", "password": "second"}
    advance(memory, 61)
    assert seen.get(timeout=30) == ("token", "rotated", "second")
    stop.cancel()


def test_a_value_with_an_end_is_never_used_after_it(memory: Memory) -> None:
    memory.ttl = 0.5
    settings = app(memory)
    first = settings.token.expires_at
    assert (first, settings.token.get()) == (None, memory.values["db"]["password"])
    assert settings.token.expires_at is not None
    memory.values["db"] = {"password": "second"}
    assert isinstance(memory.clock, FakeClock)
    memory.clock.advance(0.6)
    assert settings.token.get() == "second"


def test_refresh_fetches_now_and_returns_the_changes(memory: Memory) -> None:
    settings = lazy_app(memory)
    settings.token.get()
    assert toriconfig.refresh(settings) == []
    memory.values["db"] = {"user": "u", "password": "second"}
    assert [(one.path, one.kind) for one in toriconfig.refresh(settings, "token")] == [("token", "rotated")]
    memory.values["db"] = {"user": "u", "password": "third"}
    assert [one.path for one in asyncio.run(toriconfig.arefresh(settings))] == ["token"]
    assert settings.token.get() == "third"


def test_prefetch_fetches_each_path_once(memory: Memory) -> None:
    settings = lazy_app(memory, url="http://${memory:db#user}:${memory:db#password}@h", both="${memory:db}")
    toriconfig.prefetch(settings)
    assert memory.fetches == ["db"]
    assert {one.state for one in health(settings).secrets.values()} == {"fresh"}


def test_a_coroutine_reads_without_blocking_its_loop(memory: Memory, canary: Canary) -> None:
    settings = app(memory)

    async def read() -> str:
        memory.go.clear()
        asyncio.get_running_loop().call_later(0.01, memory.go.set)  # the loop itself lets the fetch go on
        return await settings.token.aget()

    assert asyncio.run(read()) == canary.secret


def test_reload_keeps_secrets_in_memory(memory: Memory) -> None:
    settings = lazy_app(memory)
    settings.token.get()
    assert toriconfig.reload(settings) == []
    settings.token.get()
    assert memory.fetches == ["db"]


def test_an_offline_load_fetches_nothing(memory: Memory) -> None:
    settings = load(App, overrides={"token": "${memory:db#password}"}, backends=[memory], offline=True)
    with pytest.raises(SecretError, match="offline"):
        settings.token.get()
    assert memory.fetches == []


# Processes


def test_settings_with_a_backend_of_their_own_are_not_pickled(memory: Memory) -> None:
    with pytest.raises(TypeError, match="a backend may hold credentials"):
        pickle.dumps(lazy_app(memory))


def test_a_forked_child_fetches_for_itself(canary: Canary) -> None:
    memory = Memory({"db": {"password": canary.secret}, "other": "x"})
    memory.refresh_interval = 0.05
    memory.timeout = 60.0  # what the child fetches must not wait for a thread of its parent
    settings = lazy_app(memory, url="${memory:other}")
    settings.token.get()
    child = os.fork()
    if not child:
        code = 1
        try:
            memory.values["db"] = {"password": "second"}
            until(lambda: settings.token.get() == "second")
            code = 0 if settings.url is not None and settings.url.get() == "x" else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert settings.token.get() == canary.secret


def test_shutdown_ends_the_background_and_reading_starts_it_again(memory: Memory) -> None:
    settings = app(memory)
    settings.token.get()
    toriconfig.shutdown()
    assert isinstance(memory.clock, FakeClock)
    memory.clock.advance(61)
    assert memory.fetches == ["db"]
    memory.clock.advance(61)
    settings.token.get()
    until(lambda: memory.fetches == ["db", "db"])
