"""Hooks of the command line: an event for each success, failure and unfinished rotation, and none that delays another."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import time
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from threading import Event

import pytest

from support.certificates import self_signed
from support.loopback import Loopback
from support.rotate_command import rotate, start
from support.webhooks import receiver
from toriconfig.cli.rotate._hooks import _key
from toriconfig.pipeline._redact import mask
from toriconfig.rotation._hooks import CommandHook, Deliveries, Webhook
from toriconfig.testing import Canary, VaultServer

KEY = "a key of enough characters"


class Place:
    """A folder with a hook that keeps its events, a key, and secrets of a name of their own."""

    def __init__(self, vault: VaultServer, folder: Path) -> None:
        self.vault, self.folder = vault, folder
        (folder / "key").write_text(KEY + "\n")
        (folder / "hook").write_text(
            '#!/bin/sh\ncd "$(dirname "$0")"\ncat >> events; echo >> events\ntr "\\0" "\\n" < /proc/self/environ > environ\n'
        )
        (folder / "hook").chmod(0o755)
        self.canary = Canary()

    def reference(self, name: str = "a") -> str:
        path = f"secret/{self.folder.name.replace('_', '-')}/{name}"
        self.vault.put(path, {"token": self.canary.secret})
        return f"{path}#token"

    @property
    def events(self) -> list[dict[str, object]]:
        file = self.folder / "events"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def rotate(self, *arguments: str, **environ: str) -> tuple[int, str, str]:
        done = rotate({**self.vault.environ, **environ}, *arguments, cwd=self.folder)
        self.canary.absent_from(*done[1:], json.dumps(self.events))
        return done


HOOK = ("--hook", "./hook")
SIGNED = ("--webhook-key", "key", "--hook-timeout", "20")


@pytest.fixture(name="place")
def _place(vault: VaultServer, tmp_path: Path) -> Place:
    return Place(vault, tmp_path)


def test_a_success_is_an_event_for_the_command(place: Place) -> None:
    reference = place.reference()
    code, _, err = place.rotate(reference, *HOOK)
    assert (0, "") == (code, err)
    (event,) = place.events
    assert ("succeeded", reference, "rotate", "rotated") == tuple(
        event[name] for name in ("event", "reference", "act", "result")
    )
    assert ("generated", 1, 2, "1.0", None) == tuple(
        event[name] for name in ("kind", "former", "version", "format_version", "half_way")
    )
    assert place.vault.get(reference.removesuffix("#token"))["token"] not in json.dumps(event)


def test_the_command_gets_no_credential_of_vault(place: Place) -> None:
    place.rotate(place.reference(), *HOOK, MINE="kept")
    environ = (place.folder / "environ").read_text()
    assert "MINE=kept" in environ
    assert "VAULT_TOKEN" not in environ


def test_a_failure_is_an_event_with_its_error(place: Place) -> None:
    assert 1 == place.rotate(place.reference(), *HOOK, "--verify", "false")[0]
    (event,) = place.events
    assert ("failed", None) == (event["event"], event["half_way"])
    error = event["error"]
    assert isinstance(error, dict)
    assert (True, "verify") == (error["undone"], error["step"])


def test_an_unfinished_rotation_is_an_event_with_its_step(place: Place) -> None:
    reference = place.reference()
    assert 1 == place.rotate(reference, *HOOK, "--kind", "command", "--apply", "false")[0]
    (event,) = place.events
    left = event["half_way"]
    assert isinstance(left, dict)
    assert ("half-way", reference, "undoing") == (event["event"], left["reference"], left["step"])
    assert 0 == place.rotate(reference, *HOOK, "--rollback", "--apply", "true")[0]
    assert ("succeeded", "undone") == (place.events[-1]["event"], place.events[-1]["result"])


def test_an_interrupted_rotation_is_an_unfinished_one(place: Place) -> None:
    verify = f"sh -c 'echo > {place.folder}/begun; sleep 60'"
    process = start(place.vault.environ, place.reference(), *HOOK, "--verify", verify, cwd=place.folder)
    deadline = time.monotonic() + 60
    while not (place.folder / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    place.canary.absent_from(out, err)
    assert 128 + signal.SIGTERM == process.returncode
    (event,) = place.events
    assert ("half-way", "interrupted") == (event["event"], event["result"])


def test_each_due_secret_is_one_event_and_a_fresh_one_is_none(place: Place) -> None:
    due, fresh = place.reference("due"), place.reference("fresh")
    assert 0 == place.rotate(fresh, "--due", "--max-age", "9d", *HOOK)[0]
    assert [] == place.events
    code, _, err = place.rotate(due, "secret/nothing#token", "--due", "--max-age", "0s", *HOOK)
    assert 1 == code, err
    assert {(due, "succeeded"), ("secret/nothing#token", "failed")} == {
        (event["reference"], event["event"]) for event in place.events
    }


@pytest.mark.parametrize("form", ["text", "base64"])
def test_a_webhook_is_signed_with_the_key_of_a_file(place: Place, form: str) -> None:
    if form == "base64":
        (place.folder / "key").write_text(f"whsec_{base64.b64encode(KEY.encode()).decode()}")
    with receiver() as hook:
        code, _, err = place.rotate(place.reference(), "--webhook", f"{hook.address}/in?x=1", *SIGNED)
        assert (0, "") == (code, err)
        assert hook.signed_with(KEY.encode())
        ((path, headers, body),) = hook.requests
        assert ("/in?x=1", "application/json") == (path, headers["content-type"])
        assert headers["webhook-id"] == hook.events[0]["event_id"]
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 300
        place.canary.absent_from(body)


def test_a_webhook_is_signed_with_the_key_of_a_reference(place: Place) -> None:
    key = Canary()
    place.vault.put("secret/hooks", {"key": key.secret})
    with receiver() as hook:
        arguments = ("--webhook", hook.address, "--webhook-key", "vault:secret/hooks#key")
        code, out, err = place.rotate(place.reference(), *arguments)
        assert (0, True) == (code, hook.signed_with(key.secret.encode())), err
        key.absent_from(out, err, *hook.requests)


def test_a_key_that_cannot_be_read_rotates_nothing(place: Place) -> None:
    reference = place.reference()
    code, _, err = place.rotate(reference, "--webhook", "http://h", "--webhook-key", "vault:secret/gone#key")
    assert (1, True) == (code, "--webhook-key: " in err), err
    assert place.canary.secret == place.vault.get(reference.removesuffix("#token"))["token"]


def test_a_webhook_that_hangs_is_one_warning_and_delays_no_other(place: Place) -> None:
    references = [place.reference(name) for name in "abc"]
    with receiver(hangs=True) as hung, receiver() as hook:
        urls = ("--webhook", f"{hung.address}/a-path-with-a-secret", "--webhook", hook.address)
        code, out, err = place.rotate(*references, *urls, *HOOK, "--webhook-key", "key", "--hook-timeout", "2")
        assert (0, 3) == (code, out.count("rotated "))
        assert [
            "WARNING: webhook of 127.0.0.1: 3 of 3 events were not delivered: the request did not end within 2 s"
        ] == [line.replace("no answer within 2 s", "the request did not end within 2 s") for line in err.splitlines()]
        assert references == [event["reference"] for event in hook.events]
        assert references == [event["reference"] for event in place.events]


@pytest.mark.parametrize(("status", "reason"), [(500, "the answer was 500"), (302, "the answer was 302")])
def test_a_webhook_that_refuses_is_one_warning(place: Place, status: int, reason: str) -> None:
    with receiver(status=status) as hook:
        code, _, err = place.rotate(place.reference(), "--webhook", hook.address, *SIGNED)
        assert (0, f"WARNING: webhook of 127.0.0.1: 1 of 1 events were not delivered: {reason}\n") == (code, err)
        assert 1 == len(hook.requests)


def test_a_webhook_that_is_not_there_is_one_warning(place: Place) -> None:
    code, _, err = place.rotate(place.reference(), "--webhook", "http://127.0.0.1:1/", *SIGNED)
    assert (0, True) == (code, err.endswith("no answer: Connection refused\n")), err


def test_a_webhook_by_https_needs_a_certificate_that_is_trusted(place: Place) -> None:
    certificate = self_signed(place.folder, "localhost", server=True)
    with receiver(certificate=certificate) as hook:
        arguments = (place.reference(), "--webhook", hook.address, *SIGNED)
        code, _, err = place.rotate(*arguments)
        assert (0, True) == (code, err.startswith("WARNING: webhook of localhost: 1 of 1 events were not")), err
        assert [] == hook.requests
        code, _, err = place.rotate(*arguments, SSL_CERT_FILE=str(certificate[0]))
        assert (0, "") == (code, err)
        assert hook.signed_with(KEY.encode())


def test_a_webhook_that_answers_one_byte_at_a_time_is_given_up_at_the_deadline(place: Place) -> None:
    def drip(connection: socket.socket) -> None:
        while not dripping.closing.wait(0.1):
            connection.sendall(b"H")

    dripping = Loopback(drip)
    try:
        arguments = ("--webhook", dripping.address, "--webhook-key", "key", "--hook-timeout", "2")
        code, _, err = place.rotate(place.reference(), *arguments)
        assert (0, True) == (code, "the request did not end within 2 s" in err), err
    finally:
        dripping.close()


def test_only_a_part_of_an_endless_answer_is_read() -> None:
    def send(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not endless.closing.is_set():
            connection.sendall(b"x" * 65536)

    endless = Loopback(send)
    try:
        assert "" == Webhook(endless.address, KEY).deliver("1", "{}", 10)
    finally:
        endless.close()


def test_a_program_that_fails_or_hangs_is_one_warning(place: Place) -> None:
    hooks = ("--hook", "false", "--hook", "sleep 60", "--hook", "./none", *HOOK)
    code, _, err = place.rotate(place.reference(), *hooks, "--hook-timeout", "2")
    assert (0, 3, 1) == (code, len(err.splitlines()), len(place.events)), err
    assert "WARNING: hook false: 1 of 1 events were not delivered: the program false ended with exit code 1" in err
    assert "hook sleep: 1 of 1 events were not delivered: the program sleep did not end within 2 s" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--webhook", "http://h"), "--webhook needs --webhook-key"),
        (("--webhook-key", "key"), "--webhook-key is the key of a --webhook"),
        (("--hook", "./hook", "--webhook-key", "key"), "--webhook-key is the key of a --webhook"),
        (("--webhook", "ftp://h", "--webhook-key", "key"), "begins with https:// or http://"),
        (("--webhook", "https:///x", "--webhook-key", "key"), "begins with https:// or http://"),
        (("--webhook", "https://u:{c}@h", "--webhook-key", "key"), "holds credentials"),
        (("--webhook", "https://h", "--webhook-key", "gone"), "the file of --webhook-key cannot be read: No such file"),
        (("--webhook", "https://h", "--webhook-key", "whsec_{c}"), "the file of --webhook-key cannot be read"),
        (("--webhook", "https://h", "--webhook-key", "vault:../x#k"), "--webhook-key: the path holds"),
        (("--webhook", "https://h", "--webhook-key", "short"), "the key of a webhook is shorter than 16 bytes"),
        (("--webhook", "https://h", "--webhook-key", "vault:secret/x"), "is read from `vault:PATH#KEY`"),
        (("--hook", ""), "a hook needs a program"),
        (("--hook", "'x"), "No closing quotation"),
        (("--hook", "a; b"), "--hook: no shell is started: write sh -c '…' to use `;`"),
        (("--hook", "a | b"), "--hook: no shell is started: write sh -c '…' to use `|`"),
        (("--hook", "a > f"), "--hook: no shell is started: write sh -c '…' to use `>`"),
        (("--verify", "a && b"), "no shell is started: write sh -c '…' to use `&&`"),
        (("--hook", "x", "--status"), "--hook applies to a rotation, not to --status"),
        (("--webhook", "http://h", "--dry-run"), "--webhook applies to a rotation, not to --dry-run"),
        (("--hook", "x", "--hook-timeout", "0"), "--hook-timeout"),
        (("--hook", "x", "--hook-timeout", "nan"), "--hook-timeout must be a number of seconds"),
        (("--webhook", "https://h", "--webhook-key", "key", "--hook-timeout", "inf"), "--hook-timeout"),
    ],
)
def test_an_invalid_hook_is_refused(place: Place, arguments: tuple[str, ...], message: str) -> None:
    (place.folder / "short").write_text("too short")
    reference = place.reference()
    code, out, err = place.rotate(reference, *(one.replace("{c}", place.canary.secret) for one in arguments))
    assert (2, "", True) == (code, out, message in " ".join(err.split())), err
    assert place.canary.secret == place.vault.get(reference.removesuffix("#token"))["token"]


def test_a_hook_in_the_environment_or_in_a_file_is_not_run(place: Place) -> None:
    ours = {f"TORI{config}_{name}": "./hook" for config in ("", "CONFIG") for name in ("HOOK", "ROTATE_HOOK")}
    (place.folder / "pyproject.toml").write_text('[tool.toriconfig]\nhook = "./hook"\n')
    assert 0 == place.rotate(place.reference(), **ours)[0]
    assert [] == place.events


class Held:
    """A hook that delivers nothing before it is released."""

    name = "held"

    def __init__(self) -> None:
        self.released = Event()

    def deliver(self, number: str, body: str, seconds: float) -> str:
        self.released.wait(60)
        return ""


def test_sending_waits_for_no_hook(tmp_path: Path) -> None:
    held, file = Held(), tmp_path / "seen"
    deliveries = Deliveries([held, CommandHook(["tee", "-a", str(file)])], 60)
    for number in range(3):
        deliveries.send(str(number), {"n": number})
    deadline = time.monotonic() + 60
    while file.read_text() != '{"n": 0}{"n": 1}{"n": 2}' if file.exists() else True:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not held.released.is_set()
    held.released.set()
    deliveries.close()


class Broken:
    """A hook that raises, as where no further file can be opened."""

    name = "broken"

    def deliver(self, number: str, body: str, seconds: float) -> str:
        raise OSError(number)


def test_a_delivery_that_raises_is_a_warning_and_the_next_event_follows() -> None:
    deliveries = Deliveries([Broken()], 60)
    for number in range(2):
        deliveries.send(str(number), {})
    place = f"test_hooks.py:{Broken.deliver.__code__.co_firstlineno + 1}"
    expected = f"broken: 2 of 2 events were not delivered: the delivery raised OSError at {place}"
    assert [expected] == deliveries.close()


@pytest.mark.parametrize(("url", "port"), [("http://[::1]/x", 80), ("https://[fe80::a]/", 443), ("http://[::1]:8/", 8)])
def test_the_host_of_a_webhook_may_be_an_ipv6_address(url: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def connect(connection: HTTPConnection) -> None:
        asked.append(connection.port)
        raise ConnectionRefusedError

    monkeypatch.setattr(HTTPConnection, "connect", connect)
    monkeypatch.setattr(HTTPSConnection, "connect", connect)
    assert "no answer: ConnectionRefusedError" == Webhook(url, KEY).deliver("1", "{}", 60)
    assert [port] == asked


def test_the_key_is_not_shown(tmp_path: Path) -> None:
    key = Canary()
    (tmp_path / "key").write_text(key.secret)
    assert key.secret == _key(str(tmp_path / "key"), None)
    key.absent_from(repr(vars(Webhook("https://h", key.secret))), mask(f"signed with {key.secret}"))


def test_a_signature_is_checked_by_openssl(place: Place) -> None:
    with receiver() as hook:
        place.rotate(place.reference(), "--webhook", hook.address, *SIGNED)
        ((_, headers, body),) = hook.requests
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    command = ["openssl", "dgst", "-sha256", "-hmac", KEY, "-binary"]
    digest = subprocess.run(command, input=signed, capture_output=True, check=True, env={**os.environ}).stdout
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


class Late:
    """A hook that delivers nothing in time; its first event takes until the end of the rotations."""

    name = "late"

    def __init__(self) -> None:
        self.calls = 0
        self.closing = Event()

    def deliver(self, number: str, body: str, seconds: float) -> str:
        self.calls += 1
        self.closing.wait(60)
        return "no answer"


def test_after_the_last_rotation_a_hook_that_hangs_gets_no_further_event() -> None:
    late = Late()
    deliveries = Deliveries([late], 0.0)
    late.closing = deliveries._lanes[0].closing
    for number in range(3):
        deliveries.send(str(number), {})
    assert ["late: 3 of 3 events were not delivered: no answer"] == deliveries.close()
    assert 1 == late.calls
