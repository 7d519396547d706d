"""Any number of simultaneous reads sends one request per path."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.fake_vault import secret
from support.proxies import delay_proxy
from toriconfig._secrets.secret import Secret
from toriconfig.testing import VaultServer, vault_server

from .conftest import Connect


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server() as server:
        yield server


def test_a_thousand_threads_reading_one_cold_path_are_one_request(server: VaultServer, connect: Connect) -> None:
    server.put("secret/one", {"k": "v"})
    held = secret(connect(server.environ), "secret/one")
    barrier, seen = threading.Barrier(1000), []

    def read() -> None:
        barrier.wait()
        seen.append(held.get())

    _all(read, 1000)
    assert [{"k": "v"}] * 1000 == seen
    assert 1 == server.requests(path="secret/data/one", operation="read")


def test_tasks_and_threads_share_one_flight(server: VaultServer, connect: Connect, workers: Callable[[], int]) -> None:
    server.put("secret/both", {"k": "v"})
    with delay_proxy(server.address, 0.2) as proxy:
        held = secret(connect({**server.environ, "VAULT_ADDR": proxy.address}), "secret/both")

        async def tasks() -> list[Any]:
            return await asyncio.gather(*(held.aget() for _ in range(64)))

        thread = threading.Thread(target=held.get)
        thread.start()
        assert [{"k": "v"}] * 64 == asyncio.run(tasks())
        assert 1 <= workers() <= 2  # one for the read, one for a look at the token
        thread.join()
    assert 1 == server.requests(path="secret/data/both", operation="read")


def test_forty_handles_over_five_paths_are_five_reads_side_by_side(server: VaultServer, connect: Connect) -> None:
    for n in range(5):
        server.put(f"secret/five/{n}", {"k": n})
    with delay_proxy(server.address, 0.2) as proxy:
        session = connect({**server.environ, "VAULT_ADDR": proxy.address})
        begun = time.monotonic()
        handles = [secret(session, f"secret/five/{n % 5}") for n in range(40)]
        _read_all(handles)
        assert time.monotonic() - begun < 0.9  # one after the other would take 1.0
    assert 5 == server.requests(path="secret/data/five/*", operation="read")


def test_threads_stay_bounded_and_steady(server: VaultServer, connect: Connect) -> None:
    session = connect(server.environ, prefetch_workers=3)
    paths = [f"secret/many/{n}" for n in range(30)]
    for path in paths:
        server.put(path, {"k": path})
    _read_all([secret(session, path) for path in paths])
    before = session.executor.workers._pool.threads
    assert 1 <= before <= 3
    _read_all([secret(session, path) for path in paths])
    assert before <= session.executor.workers._pool.threads <= 3


def _read_all(handles: list[Secret[Any]]) -> None:
    threads = [threading.Thread(target=held.get) for held in handles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _all(work: Any, count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
