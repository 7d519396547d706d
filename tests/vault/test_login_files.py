"""Which files a login reads: small regular files that somebody wrote, never what the kernel makes up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from support.fake_vault import FakeVault
from toriconfig._runtime.deadline import Deadline
from toriconfig._vault.auth.login import given_token, login_request
from toriconfig._vault.auth.tools import Tools
from toriconfig.errors import SecretError, VaultDenied
from toriconfig.testing import Canary, FakeClock
from toriconfig.vault import (
    JWT,
    Agent,
    AppRole,
    Auth,
    Kubernetes,
    LoginAnswer,
    LoginMethod,
    LoginRequest,
    Token,
    UserPass,
    Vault,
)


def never(*asked: Any) -> Any:
    raise AssertionError(f"Vault was asked: {asked}")


def test_the_error_of_a_login_carries_no_frame_that_held_a_credential() -> None:
    canary = Canary()
    wrapped = AppRole("role", secret_id=canary.secret, wrapped=True)

    def refused(*_: Any) -> VaultDenied:
        return VaultDenied("used already", status=400)

    error = login_request(wrapped, tools(refused))
    assert isinstance(error, SecretError)
    assert (None, None, None) == (error.__traceback__, error.__context__, error.__cause__)
    canary.absent_from(error)


def tools(ask: Any) -> Tools:
    session = FakeVault(FakeClock()).session(Vault())
    return Tools(session.client, Deadline(5.0, float), ask)


def requested(auth: LoginMethod) -> LoginRequest | SecretError:
    made = login_request(auth, tools(never))
    assert not isinstance(made, LoginAnswer)
    return made


def outcome(auth: Auth) -> LoginRequest | str | SecretError:
    assert not isinstance(auth, Agent)
    return given_token(auth, {}) if isinstance(auth, Token) else requested(auth)


def by_file(path: str) -> list[Auth]:
    """Every login that reads a file, reading that one."""
    return [
        AppRole("r", secret_id_file=path),
        Kubernetes("r", jwt_file=path),
        JWT(jwt_file=path),
        UserPass("u", password_file=path),
        Token(file=path),
    ]


@pytest.mark.parametrize(
    "path", ["/proc/self/environ", "/proc/../proc/self/status", "/sys/kernel/uevent_seqnum", "/dev/zero"]
)
@pytest.mark.parametrize("number", range(5))
def test_a_login_never_reads_files_generated_by_the_kernel(path: str, number: int) -> None:
    found = outcome(by_file(path)[number])
    assert isinstance(found, VaultDenied)
    assert "are not read" in found.message


@pytest.mark.parametrize("target", ["/proc/self/environ", "/dev/null", "/dev/fd/0"])
def test_no_link_leads_a_login_to_files_generated_by_the_kernel(target: str, tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(target)
    (tmp_path / "two").symlink_to("one")
    for auth in by_file(str(tmp_path / "two")):
        found = outcome(auth)
        assert isinstance(found, VaultDenied)
        assert "not read" in found.message or "not a regular file" in found.message


def test_a_named_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for auth in by_file(str(tmp_path / "pipe")):
        found = outcome(auth)
        assert isinstance(found, VaultDenied)
        assert "not a regular file" in found.message


def test_a_huge_file_is_refused_and_not_cut(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)
    for auth in by_file(str(tmp_path / "huge")):
        found = outcome(auth)
        assert isinstance(found, VaultDenied)
        assert "it is larger than 1,048,576 bytes" in found.message


def test_links_as_kubernetes_makes_them_are_followed(tmp_path: Path) -> None:
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "token").write_text("t0ken\n")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "token").symlink_to("..data/token")
    found = [outcome(auth) for auth in by_file(str(tmp_path / "token"))]
    assert ["t0ken"] == [one for one in found if isinstance(one, str)]
    assert 4 == sum(isinstance(one, LoginRequest) and "t0ken" in one.body.values() for one in found)


def test_a_file_that_is_not_there_has_the_remedy_to_correct_the_path() -> None:
    found = outcome(AppRole("r", secret_id_file="/nonexistent"))
    assert isinstance(found, VaultDenied)
    assert "correct the path, or have the file created" == found.help


def test_a_file_that_holds_nothing_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    texts = [str(outcome(AppRole("r", secret_id_file=str(tmp_path / name)))) for name in ("empty", "binary")]
    assert [True, True] == ["is empty" in texts[0], "it is not UTF-8 text" in texts[1]]
