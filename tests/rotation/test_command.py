"""`toriconfig rotate`, run as people run it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.command import clean_environ
from support.rotate_command import rotate, rotate_json
from support.rotating import Account, killed_after
from support.terminal import on_terminal
from toriconfig._devserver import wait_for
from toriconfig.cli._exit import Exit
from toriconfig.rotation import Event, Rotation, kinds
from toriconfig.rotation._timestamps import stamp
from toriconfig.testing import Canary, VaultServer

SETTINGS = """
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret
class App(BaseModel):
    old: Annotated[Secret[str], Ref("secret/declared#old", max_age=3600)]
    fresh: Annotated[Secret[str], Ref("secret/declared#fresh", max_age=3600)]
    undated: Annotated[Secret[str], Ref("secret/declared#undated")]
    missing: Annotated[Secret[str], Ref("secret/missing#key", max_age=3600)]
"""

SHARED = """
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret
class App(BaseModel):
    unsaid: Annotated[Secret[str], Ref("secret/one#key")]
    soon: Annotated[Secret[str], Ref("secret/one#key", max_age=60)]
    late: Annotated[Secret[str], Ref("secret/one#key", max_age=86400)]
    later: Annotated[Secret[str], Ref("secret/one#key")]
"""

ROTATE = ["-m", "toriconfig.cli", "rotate"]

FLEETING = """
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret
class Login(BaseModel):
    username: str
    password: str
class App(BaseModel):
    stored: Annotated[Secret[str], Ref("secret/lasting#key", max_age=86400)]
    pinned: Annotated[Secret[str], Ref("secret/lasting?version=1#key")]
    leased: Annotated[Secret[Login], Ref("database/creds/app")]
    half: Annotated[Secret[str], Ref("database/creds/app#username")]
    issued: Annotated[Secret[str], Ref("pki/issue/app?common_name=app#certificate")]
