"""Settings without a reference leave nothing: no thread, no connection, no valid token."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.fake_vault import FakeVault, secret, tick
from toriconfig import _vault
from toriconfig._runtime.workers import DEMAND, POLL, Workers
from toriconfig._vault.session import LINGER
from toriconfig.testing import FakeClock, VaultServer, vault_server
from toriconfig.vault import AppRole, UserPass, Vault

from .conftest import Connect

MANY = 20


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({"secret/app": {"k": "v"}}) as server:
        yield server


@pytest.fixture(autouse=True)
def _logins(fake_vault: FakeVault) -> None:
    fake_vault.put("a", k="v")
    fake_vault.answers |= {
        "auth/userpass/login/u": lambda *_: fake_vault.answer(auth={"client_token": "t", "lease_duration": 3600}),
        "auth/token/revoke-self": lambda *_: fake_vault.answer(status=204),
    }


def _eventually(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def test_an_unreferenced_session_logs_out_after_a_while_and_is_collected(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    session = fake_vault.session(Vault(clock=fake_clock, auth=UserPass("u", "p")))
    scheduler, held = session.executor.scheduler, weakref.ref(session)
    secret(session, "secret/a").get()
    del session
    gc.collect()
    fake_clock.advance(LINGER + 1)
    scheduler.tick()
    assert 1 == fake_vault.count("auth/token/revoke-self")
    gc.collect()
    assert held() is None


def test_a_session_stays_logged_in_while_a_handle_exists(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    session = fake_vault.session(Vault(clock=fake_clock, auth=UserPass("u", "p"), refresh_interval=3600.0))
    held = secret(session, "secret/a")
    held.get()
    tick(session, fake_clock, 3 * LINGER)
    assert 0 == fake_vault.count("auth/token/revoke-self")
    del held
    tick(session, fake_clock, LINGER)
    assert 1 == fake_vault.count("auth/token/revoke-self")


def test_a_session_that_sends_requests_stays_logged_in(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    session = fake_vault.session(Vault(clock=fake_clock, auth=UserPass("u", "p")))
    for _ in range(6):
        session.client.request("GET", "secret/data/a")
        tick(session, fake_clock, LINGER / 2)
    assert 0 == fake_vault.count("auth/token/revoke-self")


def test_a_read_after_the_session_was_dropped_works(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    session = fake_vault.session(Vault(clock=fake_clock, auth=UserPass("u", "p")))
    for times in (1, 2):
        assert {"k": "v"} == secret(session, "secret/a").get()
        tick(session, fake_clock, 2 * LINGER)
        assert times == fake_vault.count("auth/userpass/login/u") == fake_vault.count("auth/token/revoke-self")


@pytest.mark.parametrize(("seconds", "reads"), [(LINGER / 2, 1), (LINGER, 2)])
def test_a_read_value_is_kept_for_a_while(
    fake_vault: FakeVault, fake_clock: FakeClock, seconds: float, reads: int
) -> None:
    session = fake_vault.session(Vault(clock=fake_clock, refresh_interval=3600.0))
    secret(session, "secret/a").get()
    tick(session, fake_clock, seconds)
    secret(session, "secret/a").get()
    assert reads == fake_vault.count("secret/data/a")


def test_few_idle_sessions_keep_a_thread(server: VaultServer, connect: Connect, workers: Callable[[], int]) -> None:
    for _ in range(MANY):
        secret(connect(server.environ), "secret/app").get()
    assert _eventually(lambda: workers() <= _vault.RECENT + 1)


def test_sessions_that_are_read_through_all_stay_logged_in(server: VaultServer, connect: Connect) -> None:
    role = server.approle("tenant", server.policy("tenant", {"secret/data/*": ["read"]}))
    auth = AppRole(role.role_id, role.secret_id)
    server.forget_requests()
    held = []
    for _ in range(MANY):
        held.append(secret(connect({"VAULT_ADDR": server.address}, auth=auth), "secret/app"))
        held[-1].get()
    assert (MANY, 0) == (server.requests("auth/approle/login"), server.requests("auth/token/revoke-self"))


def test_an_unused_session_is_collected_with_its_owner(connect: Connect) -> None:
    session = weakref.ref(connect({"VAULT_ADDR": "http://127.0.0.1:1"}))
    gc.collect()
    assert session() is None


def test_shutdown_reaches_an_unreferenced_session(server: VaultServer, connect: Connect) -> None:
    role = server.approle("discarded", server.policy("discarded", {"secret/data/*": ["read"]}))
    secret(connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, role.secret_id)), "secret/app").get()
    gc.collect()
    server.forget_requests()
    _vault.shutdown()
    assert 1 == server.requests("auth/token/revoke-self")


def test_a_thread_that_waits_for_work_keeps_nothing_of_the_last_alive() -> None:
    class Held:
        pass

    held, workers = Held(), Workers(1, "t")
    gone, done = weakref.ref(held), threading.Event()

    def work(one: Any = held) -> None:
        done.set()

    workers.submit(DEMAND, work)
    del held, work
    assert done.wait(5)
    assert _eventually(lambda: gone() is None)
    workers.dismiss()


@pytest.mark.parametrize(("drop", "done"), [(True, []), (False, ["waiting"])])
def test_waiting_work_is_dropped_at_the_end_of_workers_only_if_requested(drop: bool, done: list[str]) -> None:
    workers, gate, did = Workers(1, "leaving"), threading.Event(), list[str]()
    begun = threading.Event()

    def work() -> None:
        begun.set()
        gate.wait()

    workers.submit(DEMAND, work)
    assert begun.wait(5)
    workers.submit(POLL, lambda: did.append("waiting"))
    workers.dismiss(drop=drop)
    gate.set()
    assert _eventually(lambda: not any(thread.name == "leaving" for thread in threading.enumerate()))
    assert done == did
