"""A refused login is not repeated with the same credentials: five refusals lock an account for every program."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hvac
import pytest

from support.fake_vault import secret
from toriconfig._vault import Session
from toriconfig._vault.auth.refused_logins import HOLD, RefusedLogins
from toriconfig.errors import VaultDenied
from toriconfig.testing import FakeClock, VaultServer, vault_server
from toriconfig.vault import AppRole, Auth, UserPass

from .conftest import Connect

APPROLE = "auth/approle/login"


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({"secret/app": {"k": "v"}}) as server:
        server.policy("app", {"secret/data/app": ["read"]})
        server.client.sys.enable_auth_method("userpass")
        yield server


def _refused_for(session: Session, clock: FakeClock, minutes: int) -> None:
    """Read every ten seconds."""
    for _ in range(minutes * 6):
        with pytest.raises(VaultDenied):
            secret(session, "secret/app").get()
        clock.advance(10)


def _logins(server: VaultServer, path: str) -> int:
    return server.requests(path=path)


def test_a_revoked_secret_id_is_sent_once_in_ten_minutes_and_the_role_stays_open(
    server: VaultServer, connect: Connect, fake_clock: FakeClock
) -> None:
    role = server.approle("quiet", "app")
    session = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, "revoked"), clock=fake_clock)
    server.forget_requests()
    _refused_for(session, fake_clock, minutes=10)
    assert 1 == _logins(server, APPROLE)
    assert hvac.Client(server.address).auth.approle.login(role.role_id, role.secret_id)["auth"]


def test_a_wrong_password_is_sent_once_in_ten_minutes(
    server: VaultServer, connect: Connect, fake_clock: FakeClock
) -> None:
    server.client.auth.userpass.create_or_update_user("ann", "right", "app")
    session = connect({"VAULT_ADDR": server.address}, auth=UserPass("ann", "wrong"), clock=fake_clock)
    server.forget_requests()
    _refused_for(session, fake_clock, minutes=10)
    assert 1 == _logins(server, "auth/userpass/login/ann")


def test_two_sessions_with_the_same_refused_credentials_send_them_once(
    server: VaultServer, connect: Connect, fake_clock: FakeClock
) -> None:
    auth = AppRole(server.approle("twice", "app").role_id, "revoked")
    server.forget_requests()
    for interval in (10.0, 20.0):
        session = connect({"VAULT_ADDR": server.address}, auth=auth, refresh_interval=interval, clock=fake_clock)
        with pytest.raises(VaultDenied):
            secret(session, "secret/app").get()
    assert 1 == _logins(server, APPROLE)


def test_after_fifteen_minutes_the_same_credentials_are_tried_again(
    server: VaultServer, connect: Connect, fake_clock: FakeClock
) -> None:
    role = server.approle("patient", "app")
    session = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, "revoked"), clock=fake_clock)
    server.forget_requests()
    _refused_for(session, fake_clock, minutes=1)
    fake_clock.advance(HOLD)
    _refused_for(session, fake_clock, minutes=1)
    assert 2 == _logins(server, APPROLE)


def test_credentials_that_changed_in_their_file_are_used_at_once(
    server: VaultServer, connect: Connect, fake_clock: FakeClock, tmp_path: Path
) -> None:
    role, file = server.approle("renewed", "app"), tmp_path / "secret_id"
    file.write_text("revoked")
    auth = AppRole(role.role_id, secret_id_file=str(file))
    session = connect({"VAULT_ADDR": server.address}, auth=auth, clock=fake_clock, refresh_interval=5.0)
    _refused_for(session, fake_clock, minutes=1)
    file.write_text(role.secret_id)
    fake_clock.advance(10)
    assert {"k": "v"} == secret(session, "secret/app").get()


def test_the_error_has_the_start_and_the_end_of_the_login_pause(
    server: VaultServer, connect: Connect, fake_clock: FakeClock
) -> None:
    auth = AppRole(server.approle("told", "app").role_id, "revoked-canary")
    session = connect({"VAULT_ADDR": server.address}, auth=auth, clock=fake_clock)
    with pytest.raises(VaultDenied, match="invalid role or secret ID"):
        secret(session, "secret/app").get()
    fake_clock.advance(300)
    with pytest.raises(VaultDenied, match=r"refused 300 s ago.*not repeated.*tried again in 600 s") as caught:
        secret(session, "secret/app").get()
    assert "canary" not in str(caught.value)


def test_a_locked_account_is_named_as_a_possible_cause(server: VaultServer, connect: Connect) -> None:
    role = server.approle("locked", "app")
    for n in range(5):
        with pytest.raises(hvac.exceptions.InvalidRequest):
            hvac.Client(server.address).auth.approle.login(role.role_id, f"wrong-{n}")
    session = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, role.secret_id))
    with pytest.raises(VaultDenied, match="may be locked after repeated failed logins"):
        secret(session, "secret/app").get()


@pytest.mark.parametrize("auth", [AppRole, UserPass])
def test_eight_forked_children_send_refused_credentials_once(
    server: VaultServer, connect: Connect, auth: Callable[[str, str], Auth]
) -> None:
    name = f"forked-{auth.__name__}"
    role = server.approle(name, "app")
    server.client.auth.userpass.create_or_update_user(name, "right", "app")
    login = auth(role.role_id if auth is AppRole else name, "wrong")
    session = connect({"VAULT_ADDR": server.address}, auth=login)
    held = secret(session, "secret/app")
    server.forget_requests()
    pids = []
    for _ in range(8):
        pid = os.fork()
        if pid == 0:
            os._exit(0 if held.get(None) is None else 1)
        pids.append(pid)
    assert [0] * 8 == [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    assert held.get(None) is None
    assert 1 == _logins(server, APPROLE) + _logins(server, f"auth/userpass/login/{name}")


def test_eight_forked_children_with_good_credentials_all_log_in(server: VaultServer, connect: Connect) -> None:
    role = server.approle("crowd", "app")
    session = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, role.secret_id))
    held = secret(session, "secret/app")
    pids = []
    for _ in range(8):
        pid = os.fork()
        if pid == 0:
            os._exit(0 if held.get(None) == {"k": "v"} else 1)
        pids.append(pid)
    assert [0] * 8 == [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]


def test_the_later_of_two_simultaneous_claims_is_kept_without_a_lock() -> None:
    memory = RefusedLogins()
    os.close(memory._file)
    mark = memory.fingerprint("login")
    child: list[int] = []

    def other(_: float) -> None:
        pid = os.fork()
        if pid == 0:
            memory._write(mark, 1, 100.0)
            os._exit(0)
        os.waitpid(pid, 0)
        child.append(pid)

    assert not memory.claim(mark, 100.0, other)
    assert 1 == len(child)


def test_no_process_claims_between_the_check_and_the_claim_of_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = RefusedLogins()
    mark = memory.fingerprint("login")
    write, others = memory._write, []

    def delayed(*record: Any) -> None:
        pid = os.fork()
        if pid == 0:
            memory._write = write  # type: ignore[method-assign]
            os._exit(memory.claim(mark, 100.0, lambda _: None))
        others.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        write(*record)

    monkeypatch.setattr(memory, "_write", delayed)
    assert memory.claim(mark, 100.0, lambda _: None)
    assert [False] == others


def test_no_thread_claims_between_the_check_and_the_claim_of_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = RefusedLogins()
    mark = memory.fingerprint("login")
    write, others = memory._write, []

    def delayed(*record: Any) -> None:
        thread = threading.Thread(target=lambda: others.append(memory.claim(mark, 100.0, lambda _: None)))
        thread.start()
        thread.join()
        write(*record)

    monkeypatch.setattr(memory, "_write", delayed)
    assert memory.claim(mark, 100.0, lambda _: None)
    assert [False] == others


def test_a_login_that_was_refused_after_the_check_is_not_claimed() -> None:
    memory = RefusedLogins()
    mark = memory.fingerprint("login")
    assert 0.0 == memory.seconds_blocked(mark, 100.0)
    memory.record(mark, 100.0, accepted=False)
    assert not memory.claim(mark, 100.1, lambda _: None)
    assert memory.claim(mark, 100.0 + HOLD, lambda _: None)


@pytest.mark.parametrize("files", ["a temporary file", "none"])
def test_refusals_are_shared_with_children_on_systems_without_memory_files(
    files: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "memfd_create")
    if files == "none":
        monkeypatch.setattr(tempfile, "TemporaryFile", _refuse)
    memory = RefusedLogins()
    mark = memory.fingerprint("login")
    pid = os.fork()
    if pid == 0:
        claimed = memory.claim(mark, 100.0, lambda _: None)
        memory.record(mark, 100.0, accepted=False)
        os._exit(0 if claimed else 1)
    assert 0 == os.waitpid(pid, 0)[1]
    assert memory.seconds_blocked(mark, 100.0) == HOLD


def _refuse() -> Any:
    raise FileNotFoundError("no usable temporary directory")


def test_a_closed_descriptor_that_another_file_has_taken_is_not_locked(tmp_path: Path) -> None:
    memory = RefusedLogins()
    with open(tmp_path / "other", "wb") as other:
        os.dup2(other.fileno(), memory._file)
    with memory._locked() as locked:
        assert locked is False


def test_the_refusals_of_two_hundred_logins_are_all_remembered() -> None:
    memory = RefusedLogins()
    marks = [memory.fingerprint("login", number) for number in range(200)]
    for mark in marks:
        memory.record(mark, 100.0, accepted=False)
    assert [HOLD] * 200 == [memory.seconds_blocked(mark, 100.0) for mark in marks]


def test_a_thousand_good_logins_leave_the_recent_refusals_in_memory() -> None:
    memory = RefusedLogins()
    refused = [memory.fingerprint("refused", number) for number in range(100)]
    for mark in refused:
        memory.record(mark, 100.0, accepted=False)
    for number in range(1000):
        memory.record(memory.fingerprint("good", number), 100.0, accepted=True)
    assert all(memory.seconds_blocked(mark, 100.0) for mark in refused)


def test_after_fifteen_minutes_the_refusals_of_many_logins_leave_room_for_others() -> None:
    memory = RefusedLogins()
    for number in range(1000):
        memory.record(memory.fingerprint("old", number), 100.0, accepted=False)
    marks = [memory.fingerprint("new", number) for number in range(200)]
    for mark in marks:
        assert memory.claim(mark, 100.0 + HOLD, lambda _: None)
        memory.record(mark, 100.0 + HOLD, accepted=False)
    assert all(memory.seconds_blocked(mark, 100.0 + HOLD) for mark in marks)


def test_a_claim_that_a_signal_interrupts_leaves_the_login_free() -> None:
    class Interrupted(dict[int, object]):
        def setdefault(self, key: int, default: object = None) -> object:
            super().setdefault(key, default)
            raise KeyboardInterrupt

    memory = RefusedLogins()
    memory._claiming = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        memory.claim(memory.fingerprint("login"), 100.0, lambda _: None)
    assert not memory._claiming


def test_a_claim_of_a_process_that_died_is_taken_over() -> None:
    memory = RefusedLogins()
    mark = memory.fingerprint("login")
    pid = os.fork()
    if pid == 0:
        memory._write(mark, 1, 100.0)
        os._exit(0)
    os.waitpid(pid, 0)
    assert memory.claim(mark, 100.1, lambda _: None)


def test_the_memory_holds_no_credential() -> None:
    memory = RefusedLogins()
    memory.record(memory.fingerprint("login", {"secret_id": "canary"}), 1.0, accepted=False)
    assert b"canary" not in bytes(memory._map)
