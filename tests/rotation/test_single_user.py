"""A single user, whose former password ends at apply: no failure of Vault leaves readers locked out unreported."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.breaking_line import BreakingLine, breaking_line, from_write
from support.rotate_command import start
from support.rotating import Account, Left, at, left_at
from toriconfig.errors import SecretError, VaultDenied, VaultError, VaultSealed, VaultUnreachable
from toriconfig.rotation import Rotation, RotationError, RotationLost
from toriconfig.rotation.kinds import DatabaseUser
from toriconfig.testing import VaultServer

RECORD, SECRET, NOTE = ".rotation", "", "note"
# The writes of one rotation, in order: reserved 1, (apply,) applied 2, verified 3, the secret, promoted 4, the note, done 5
WRITES = {"applied": (RECORD, 2), "verified": (RECORD, 3), "promote": (SECRET, 1), "promoted": (RECORD, 4)}
BEFORE_PROMOTION = ("applied", "verified", "promote")


@pytest.fixture
def line(vault: VaultServer) -> Iterator[BreakingLine]:
    with breaking_line(vault.address) as line:
        yield line


class Single:
    """A single user's rotation over a line that breaks."""

    def __init__(self, account: Account, line: BreakingLine) -> None:
        self.account, self.line = account, line
        self.name = account.path.removeprefix("secret/")

    def breaks(self, write: str, fault: str, *, times: int = 10**6) -> None:
        """From that write on, writes to the record and the secret have the fault."""
        suffix, number = WRITES[write]
        paths = {f"secret/data/{self.name}{suffix}"}
        begun: list[str] = []
        decide = from_write(number, fault, *paths, times=times)

        def of_request(method: str, path: str) -> str:
            said = decide(method, path)
            if said:
                begun.append(path)
            elif begun and times > 1 and method != "GET" and path.startswith(f"secret/data/{self.name}"):
                return fault
            return said

        self.line.fault = of_request

    def mended(self) -> None:
        self.line.fault = lambda method, path: ""

    def rotation(self, *, timeout: float = 1.0, **options: object) -> Rotation:
        environ = {**self.account.vault.environ, "VAULT_ADDR": self.line.address, "VAULT_CLIENT_TIMEOUT": "5"}
        return self.account.rotation(single=True, environ=environ, timeout=timeout, **options)


@pytest.fixture
def single(account: Account, line: BreakingLine) -> Single:
    return Single(account, line)


@pytest.mark.parametrize("fault", ["403", "500", "cut"])
@pytest.mark.parametrize("write", BEFORE_PROMOTION)
def test_a_write_that_fails_for_good_before_the_promotion_leaves_a_password_that_works(
    single: Single, write: str, fault: str
) -> None:
    account = single.account
    single.breaks(write, fault)
    with pytest.raises(SecretError) as caught:
        single.rotation().run()
    assert (account.name, account.first) == account.stored()
    assert account.logs_in()
    assert "locked out NOW" not in str(caught.value)
    single.mended()
    assert single.rotation(timeout=20.0).resume().result in ("rotated", "nothing")
    assert account.logs_in()
    assert not single.rotation().status().open


@pytest.mark.parametrize("fault", ["403", "500"])
def test_a_promotion_that_is_refused_is_undone_and_its_record_closed(single: Single, fault: str) -> None:
    account = single.account
    single.line.fault = from_write(1, fault, f"secret/data/{single.name}")
    with pytest.raises(RotationError, match="promote: .*; the former value is valid") as caught:
        single.rotation().run()
    assert (True, fault == "500") == (caught.value.undone, caught.value.unreachable)
    assert account.logs_in()
    assert ("undone", False) == (single.rotation().status().step, single.rotation().status().open)


@pytest.mark.parametrize("write", WRITES)
def test_a_write_whose_answer_is_lost_is_read_back_and_the_rotation_continues(single: Single, write: str) -> None:
    single.breaks(write, "lost", times=1)
    assert "rotated" == single.rotation(timeout=20.0).run().result
    assert single.account.logs_in()
    assert "done" == single.rotation().status().step


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_fails_once_is_repeated(single: Single, write: str) -> None:
    single.breaks(write, "500", times=1)
    assert "rotated" == single.rotation(timeout=20.0).run().result
    assert single.account.logs_in()


def test_every_answer_to_a_write_may_be_lost(single: Single) -> None:
    single.line.fault = lambda method, path: "lost" if method != "GET" and path.startswith("secret/data/") else ""
    assert "rotated" == single.rotation(timeout=3.0).run().result
    assert single.account.logs_in()


