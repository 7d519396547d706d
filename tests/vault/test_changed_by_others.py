"""A secret changed by another program: every handle has it in time, one request per path, each callback once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, create_model

from support.proxies import hang_proxy
from toriconfig import Change, Ref, Secret, Vault, _vault, lazy, on_change
from toriconfig.testing import VaultServer, vault_server

HANDLES, PATHS = 200, 5


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server() as server:
        yield server
    _vault.shutdown()


def _put(server: VaultServer, value: int) -> None:
    for path in range(PATHS):
        server.put(f"secret/part/{path}", {f"k{n}": f"{n} {value}" for n in range(HANDLES) if n % PATHS == path})


def _schema() -> type[BaseModel]:
    fields: dict[str, Any] = {
        f"k{n}": (Annotated[Secret[str], Ref(f"secret/part/{n % PATHS}#k{n}")], ...) for n in range(HANDLES)
    }
    fields["hung"] = (Annotated[Secret[str], Ref("secret/hung#k")], ...)
    return create_model("Parts", **fields)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("interval", "changes"), [(1.0, 3), pytest.param(5.0, 10, marks=pytest.mark.soak, id="soak")])
def test_two_hundred_handles_get_a_change_in_time_with_one_request_per_path_while_another_path_hangs(
    server: VaultServer, interval: float, changes: int
) -> None:
    _put(server, 0)
    with hang_proxy(server.address, "secret/data/hung") as proxy:
        environ = {**server.environ, "VAULT_ADDR": proxy.address}
        settings: Any = lazy(_schema(), environ=environ, vault=Vault(refresh_interval=interval, timeout=30.0))
        heard: dict[str, list[str]] = {f"k{n}": [] for n in range(HANDLES)}

        def note(change: Change) -> None:
            heard[change.path].append(getattr(settings, change.path).get())

        for name in heard:
            on_change(settings, name, note)
        secrets = {name: getattr(settings, name) for name in heard}
        assert {name: f"{name[1:]} 0" for name in heard} == {name: held.get() for name, held in secrets.items()}
        stop = threading.Event()
        hung = threading.Thread(target=_read_on, args=(settings.hung, stop))
        hung.start()
        latest: list[float] = []
        for value in range(1, changes + 1):
            server.forget_requests()
            _put(server, value)
            changed = time.monotonic()
            limit = changed + interval * 1.1 + 1
            wanted = {name: f"{name[1:]} {value}" for name in heard}
            while {name: held.get() for name, held in secrets.items()} != wanted:
                assert time.monotonic() < limit, "not every handle has it in time"
                time.sleep(0.02)
            latest.append(time.monotonic() - changed)
            reads = [server.requests(f"secret/data/part/{path}", "read") for path in range(PATHS)]
            assert max(reads) <= (time.monotonic() - changed) / (0.9 * interval) + 2
            assert _eventually(partial(_all_told, heard, value))
        time.sleep(interval * 1.2)
        assert settings.hung.state in ("unread", "missing")
        stop.set()
    hung.join(35)
    print(f"\n{changes} changes, interval {interval:g} s: all {HANDLES} handles within {max(latest):.2f} s")
    assert {name: [f"{name[1:]} {value}" for value in range(1, changes + 1)] for name in heard} == heard


def _all_told(heard: dict[str, list[str]], times: int) -> bool:
    return all(len(told) == times for told in heard.values())


def _read_on(held: Secret[str], stop: threading.Event) -> None:
    while not stop.wait(0.05):
        held.get(None)


def _eventually(holds: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()
