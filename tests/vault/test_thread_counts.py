"""Helpers and secrets do not change the number of threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import create_model

from toriconfig import Secret, SettingsConfigDict, aprefetch, load, prefetch, shutdown
from toriconfig.pipeline import run_sync
from toriconfig.testing import VaultServer, vault_server
from toriconfig.vault import Vault

WORKERS = 2


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    shutdown()  # the sessions of other tests: what they left behind may take a thread to go on, or to log out
    with vault_server() as server:
        for path in range(5):
            server.put(f"secret/threads{path}", {f"f{n}": "v" for n in range(20)})
        yield server


def settings_of(server: VaultServer, fields: int, path: int) -> Any:
    declared: Any = {f"f{n}": (Secret[str], ...) for n in range(fields)}
    config = SettingsConfigDict(vault_path=f"secret/threads{path}")
    model = create_model("Threads", __config__=config, **declared)
    return load(model, environ=server.environ, vault=Vault(prefetch_workers=WORKERS))


async def nothing() -> int:
    return 1


async def read_at_once(server: VaultServer, *several: Any) -> list[str]:
    """Cold reads that wait for each other's end, so that each has a worker of its own."""
    server.pause()
    reading: list[asyncio.Task[str]] = [asyncio.create_task(settings.f0.aget()) for settings in several]
    await asyncio.sleep(0.05)
    server.resume()
    return await asyncio.gather(*reading)


def test_500_calls_64_awaited_reads_and_3_prefetches_start_no_thread(server: VaultServer) -> None:
    assert run_sync(nothing()) == 1
    first = [settings_of(server, 1, path) for path in range(WORKERS)]
    assert run_sync(read_at_once(server, *first), timeout=20.0) == ["v"] * WORKERS
    before = set(threading.enumerate())
    for _ in range(500):
        run_sync(nothing(), timeout=30.0)
    later = settings_of(server, 16, 2)

    async def read() -> list[str]:
        return list(await asyncio.gather(*(getattr(later, f"f{n % 16}").aget() for n in range(64))))

    assert run_sync(read()) == ["v"] * 64
    prefetch(settings_of(server, 8, 3))
    run_sync(aprefetch(settings_of(server, 8, 4)))
    prefetch(later)
    assert set() == set(threading.enumerate()) - before


def test_an_awaited_cold_read_does_not_block_the_loop(server: VaultServer) -> None:
    server.put("secret/threads9", {"f0": "cold"})
    settings = settings_of(server, 1, 9)
    server.pause()
    states: list[str] = []

    async def main() -> str:
        reading: asyncio.Task[str] = asyncio.create_task(settings.f0.aget())
        for _ in range(20):
            await asyncio.sleep(0.005)
            states.append("done" if reading.done() else "waiting")
        server.resume()
        return await reading

    assert run_sync(main(), timeout=20.0) == "cold"
    assert states == ["waiting"] * 20
