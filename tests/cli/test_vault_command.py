"""`toriconfig vault`: a development server around a command, and single values in and out, never by accident."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from support.command import Toriconfig, clean_environ, in_a_process
from support.terminal import on_terminal
from toriconfig.testing import Canary, VaultServer

READ = "from toriconfig import ToriSettings, load; print(load(ToriSettings).api_key.get()[::-1])"


def test_dev_runs_a_command_with_a_seeded_server_and_returns_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text("secret/tori: {api_key: drawkcab}\n")
    ran = in_a_process("vault", "dev", "--seed", "seed.yaml", "--", sys.executable, "-c", READ, cwd=tmp_path)
    assert ran.code == 0
    assert ran.out == "backward\n"
    assert "OpenBao at http://127.0.0.1:" in ran.err
    assert in_a_process("vault", "dev", "--", "sh", "-c", "exit 7", cwd=tmp_path).code == 7


ELSEWHERE = {
    "BAO_ADDR": "http://127.0.0.1:1",
    "BAO_TOKEN": "of production",
    "BAO_NAMESPACE": "production",
    "VAULT_NAMESPACE": "production",
    "VAULT_AGENT_ADDR": "http://127.0.0.1:1",
    "VAULT_PROXY_ADDR": "http://127.0.0.1:1",
    "VAULT_CLIENT_CERT": "/nonexistent",
}


def test_no_variable_of_the_caller_leads_the_command_to_another_vault(tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text("secret/tori: {api_key: drawkcab}\n")
    read = f"import os; assert not {set(ELSEWHERE)!r} & os.environ.keys(); {READ}"
    ran = in_a_process(
        *("vault", "dev", "--seed", "seed.yaml", "--", sys.executable, "-c", read),
        cwd=tmp_path,
        environ=ELSEWHERE,
    )
    assert (0, "backward\n") == (ran.code, ran.out), ran.err


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        ("secret/x: 3\n", "a mapping of keys"),
        ("../x: {a: b}\n", "segment"),
        ("secret/x: [\n", "TC001"),
        ("kv/x: {a: b}\n", "only the mount `secret/`"),
        ("secret/x: {a: {b: .nan}}\n", "neither NaN nor infinity"),
    ],
)
def test_an_invalid_seed_is_reported_before_anything_starts(
    seed: str, said: str, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    (tmp_path / "seed.yaml").write_text(seed)
    result = toriconfig("vault", "dev", "--seed", "seed.yaml", "--", "true")
    assert result.code == 2
    assert said in result.err
    assert "OpenBao at" not in result.err


def test_a_seed_with_only_notes_is_stored(tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text("secret/tori: {api_key: drawkcab, since: 2024-01-01, debug: no}\n")
    ran = in_a_process("vault", "dev", "--seed", "seed.yaml", "--", sys.executable, "-c", READ, cwd=tmp_path)
    assert (0, "backward\n") == (ran.code, ran.out), ran.err
    assert "TC201" in ran.err


def test_a_missing_command_is_reported_and_no_server_is_left(tmp_path: Path) -> None:
    result = in_a_process("vault", "dev", "--", "no-such-command", cwd=tmp_path)
    assert result.code == 2
    assert "no-such-command cannot be run" in result.err


def test_a_signal_is_sent_to_the_command_and_the_server_ends_with_it(tmp_path: Path) -> None:
    wait = "import os, time; print(os.environ['VAULT_ADDR'], flush=True); time.sleep(60)"
    child = subprocess.Popen(
        [sys.executable, "-m", "toriconfig.cli", "vault", "dev", "--", sys.executable, "-c", wait],
        cwd=tmp_path,
        env=clean_environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout is not None
    address = child.stdout.readline().strip()
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 128 + signal.SIGTERM
    child.stdout.close()
    assert not _answers(address)


COUNT = """
import signal, time
heard = []
signal.signal(signal.SIGINT, lambda *_: heard.append(1))
print("ready", flush=True)
while not heard:
    time.sleep(0.05)
