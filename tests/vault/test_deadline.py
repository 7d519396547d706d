"""Every wait is bounded: a cold read ends within its timeout, for any behaviour of the server."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from support.fake_vault import secret
from support.faults import (
    FaultyServer,
    black_hole,
    dripping_server,
    garbage_server,
    refusing_address,
    silent_server,
)
from toriconfig._vault import Session
from toriconfig.errors import VaultUnreachable
from toriconfig.testing import vault_server

from .conftest import Connect

TIMEOUT = 0.5
SLACK = 0.4  # for a machine that is busy; the promise is 10 %


@contextmanager
def refusing() -> Iterator[FaultyServer]:
    yield FaultyServer(refusing_address())


@contextmanager
def dripping_head() -> Iterator[FaultyServer]:
    with dripping_server(start=b"HTTP/1.1 200 OK\r\nX-Drip: ") as server:
        yield server


FAULTS = {
    black_hole: "could not be connected to in time",
    silent_server: "did not answer in time|no answer within",
    dripping_server: "no answer within|did not answer in time|broke off",
    dripping_head: "no answer within|did not answer in time|broke off",
    garbage_server: "broke off",
    refusing: "cannot be connected to: Connection refused",
}


@pytest.mark.parametrize(("fault", "says"), FAULTS.items(), ids=[fault.__name__ for fault in FAULTS])
def test_a_cold_read_ends_within_its_timeout(
    connect: Connect, fault: Callable[[], AbstractContextManager[FaultyServer]], says: str
) -> None:
    with fault() as server:
        session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": "t"}, timeout=TIMEOUT)
        begun = time.monotonic()
        with pytest.raises(VaultUnreachable, match=says) as caught:
            secret(session, "secret/a").get()
        assert time.monotonic() - begun < TIMEOUT * 1.1 + SLACK
        assert caught.value.__context__ is None


@pytest.mark.parametrize("fault", [black_hole, silent_server, dripping_server], ids=lambda fault: fault.__name__)
def test_an_awaited_cold_read_ends_within_its_timeout_and_the_loop_continues(
    connect: Connect, fault: Callable[[], AbstractContextManager[FaultyServer]]
) -> None:
    async def both(session: Session) -> int:
        ticks = 0

        async def count() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        counting = asyncio.create_task(count())
        with pytest.raises(VaultUnreachable):
            await secret(session, "secret/a").aget()
        counting.cancel()
        return ticks

    with fault() as server:
        session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": "t"}, timeout=TIMEOUT)
        begun = time.monotonic()
        assert asyncio.run(both(session)) > 10
        assert time.monotonic() - begun < TIMEOUT * 1.1 + SLACK


def test_name_resolution_that_hangs_counts_towards_the_timeout(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    real = socket.getaddrinfo

    def hang(host: Any, *rest: Any, **named: Any) -> Any:
        if host == "vault.example":
            release.wait(20)
            raise OSError("no such host")
        return real(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    session = connect({"VAULT_ADDR": "https://vault.example:8200", "VAULT_TOKEN": "t"}, timeout=TIMEOUT)
    begun = time.monotonic()
    with pytest.raises(VaultUnreachable):
        secret(session, "secret/a").get()
    assert time.monotonic() - begun < TIMEOUT * 1.1 + SLACK
    release.set()


def test_a_login_that_hangs_counts_towards_the_timeout(connect: Connect) -> None:
    from toriconfig.vault import UserPass

    with silent_server() as server:
        session = connect({"VAULT_ADDR": server.address}, timeout=TIMEOUT, auth=UserPass("u", "p"))
        begun = time.monotonic()
        readers = [threading.Thread(target=secret(session, f"secret/{n}").get, args=(None,)) for n in range(12)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert time.monotonic() - begun < TIMEOUT * 1.1 + SLACK
        assert 1 == len(server.requests)


def test_abandoned_threads_end_when_their_socket_is_cut(connect: Connect, workers: Callable[[], int]) -> None:
    with dripping_server() as server:
        session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": "t"}, timeout=0.2)
        for n in range(6):
            assert secret(session, f"secret/{n}").get(None) is None
        end = time.monotonic() + 5
        while workers() > 1 and time.monotonic() < end:
            time.sleep(0.02)
        assert workers() <= 1


def test_hung_paths_delay_no_other_read(connect: Connect) -> None:
    with vault_server({"secret/good": {"k": "v"}}) as vault, silent_server() as silent:
        session = connect(vault.environ, timeout=3.0, prefetch_workers=2)
        send = session.client._open().send

        def some_hang(address: str, method: str, target: str, *rest: Any) -> Any:
            return send(silent.address if "hang" in target else address, method, target, *rest)

        session.client._open().send = some_hang  # type: ignore[method-assign,assignment]
        hung = threading.Thread(target=secret(session, "secret/hang").get, args=(None,))
        hung.start()
        begun = time.monotonic()
        assert {"k": "v"} == secret(session, "secret/good").get()
        assert time.monotonic() - begun < 2.0
        hung.join()


def test_other_paths_are_answered_at_once_when_no_connection_is_possible(connect: Connect) -> None:
    with black_hole() as server:
        session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": "t"}, timeout=TIMEOUT)
        secret(session, "secret/a").get(None)
        begun = time.monotonic()
        for n in range(5):
            assert secret(session, f"secret/{n}").get(None) is None
        assert time.monotonic() - begun < TIMEOUT