def test_a_reservation_whose_answer_is_lost_is_read_back(single: Single) -> None:
    record = f"secret/data/{single.name}.rotation"
    single.line.fault = from_write(1, "lost", record, times=1)
    assert "rotated" == single.rotation(timeout=20.0).run().result


def test_a_reservation_with_an_unknown_result_is_reported_as_such(single: Single) -> None:
    dead: list[str] = []

    def fault(method: str, path: str) -> str:
        if method == "POST" and path == f"secret/data/{single.name}.rotation":
            dead.append(path)
            return "lost"
        return "cut" if dead else ""

    single.line.fault = fault
    with pytest.raises(VaultUnreachable) as caught:
        single.rotation().run()
    assert "the record of the rotation may have been written; nothing else was changed" in caught.value.message
    assert f"`toriconfig rotate {single.account.path} --resume` completes it" in caught.value.help
    single.mended()
    assert "rotated" == single.rotation().resume().result


@pytest.mark.parametrize("step", ["apply", "verify", "promote"])
@pytest.mark.parametrize("state", ["started", "done"])
def test_a_seal_leaves_a_working_password_or_reports_that_readers_are_locked_out(
    single: Single, step: str, state: str
) -> None:
    account = single.account
    with pytest.raises(VaultSealed) as caught:
        single.rotation(on_event=at(step, state, account.vault.seal)).run()
    account.vault.unseal()
    assert account.logs_in()
    assert f"toriconfig rotate {account.path} --resume" in caught.value.help
    assert "rotated" == single.rotation().resume().result
    assert account.logs_in()


def test_a_token_that_is_revoked_at_apply_leaves_a_password_that_works(account: Account) -> None:
    token = account.vault.new_token("root")
    environ = {**account.vault.environ, "VAULT_TOKEN": token}

    def revoke() -> None:
        account.vault.client.auth.token.revoke(token)

    with pytest.raises(VaultDenied) as caught:
        account.rotation(single=True, environ=environ, timeout=1.0, on_event=at("apply", "done", revoke)).run()
    assert account.logs_in()
    assert "the former password works" in caught.value.message


def test_a_promotion_with_an_unknown_result_is_not_undone(single: Single) -> None:
    """The password that may be stored by now must not be taken away."""
    account, sent = single.account, list[str]()

    def fault(method: str, path: str) -> str:
        if method == "POST" and path == f"secret/data/{single.name}":
            sent.append(path)
            return "lost"
        return "cut" if sent else ""

    single.line.fault = fault
    with pytest.raises(VaultUnreachable, match="not known whether the new value was stored") as caught:
        single.rotation().run()
    assert "if it was not, readers are locked out NOW" in caught.value.message
    assert f"`toriconfig rotate {account.path} --resume` completes it" in caught.value.help
    assert account.logs_in()
    single.mended()
    assert "rotated" == single.rotation().resume().result
    assert account.logs_in()


