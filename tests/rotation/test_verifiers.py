"""A verifier that fails, hangs or crashes: everything is as before, and the reason does not show the secret."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.rotating import Account, Left, left_at
from toriconfig.rotation import Command, Rotation, RotationError, RotationRefused, kinds
from toriconfig.testing import Canary, VaultServer

PYTHON = sys.executable


def says_no(value: Any) -> bool:
    return False


def crashes(value: Any) -> None:
    raise ValueError(f"cannot use {value}")


def exits(value: Any) -> None:
    sys.exit(f"cannot use {value}")


def interrupts(value: Any) -> None:
    raise KeyboardInterrupt(value)


async def cannot_say(value: Any) -> bool:
    return False


def hangs(value: Any) -> None:
    time.sleep(60)


REASONS: dict[str, tuple[Callable[[Any], object] | Command, str]] = {
    "a function that says no": (says_no, "the verifier rejected the value"),
    "a function that crashes": (crashes, "the verifier raised ValueError at test_verifiers.py:"),
    "a function that exits": (exits, "the verifier raised SystemExit"),
    "a function that interrupts": (interrupts, "the verifier raised KeyboardInterrupt at test_verifiers.py:"),
    "a coroutine function": (cannot_say, "the verifier is asynchronous, so it gave no result"),
    "a function that hangs": (hangs, "the verifier did not end within 0.5 s"),
    "a command that fails": (Command(["sh", "-c", "cat >&2; exit 7"]), "the verifier sh ended with exit code 7"),
    "a command that hangs": (Command(["sleep", "60"]), "the verifier sleep did not end within 0.5 s"),
    "a command whose child hangs": (Command(["sh", "-c", "sleep 60 & wait"]), "did not end within 0.5 s"),
    "a command that crashes": (Command(["sh", "-c", "kill -SEGV $$"]), "the verifier sh was ended by SIGSEGV"),
    "a command that is not there": (Command(["/nonexistent/verifier"]), "cannot be run: No such file or directory"),
}


@pytest.mark.parametrize("name", REASONS)
def test_a_verifier_that_does_not_agree_undoes(vault: VaultServer, name: str) -> None:
    verify, reason = REASONS[name]
    canary = Canary()
    vault.put("secret/verified", {"token": "the old one"})
    kind = kinds.Given(canary.secret)
    rotation = Rotation("secret/verified#token", kind, environ=vault.environ, verify=verify, verify_timeout=0.5)
    began = time.monotonic()
    with canary.watch(), pytest.raises(RotationError, match=reason) as caught:
        rotation.run()
    assert time.monotonic() - began < 20
    assert (True, "verify") == (caught.value.undone, caught.value.step)
    canary.absent_from(caught.value, str(vault.get("secret/verified.rotation")), rotation, kind, rotation.status())
    assert {"token": "the old one"} == vault.get("secret/verified")
    assert ("undone", False) == (rotation.status().step, rotation.status().open)
    assert reason in rotation.status().reason


@pytest.mark.parametrize("single", [False, True], ids=["alternating", "single"])
def test_the_former_credential_is_put_back(account: Account, single: bool) -> None:
    with pytest.raises(RotationError, match="the verifier rejected the value; the former value is valid"):
        account.rotation(single=single, verify=says_no).run()
    assert (account.name, account.first) == account.stored()
    assert account.logs_in()


def test_a_function_gets_a_key_as_text_and_a_path_as_a_dict(vault: VaultServer, account: Account) -> None:
    seen: list[Any] = []
    vault.put("secret/text", {"token": "old"})
    Rotation("secret/text#token", kinds.Given("new"), environ=vault.environ, verify=seen.append).run()
    account.rotation(verify=seen.append).run()
    assert ["new", {"username": f"{account.name}_clone", "password": account.stored()[1]}] == seen


@pytest.mark.parametrize("by", ["stdin", "descriptor"])
@pytest.mark.parametrize("size", [20, 300_000])
def test_only_the_command_gets_the_secret_and_it_gets_all_of_it(
    vault: VaultServer, tmp_path: Path, by: str, size: int
) -> None:
    vault.put("secret/large", {"token": "old"})
    seen = tmp_path / "seen"
    source = "/dev/fd/{fd}" if by == "descriptor" else "-"
    looking = f"cat $1 > {seen}; cat /proc/self/environ /proc/self/cmdline > {seen}.around"
    canary = Canary()
    value = canary.secret + "x" * (size - 32) if size > 32 else canary.secret
    verify = Command(["sh", "-c", looking, "sh", source])
    Rotation("secret/large#token", kinds.Given(value), environ=vault.environ, verify=verify).run()
    assert value == seen.read_text()
    canary.absent_from((tmp_path / "seen.around").read_bytes())
    assert value == vault.get("secret/large")["token"]


CREDENTIALS = {
    "VAULT_TOKEN": "c4n4ry-1",
    "BAO_TOKEN": "c4n4ry-2",
    "VAULT_SECRET_ID": "c4n4ry-3",
    "BAO_ROLE_ID": "c4n4ry-4",
    "VAULT_TOKEN_PATH": "/c4n4ry-5",
    "VAULT_CLIENT_KEY": "/c4n4ry-6",
    "VAULT_CLIENT_CERT": "/c4n4ry-7",
    "vault_token": "c4n4ry-8",
    "VAULT_PROXY_ADDR": "http://u:c4n4ry-9@proxy:3128",
    "VAULT_AGENT_ADDR": "http://u:c4n4ry-10@agent:8100",
    "TORI_VAULT__AUTH__SECRET_ID": "c4n4ry-11",
    "VAULT_OF_TOMORROW": "c4n4ry-12",
    "APP_VAULT": '{"auth": {"method": "token", "token": "c4n4ry-13"}}',
    "APP_VAULT_AUTH_TOKEN": "c4n4ry-14",
    "app_vault__auth__token": "c4n4ry-15",
    "OPENBAO_TOKEN": "c4n4ry-16",
    "HASHICORP_VAULT_TOKEN": "c4n4ry-17",
    "APP_VAULT__ADDRESS": "https://u:c4n4ry-18@vault",
    "APP_VAULT__CLIENT_KEY": "/c4n4ry-19",
}


def test_a_command_inherits_nothing_that_logs_in_to_vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VAULT_ADDR", "https://vault:8200")
    monkeypatch.setenv("DEVAULT_MODE", "kept")
    seen = tmp_path / "seen"
    assert "" == Command(["sh", "-c", f"cat /proc/self/environ > {seen}"]).run("value", 30.0)
    environ = seen.read_text().split("\0")
    assert [] == [entry for entry in environ if "c4n4ry" in entry]
    assert {"VAULT_ADDR=https://vault:8200", "DEVAULT_MODE=kept"} <= set(environ)


def test_a_command_need_not_read_a_secret_that_is_larger_than_a_pipe(vault: VaultServer) -> None:
    vault.put("secret/unread", {"token": "old"})
    kind = kinds.Generated(100_000)
    Rotation("secret/unread#token", kind, environ=vault.environ, verify=Command(["true"])).run()
    assert 100_000 == len(vault.get("secret/unread")["token"])


@pytest.mark.timeout(40)
def test_a_large_unread_secret_does_not_outlast_the_deadline(vault: VaultServer) -> None:
    vault.put("secret/stuck", {"token": "old"})
    kind, verify = kinds.Generated(100_000), Command(["sleep", "60"])
    rotation = Rotation("secret/stuck#token", kind, environ=vault.environ, verify=verify, verify_timeout=0.5)
    with pytest.raises(RotationError, match="did not end within 0.5 s"):
        rotation.run()


def test_the_timeout_of_a_function_may_be_infinite(vault: VaultServer) -> None:
    vault.put("secret/patient", {"token": "old"})
    kind, ever = kinds.Given("new"), float("inf")
    Rotation("secret/patient#token", kind, environ=vault.environ, verify=lambda _: True, verify_timeout=ever).run()
    assert "new" == vault.get("secret/patient")["token"]


def test_a_command_is_not_started_for_a_value_that_cannot_be_passed_to_it(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    reason = Command(["touch", str(begun)]).run("half \ud800", 30.0)
    assert "the verifier touch cannot be given the value" in reason
    assert not begun.exists()


def left(vault: VaultServer, **options: Any) -> Rotation:
    return Rotation("secret/left#token", kinds.Generated(), environ=vault.environ, **options)


@pytest.mark.parametrize("step", ["apply", "verify"])
def test_a_rotation_started_with_a_verifier_is_not_resumed_without_one(vault: VaultServer, step: str) -> None:
    vault.put("secret/left", {"token": "old"})
    with pytest.raises(Left):
        left(vault, verify=says_no, on_event=left_at(step)).run()
    with pytest.raises(RotationRefused, match="started with a verifier") as caught:
        left(vault).resume()
    assert "--resume --verify COMMAND`" in caught.value.help
    with pytest.raises(RotationError, match="the verifier rejected the value; the former value is valid"):
        left(vault, verify=says_no).resume()


def test_a_verifier_given_at_resume_is_used(vault: VaultServer) -> None:
    vault.put("secret/left", {"token": "old"})
    with pytest.raises(Left):
        left(vault, on_event=left_at("apply")).run()
    with pytest.raises(Left):
        left(vault, verify=says_no, on_event=left_at("verify")).resume()
    with pytest.raises(RotationRefused, match="started with a verifier"):
        left(vault).resume()
    assert "undone" == left(vault).rollback().result


def test_a_verified_rotation_is_resumed_without_a_verifier(vault: VaultServer) -> None:
    vault.put("secret/agreed", {"token": "old"})
    with pytest.raises(Left):
        Rotation(
            "secret/agreed#token",
            kinds.Given("new"),
            environ=vault.environ,
            verify=lambda _: True,
            on_event=left_at("promote"),
        ).run()
    Rotation("secret/agreed#token", kinds.Given(), environ=vault.environ).resume()
    assert "new" == vault.get("secret/agreed")["token"]