time.sleep(1)
print("heard", len(heard), flush=True)
"""


def test_ctrl_c_reaches_the_command_once() -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        arguments = [sys.executable, "-m", "toriconfig.cli", "vault", "dev", "--", sys.executable, "-c", COUNT]
        os.execve(sys.executable, arguments, clean_environ())
    assert b"ready" in _until(terminal, b"ready")
    os.write(terminal, b"\x03")
    assert b"heard 1" in _until(terminal, b"heard 1")
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)


def _until(terminal: int, text: bytes) -> bytes:
    shown = b""
    with suppress(OSError):  # Linux raises this when the last writer has closed it
        while text not in shown and (more := os.read(terminal, 1024)):
            shown += more
    return shown


def test_an_interrupt_from_elsewhere_reaches_the_command_too(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "toriconfig.cli", "vault", "dev", "--", sys.executable, "-c", COUNT],
        cwd=tmp_path,
        env=clean_environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert "ready\n" == child.stdout.readline()
        child.send_signal(signal.SIGINT)
        assert "heard 1\n" == child.stdout.readline()


def _answers(address: str) -> bool:
    import socket
    from urllib.parse import urlsplit

    parts = urlsplit(address)
    assert parts.hostname is not None
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex((parts.hostname, parts.port or 0)):
                return False
        time.sleep(0.1)
    return True


def test_a_value_is_put_from_standard_input_beside_the_others_and_got_only_on_request(
    shared_vault_server: VaultServer, toriconfig: Toriconfig
) -> None:
    canary = Canary()
    shared_vault_server.put("secret/held", {"other": "stays"})
    environ = dict(shared_vault_server.environ)
    stored = toriconfig("vault", "put", "secret/held#key", "--stdin", stdin=canary.secret + "\n", **environ)
    assert (0, "", "stored secret/held#key as version 2\n") == stored
    assert {"other": "stays", "key": canary.secret} == shared_vault_server.get("secret/held")
    told = toriconfig("vault", "get", "secret/held#key", **environ)
    assert (0, "vault secret/held#key v2\n", "") == told
    shown = toriconfig("vault", "get", "secret/held#key", "--reveal", **environ)
    assert (0, canary.secret + "\n", "revealing secret/held#key\n") == shown


def test_a_token_that_may_only_create_puts_a_new_path_and_leaves_an_old_one(
    shared_vault_server: VaultServer, toriconfig: Toriconfig
) -> None:
    shared_vault_server.put("secret/create/old", {"other": "stays"})
    policy = shared_vault_server.policy("creator", {"secret/data/create/*": ["create", "update"]})
    environ = {**shared_vault_server.environ, "VAULT_TOKEN": shared_vault_server.new_token(policy)}
    new = toriconfig("vault", "put", "secret/create/new#key", "--stdin", stdin="a\n", **environ)
    assert (0, {"key": "a"}) == (new.code, shared_vault_server.get("secret/create/new")), new.err
    old = toriconfig("vault", "put", "secret/create/old#key", "--stdin", stdin="a\n", **environ)
    assert (1, {"other": "stays"}) == (old.code, shared_vault_server.get("secret/create/old"))
    assert 'denied "read"' in old.err


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize(
    ("given", "stored"), [("ä\r\nb\n".encode(), "ä\r\nb"), (b"a\xffb", None)], ids=["UTF-8", "other bytes"]
)
def test_a_value_is_stored_byte_by_byte_in_any_locale_or_refused(
    shared_vault_server: VaultServer, locale: str, given: bytes, stored: str | None
) -> None:
    shared_vault_server.put("secret/bytes", {"key": "old"})
    done = subprocess.run(
        [sys.executable, "-m", "toriconfig.cli", "vault", "put", "secret/bytes#key", "--stdin"],
        input=given,
        env=clean_environ(**shared_vault_server.environ, LC_ALL=locale),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (0 if stored else 2, b"is not UTF-8 text" in done.stderr) == (done.returncode, not stored)
    assert (stored or "old") == shared_vault_server.get("secret/bytes")["key"]


def test_a_value_is_never_an_argument(toriconfig: Toriconfig) -> None:
    result = toriconfig("vault", "put", "secret/held#key", "hunter2", VAULT_ADDR="http://127.0.0.1:1")
    assert result.code == 2
    assert "hunter2" not in result.out


@pytest.mark.parametrize(
    ("arguments", "environ", "code", "said"),
    [
        (("get", "secret/x"), {}, 2, "names no key: write `PATH#key`"),
        (("get", "../x#k"), {}, 2, "segment"),
        (("get", "secret/x#k"), {}, 2, "set VAULT_ADDR"),
        (("put", "secret/x#k"), {"VAULT_ADDR": "http://127.0.0.1:1"}, 2, "use --stdin"),
        (("put", "secret/x?version=1#k"), {"VAULT_ADDR": "http://127.0.0.1:1"}, 2, "use `secret/x#k`"),
        (("get", "secret/x#k"), {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "x"}, 3, "127.0.0.1:1"),
        (("get", "secret/x#k"), {"VAULT_ADDR": "nonsense"}, 2, "VAULT_ADDR"),
    ],
)
def test_impossible_actions_are_reported(
    arguments: tuple[str, ...], environ: dict[str, str], code: int, said: str, toriconfig: Toriconfig
) -> None:
    result = toriconfig("vault", *arguments, **environ)
    assert result.code == code
    assert said in result.err
    assert result.out == ""


def test_denied_and_missing_paths_are_findings(shared_vault_server: VaultServer, toriconfig: Toriconfig) -> None:
    environ = {**shared_vault_server.environ, "VAULT_TOKEN": shared_vault_server.new_token()}
    denied = toriconfig("vault", "get", "secret/held#key", **environ)
    assert denied.code == 1
    assert 'denied "read"' in denied.err
    absent = toriconfig("vault", "get", "secret/nothing/here#key", **shared_vault_server.environ)
    assert absent.code == 1
    assert "holds nothing at secret/nothing/here" in absent.err


def test_a_terminal_prompts_for_the_value_without_echo(shared_vault_server: VaultServer, tmp_path: Path) -> None:
    command = ["-m", "toriconfig.cli", "vault", "put", "secret/asked#key"]
    answers = {b"alue": "typed-in-secret", b"Repeat": "typed-in-secret"}
    code, shown = on_terminal(command, tmp_path, answers=answers, environ=shared_vault_server.environ)
    assert (0, {"key": "typed-in-secret"}) == (code, shared_vault_server.get("secret/asked"))
    assert "typed-in-secret" not in shown


def test_json_values_are_printed_unchanged(shared_vault_server: VaultServer, toriconfig: Toriconfig) -> None:
    shared_vault_server.put("secret/typed", {"number": 7, "deep": {"a": [1]}})
    environ = dict(shared_vault_server.environ)
    assert toriconfig("vault", "get", "secret/typed#number", "--reveal", **environ).out == "7\n"
    deep = toriconfig("vault", "get", "secret/typed#deep", "--reveal", **environ)
    assert json.loads(deep.out) == {"a": [1]}


@pytest.mark.parametrize("reference", ['secret/"my app"#key', 'secret/"what?#1"#"a}b"', 'secret/"100%"/x#"a|b"'])
def test_paths_and_keys_in_quotes_are_put_and_got(
    shared_vault_server: VaultServer, toriconfig: Toriconfig, reference: str
) -> None:
    environ = dict(shared_vault_server.environ)
    stored = toriconfig("vault", "put", reference, "--stdin", stdin="v4lue\n", **environ)
    assert 0 == stored.code, stored.err
    assert "v4lue\n" == toriconfig("vault", "get", "--reveal", reference, **environ).out