def test_locked_out_readers_are_reported_with_the_command_to_run(
    single: Single, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(self: DatabaseUser, *arguments: object) -> None:
        raise RotationError("PostgreSQL refused: canceling statement due to lock timeout (55P03)")

    account = single.account
    monkeypatch.setattr(DatabaseUser, "undo", refuses)
    single.breaks("applied", "403")
    with pytest.raises(VaultDenied) as caught:
        single.rotation().run()
    monkeypatch.undo()
    assert "readers are locked out NOW: the former password could not be restored" in caught.value.message
    assert f"`toriconfig rotate {account.path} --resume` completes it" in caught.value.help
    assert not account.logs_in()
    single.mended()
    status = single.rotation().status()
    assert status.locked_out
    assert status.works.startswith("readers are locked out NOW: version 1, stored since 2")
    assert f"toriconfig rotate {account.path} --resume" == status.commands[0]
    single.rotation().rollback()
    assert account.logs_in()


@pytest.mark.parametrize("step", ["verify", "promote"])
def test_a_rollback_does_not_need_the_administrator(account: Account, step: str) -> None:
    with pytest.raises(Left):
        account.rotation(single=True, on_event=left_at(step)).run()
    assert not account.logs_in()
    account.vault.delete("secret/admin")
    account.rotation(single=True).rollback()
    assert account.logs_in()


def test_a_successor_s_promotion_survives_a_rotator_that_lost_vault(account: Account, line: BreakingLine) -> None:
    """A rotator that can still read the record finds its successor, and does not restore the former password."""
    single = Single(account, line)

    def take_over() -> None:
        account.rotation(single=True, who="the successor").resume()
        single.line.fault = lambda method, path: "500" if method == "POST" and path.startswith("secret/data/") else ""

    with pytest.raises((RotationLost, VaultError)):
        single.rotation(on_event=at("apply", "done", take_over)).run()
    assert account.logs_in()


@pytest.mark.parametrize("act", ["resume", "rollback"])
def test_taking_over_from_an_earlier_release_restores_the_password_too(account: Account, act: str) -> None:
    with pytest.raises(Left):
        account.rotation(single=True, on_event=left_at("verify")).run()
    record = account.vault.get(f"{account.path}.rotation")
    for name in ("exclusive", "process", "setup", "mark", "promoted_at", "restores"):
        del record[name]
    account.vault.put(f"{account.path}.rotation", record, cas=2)
    getattr(account.rotation(single=True), act)()
    assert account.logs_in()


@pytest.mark.parametrize("step", ["apply", "verify", "promote"])
@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_rotator_restores_the_former_password(
    account: Account, step: str, interruption: type[BaseException]
) -> None:
    def interrupt() -> None:
        raise interruption

    with pytest.raises(interruption):
        account.rotation(single=True, on_event=at(step, "started", interrupt)).run()
    assert (account.name, account.first) == account.stored()
    assert account.logs_in()
    assert "rotated" == account.rotation(single=True).resume().result
    assert account.logs_in()


def test_an_interruption_after_the_promotion_undoes_nothing(account: Account) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        account.rotation(single=True, on_event=at("promote", "done", interrupt)).run()
    assert account.stored() != (account.name, account.first)
    assert account.logs_in()


def test_a_terminated_command_reports_the_state_of_the_rotation(account: Account, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    process = start(
        account.vault.environ,
        *(account.path, "--conninfo", account.conninfo, "--admin", "secret/admin", "--single"),
        *("--verify", f"sh -c 'touch {begun}; exec sleep 60'"),
    )
    while not begun.exists():
        assert process.poll() is None
        time.sleep(0.05)
    assert not account.logs_in()
    process.terminate()
    err = process.communicate(timeout=60)[1].decode()
    assert 128 + signal.SIGTERM == process.returncode
    assert "interrupted; `toriconfig rotate" in err
    assert "version 1, stored since" in err
    assert account.logs_in()


@pytest.mark.parametrize("fault", ["403", "500"])
@pytest.mark.parametrize("write", BEFORE_PROMOTION)
def test_a_rollback_that_vault_stops_leaves_a_password_that_works(single: Single, write: str, fault: str) -> None:
    account = single.account
    account.rotation(single=True).run()
    made = account.stored()
    single.breaks(write, fault)
    with pytest.raises(SecretError):
        single.rotation().rollback()
    assert made == account.stored()
    assert account.logs_in()
    single.mended()
    single.rotation(timeout=20.0).rollback()
    assert (account.name, account.first) == account.stored()
    assert account.logs_in()


def test_a_loser_that_cannot_read_the_winner_changes_nothing(account: Account, line: BreakingLine) -> None:
    single, lost = Single(account, line), list[str]()

    def take_over() -> None:
        account.rotation(single=True, who="the successor").resume()

    def fault(method: str, path: str) -> str:
        """Let the write through, whose check-and-set fails, and answer nothing after it."""
        if lost:
            return "500"
        if (
            method == "POST"
            and path == f"secret/data/{single.name}.rotation"
            and account.rotation().status().step == "done"
        ):
            lost.append(path)
        return ""

    single.line.fault = fault
    with pytest.raises(RotationLost, match="another rotator took over"):
        single.rotation(on_event=at("verify", "started", take_over)).run()
    assert account.logs_in()


@pytest.mark.parametrize("answer", ["{}", '{"data": {}}', '{"data": {"version": "2"}}'])
def test_an_answer_that_names_no_version_is_read_back(single: Single, answer: str) -> None:
    record = f"secret/data/{single.name}.rotation"
    for path in (record, f"secret/data/{single.name}"):
        single.line.fault = from_write(2 if path == record else 1, f"done, and: {answer}", path, times=1)
        assert "rotated" == single.rotation(timeout=20.0).run().result
        assert single.account.logs_in()
