"""A forked child has its own connections, its own login and its own leases."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from local_postgres import Postgres, database_role
from support.fake_vault import FakeVault, secret, tick
from toriconfig import Ref, Secret, lazy, on_change
from toriconfig.testing import FakeClock, VaultServer, vault_server
from toriconfig.vault import AppRole, Vault

from .conftest import Connect

# From 3.12 on Python warns of forking with threads, which is what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")

TRIALS = 15
CHILDREN = 8


class App(BaseModel):
    """One secret."""

    k: Annotated[Secret[str], Ref("secret/app#k")]


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({f"secret/{n}": {"n": n} for n in range(CHILDREN)}) as server:
        server.policy("all", {"secret/data/*": ["read"]})
        yield server


def in_child(work: Callable[[], Any]) -> Callable[[], Any]:
    """Run `work` in a forked child; what is returned waits for its result."""
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writable, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writable)

    def result() -> Any:
        with os.fdopen(readable, "rb") as pipe:
            text = pipe.read()
        os.waitpid(pid, 0)
        return json.loads(text) if text else "the child died"

    return result


@pytest.mark.timeout(900)
@pytest.mark.parametrize("trials", [TRIALS, pytest.param(150, marks=pytest.mark.soak)])
def test_children_that_read_at_the_same_instant_never_get_each_others_answers(
    server: VaultServer, connect: Connect, trials: int
) -> None:
    session = connect(server.environ)
    for _ in range(trials):
        session.client.request("GET", "secret/data/0")  # leaves an open connection behind
        start = time.monotonic() + 0.1

        def read(n: int, start: float = start) -> Any:
            held = secret(session, f"secret/{n}")
            time.sleep(max(0.0, start - time.monotonic()))
            return [held.get()["n"] for _ in range(3)]

        results = [in_child(partial(read, n)) for n in range(CHILDREN)]
        assert [[n] * 3 for n in range(CHILDREN)] == [result() for result in results]


def test_a_child_behind_a_proxy_drops_its_parents_connections(server: VaultServer, connect: Connect) -> None:
    # the server takes requests as a proxy gets them, so it stands in for one; no server listens at the address itself
    session = connect({"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": server.token}, proxy=server.address)
    held = secret(session, "secret/0")
    assert {"n": 0} == held.get()
    assert session.client._transport is not None
    (pool,) = session.client._transport._pools.values()
    sockets = [one.sock for one in pool.pool.queue if one is not None]

    def read() -> Any:
        return [[one.fileno() for one in sockets], secret(session, "secret/1").get()]

    assert [[-1], {"n": 1}] == in_child(read)()


def test_a_session_that_cannot_go_on_in_a_child_stops_no_other(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = (connect({"VAULT_ADDR": f"http://127.0.0.1:{port}"}) for port in (1, 2))
    told: list[str] = []
    monkeypatch.setattr(broken, "after_fork", lambda: 1 / 0)
    monkeypatch.setattr(sound, "after_fork", lambda: told.append("sound"))
    assert ["sound"] == in_child(lambda: told)()


def test_a_child_has_the_values_of_its_parent_and_keeps_them_fresh_itself(
    server: VaultServer, connect: Connect
) -> None:
    session = connect(server.environ, refresh_interval=0.2)
    server.put("secret/moving", {"n": 1})
    held = secret(session, "secret/moving")
    held.get()

    def watch() -> Any:
        first = held.get()["n"]
        end = time.monotonic() + 5
        while held.get()["n"] != 2 and time.monotonic() < end:
            time.sleep(0.02)
        names = [thread.name for thread in threading.enumerate()]
        return [first, held.get()["n"], names.count("toriconfig-scheduler")]

    result = in_child(watch)
    time.sleep(0.3)
    server.put("secret/moving", {"n": 2})
    assert [1, 2, 1] == result()


def test_an_idle_child_notices_a_rotation(server: VaultServer) -> None:
    server.put("secret/app", {"k": "old"})
    told = threading.Event()
    settings = lazy(App, environ=server.environ, vault=Vault(refresh_interval=0.3))
    on_change(settings, "k", lambda _: told.set())
    settings.k.get()
    result = in_child(partial(told.wait, 10))
    told.set()
    server.put("secret/app", {"k": "new"})
    assert result()


def test_idle_children_do_not_poll_together(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    fake_vault.put("a", k="v")
    session = fake_vault.session(Vault(clock=fake_clock, refresh_interval=60.0))
    held = secret(session, "secret/a")
    held.get()
    delays = []
    for _ in range(CHILDREN):
        session.executor.scheduler.reset()
        session.after_fork()
        fake_vault.asked.clear()
        begun = fake_clock.monotonic()
        while not fake_vault.count("secret/data/a") and fake_clock.monotonic() < begun + 100:
            tick(session, fake_clock, 0.1, step=0.1)
        delays.append(round(fake_clock.monotonic() - begun))
    assert max(delays) <= 60
    assert len(set(delays)) > CHILDREN // 2


def test_no_leased_credentials_are_created_for_a_child_that_reads_none(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    account = fake_vault.answer(lease_id="database/creds/app/0", lease_duration=3600, data={"username": "u"})
    fake_vault.answers["database/creds/app"] = lambda *_: account
    session = fake_vault.session(Vault(clock=fake_clock))
    held = secret(session, "database/creds/app")
    held.get()
    session.executor.scheduler.reset()
    session.after_fork()
    tick(session, fake_clock, 4000)
    assert "unread" == held.state
    assert 1 == fake_vault.count("database/creds/app")


def test_a_child_logs_in_by_itself_and_its_end_affects_no_other_process(server: VaultServer, connect: Connect) -> None:
    role = server.approle("forked", "all")
    session = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, role.secret_id))
    secret(session, "secret/0").get()
    server.forget_requests()

    def read_and_leave() -> Any:
        from toriconfig import _vault

        value = secret(session, "secret/1").get()
        _vault.shutdown()
        return value

    assert {"n": 1} == in_child(read_and_leave)()
    assert 1 == server.requests(path="auth/approle/login")
    assert {"n": 2} == secret(session, "secret/2").get()
    assert 1 == server.requests(path="auth/approle/login")


def test_a_child_that_shares_the_session_continues_as_its_parent(server: VaultServer, connect: Connect) -> None:
    role = server.approle("shared", "all")
    session = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, role.secret_id), share_after_fork=True)
    secret(session, "secret/0").get()
    server.forget_requests()
    assert {"n": 1} == in_child(lambda: secret(session, "secret/1").get())()
    assert 0 == server.requests(path="auth/approle/login")


def _user(held: Secret[Any]) -> Any:
    return held.get()["username"]


def test_leased_credentials_are_not_shared_unless_requested(
    server: VaultServer, shared_postgres: Postgres, connect: Connect
) -> None:
    path = database_role(server, shared_postgres, "forked", ttl="1h")
    for share in (False, True):
        session = connect(server.environ, share_after_fork=share)
        held = secret(session, path)
        mine = held.get()["username"]
        assert share is (in_child(partial(_user, held))() == mine)
        assert mine == held.get()["username"]


def test_a_fork_while_everything_is_busy_leaves_the_child_no_closed_lock(server: VaultServer, connect: Connect) -> None:
    session = connect(server.environ, refresh_interval=0.05)
    handles = [secret(session, f"secret/{n}") for n in range(CHILDREN)]
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            for held in handles:
                held.get()
                session.path("secret/0").refresh()

    threads = [threading.Thread(target=busy) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(TRIALS):
            result = in_child(lambda: [secret(session, f"secret/{n}").get(None) is None for n in range(CHILDREN)])
            assert [False] * CHILDREN == result()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