"""


def test_the_command_rotates_and_shows_the_rollback_command_but_no_secret(vault: VaultServer) -> None:
    canary = Canary()
    vault.put("secret/cli", {"token": canary.secret})
    told: list[str] = []

    def run(*arguments: str) -> tuple[int, str]:
        code, out, err = rotate(vault.environ, "secret/cli#token", *arguments)
        told.extend([out, err])
        return code, out + err

    assert (0, "secret/cli#token: no rotation on record\n") == run("--status")
    code, text = run("--dry-run")
    assert (0, True) == (code, "set token to 40 random characters" in text)
    assert canary.secret == vault.get("secret/cli")["token"]
    code, text = run("--verbose")
    assert (0, True) == (code, "rotated secret/cli#token (generated, version 1 to 2)" in text)
    made = vault.get("secret/cli")["token"]
    assert "secret/cli#token: promote done  [" in text
    assert (0, "nothing to resume at secret/cli#token\n") == run("--resume")
    code, text = run("--status")
    assert (0, True) == (code, "secret/cli#token: done at" in text)
    assert (0, "restored the value of version 1 at secret/cli#token, as version 3\n") == run("--rollback")
    code, text = run("--rollback")
    assert (0, True) == (code, "nothing to roll back at secret/cli#token" in text)
    assert canary.secret == vault.get("secret/cli")["token"]
    canary.absent_from(*told)
    assert made not in "".join(told)


def test_an_empty_verifier_is_refused(vault: VaultServer) -> None:
    vault.put("secret/unset", {"token": "old"})
    code, _, err = rotate(vault.environ, "secret/unset#token", "--verify", "")
    assert (Exit.USAGE, True) == (code, "a verifier needs a program" in err)
    assert {"token": "old"} == vault.get("secret/unset")


def test_a_verifier_that_fails_ends_with_1_and_undoes(vault: VaultServer) -> None:
    vault.put("secret/failing", {"token": "old"})
    code, out, err = rotate(vault.environ, "secret/failing#token", "--verify", "sh -c 'cat; exit 3'")
    assert (1, "") == (code, out)
    assert "secret/failing#token: verify: the verifier sh ended with exit code 3; the former value is valid\n" == err
    assert {"token": "old"} == vault.get("secret/failing")


def test_a_value_from_standard_input_may_be_large_and_is_taken_whole(vault: VaultServer) -> None:
    vault.put("secret/given", {"token": "old"})
    value = "line one\n" + "x" * 200_000
    code, out, err = rotate(vault.environ, "secret/given#token", "--stdin", given=value + "\n")
    assert (0, "") == (code, err)
    assert value == vault.get("secret/given")["token"]
    assert "line one" not in out


@pytest.mark.parametrize(
    ("arguments", "given", "message"),
    [
        (["secret/given#token", "--kind", "given"], None, "no terminal to prompt for the value: use --stdin"),
        (["secret/given#token", "--stdin"], "", "the new value is empty; nothing was changed"),
        (["secret/given#token", "--stdin"], b"\xff\xfe", "standard input is not UTF-8 text"),
        (["secret/given#a", "secret/given#b", "--stdin"], "x", "one value is given: name only one REF"),
        ([], None, "name the secret"),
        (
            ["secret/given"],
            None,
            "neither secret/given nor a record determines the kind of rotation (name one with --kind:",
        ),
        (["secret/given#token", "--kind", "generatd"], None, "no kind 'generatd'"),
        (["secret/given", "--kind", "database-user"], None, "needs --conninfo"),
        (["secret/../given#token"], None, "`.` or `..` segment"),
        (["secret/given#token", "--length", "3"], None, "can be guessed"),
        (["--due", "--max-age", "soon"], None, "not an age: write 90d"),
        (["--due", "--max-age", "9" * 400], None, "not an age: write 90d"),
    ],
)
def test_invalid_arguments_exit_with_code_2(
    vault: VaultServer, arguments: list[str], given: str | bytes | None, message: str
) -> None:
    vault.put("secret/given", {"token": "old"})
    code, out, err = rotate(vault.environ, *arguments, given=given)
    assert (2, "") == (code, out)
    assert message in err.replace("\n", " ")
    assert {"token": "old"} == vault.get("secret/given")


def test_the_command_ends_with_2_without_vault_and_with_3_if_vault_is_down() -> None:
    code, _, err = rotate({"HOME": "/nonexistent"}, "secret/x#y")
    assert (2, True) == (code, "Vault is not configured: set VAULT_ADDR" in err)
    code, _, err = rotate({"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "none"}, "secret/x#y")
    assert (3, True) == (code, "127.0.0.1:1" in err)


def test_a_secret_that_cannot_be_rotated_stops_no_other(vault: VaultServer) -> None:
    vault.put("secret/second", {"token": "old"})
    code, out, err = rotate(vault.environ, "secret/none#token", "secret/second#token")
    assert 1 == code
    assert "secret/none#token: Vault holds nothing at secret/none" in err
    assert "rotated secret/second#token" in out


def test_a_secret_that_cannot_be_rotated_has_the_act_of_the_others(vault: VaultServer) -> None:
    vault.put("secret/second", {"token": "old"})
    references = ("secret/first?x=1#token", "secret/second#token")
    _, items = rotate_json(vault.environ, *references, "--due", "--max-age", "0", "--dry-run")
    assert {("failed", "dry-run"), ("due", "dry-run")} == {(item["result"], item["act"]) for item in items}


def test_a_value_is_asked_for_on_a_terminal_without_echo(vault: VaultServer, tmp_path: Path) -> None:
    vault.put("secret/asked", {"token": "old"})
    canary = Canary()
    answers = {b"new value:": canary.secret, b"Repeat for confirmation:": canary.secret}
    command = [*ROTATE, "--kind", "given", "secret/asked#token"]
    code, shown = on_terminal(command, tmp_path, answers=answers, environ=vault.environ)
    assert (0, canary.secret) == (code, vault.get("secret/asked")["token"])
    canary.absent_from(shown)


def test_due_takes_the_secrets_that_the_settings_declare(vault: VaultServer, tmp_path: Path) -> None:
    (tmp_path / "declaring.py").write_text(SETTINGS)
    vault.put("secret/declared", {"old": "old", "fresh": "old", "undated": "old"})
    notes = {"rotated_at.old": stamp(time.time() - 7200), "rotated_at.fresh": stamp(time.time() - 60)}
    vault.client.adapter.request(
        "patch",
        "/v1/secret/metadata/declared",
        json={"custom_metadata": notes},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    arguments = ["--due", "--settings", "declaring:App"]
    code, out, err = rotate(vault.environ, *arguments, "--dry-run", cwd=tmp_path)
    assert (1, True) == (code, "due       secret/declared#old, 2.0 hours old" in out)
    code, out, err = rotate(vault.environ, *arguments, cwd=tmp_path)
    assert 1 == code
    assert "rotated   secret/declared#old" in out
    assert "fresh     secret/declared#fresh" in out
    assert "failed    secret/missing#key: Vault holds nothing at secret/missing" in out
    assert "undated" not in out
    assert "1 rotated, 1 not due, 1 failed, 3 in all\n" == err
    data = vault.get("secret/declared")
    assert ("old", "old", False) == (data["fresh"], data["undated"], data["old"] == "old")


def test_the_smallest_of_several_ages_declared_for_one_place_counts(vault: VaultServer, tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text(SHARED)
    vault.put("secret/one", {"key": "old"})
    rotated = {"rotated_at.key": stamp(time.time() - 3600)}
    vault.client.secrets.kv.v2.update_metadata("one", custom_metadata=rotated)
    for references in ([], ["secret/one#key"]):
        arguments = [*references, "--due", "--dry-run", "--settings", "shared:App"]
        code, out, _ = rotate(vault.environ, *arguments, cwd=tmp_path)
        assert (0, "due       secret/one#key, 1.0 hours old\n") == (code, out)


def test_an_age_for_all_skips_leased_issued_and_pinned_secrets(vault: VaultServer, tmp_path: Path) -> None:
    (tmp_path / "fleeting.py").write_text(FLEETING)
    vault.put("secret/lasting", {"key": "old"})
    code, out, err = rotate(vault.environ, "--due", "--max-age", "90d", "--settings", "fleeting:App", cwd=tmp_path)
    assert (0, True) == (code, out.startswith("fresh     secret/lasting#key, 0.00 hours old"))
    assert "0 rotated, 1 not due, 0 failed, 1 in all\n" == err


def test_due_reports_completed_rotations_before_an_interruption(vault: VaultServer) -> None:
    references = [f"secret/stopped/{number}#token" for number in range(8)]
    for reference in references:
        vault.put(reference.removesuffix("#token"), {"token": "old"})
    slow = "sh -c 'cat; sleep 0.3'"
    arguments = ["rotate", *references, "--due", "--max-age", "0", "--workers", "1", "--verify", slow]
    with subprocess.Popen(
        [sys.executable, "-m", "toriconfig.cli", *arguments],
        env=clean_environ(**vault.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        child.send_signal(signal.SIGINT)
        told = [first, *child.stdout]
    assert Exit.INTERRUPTED == child.returncode
    rotated = [one for one in references if vault.get(one.removesuffix("#token"))["token"] != "old"]
    assert [f"rotated   {one}" for one in rotated] == [line.partition(",")[0] for line in told]
    assert len(rotated) < 8


def test_a_database_user_is_resumed_from_the_command_line(account: Account) -> None:
    assert killed_after(4, lambda: account.rotation(single=True))
    arguments = [account.path, "--kind", "database-user", "--conninfo", account.conninfo, "--admin", "secret/admin"]
    code, out, _ = rotate(account.vault.environ, *arguments, "--status")
    assert (1, True) == (code, "half-way, applied at" in out)
    assert not account.logs_in()
    code, _, err = rotate(account.vault.environ, *arguments, "--single")
    assert (1, True) == (code, "is being rotated by" in err and "--resume` completes it" in err)
    assert 0 == rotate(account.vault.environ, *arguments, "--single", "--resume")[0]
    assert account.logs_in()


def test_every_event_names_requests_that_the_audit_log_contains(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[Event] = []
    caplog.set_level("INFO", "toriconfig.rotation")
    account.vault.forget_requests()
    account.rotation(on_event=events.append).run()
    audited = {entry["request"]["id"] for entry in account.vault.audit()}
    told = [one for event in events for one in event.request_ids]
    assert set(told) <= audited
    assert len(told) == len(set(told))
    done = [event.step for event in events if event.state == "done"]
    assert ["reserve", "apply", "verify", "promote", "close"] == done
    assert all(event.request_ids for event in events if event.state == "done")
    assert len(events) == len([record for record in caplog.records if record.name == "toriconfig.rotation"])
    password = account.stored()[1]
    assert password not in caplog.text + str(events) + repr(events)


def test_a_callback_that_raises_stops_nothing(vault: VaultServer, caplog: pytest.LogCaptureFixture) -> None:
    vault.put("secret/callback", {"token": "old"})

    def break_down(event: Event) -> None:
        raise ValueError("of the callback")

    rotation = Rotation("secret/callback#token", kinds.Generated(), environ=vault.environ, on_event=break_down)
    assert "rotated" == rotation.run().result
    assert "on_event raised ValueError at secret/callback#token: promote done" in caplog.text


def test_the_state_of_a_users_rotation_is_shown_without_naming_the_database(account: Account) -> None:
    account.rotation().run()
    for arguments in ([], ["--kind", "database-user"]):
        code, out, _ = rotate(account.vault.environ, account.path, "--status", *arguments)
        assert (Exit.FINE, True) == (code, out.startswith(f"{account.path}: done at "))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ending_the_command_ends_the_verifier_too(vault: VaultServer, tmp_path: Path, number: signal.Signals) -> None:
    vault.put("secret/ended", {"token": "old"})
    begun = tmp_path / "pid"
    verify = f"sh -c 'echo $$ > {begun}.new; mv {begun}.new {begun}; exec sleep 60'"
    process = subprocess.Popen(
        [sys.executable, "-m", "toriconfig.cli", "rotate", "secret/ended#token", "--verify", verify],
        env={**clean_environ(), **vault.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    while not begun.exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    assert "--resume` completes it" in process.communicate(timeout=30)[1]
    assert 128 + number == process.returncode
    verifier = int(begun.read_text())
    wait_for(lambda: _has_ended(verifier), timeout=10.0, what="the verifier goes on")
    Rotation("secret/ended#token", kinds.Generated(), environ=vault.environ).rollback()


def _has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
