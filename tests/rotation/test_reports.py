"""Reports of status, rollback and replaced rotators: restored, undone, rolled back, locked out."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from support.rotate_command import rotate, rotate_json
from support.rotating import Account, Left, at, killed_after, left_at
from toriconfig.rotation import Rotation, RotationError, RotationLost, RotationRefused, kinds
from toriconfig.testing import FakeClock, VaultServer

TIME = r"20\d\d-\d\d-\d\dT[\d:.]+Z"


def rotation(vault: VaultServer, path: str, value: str | None = None, **options: Any) -> Rotation:
    return Rotation(f"{path}#token", kinds.Given(value), environ=vault.environ, **options)


def rotated(vault: VaultServer, path: str, *values: str) -> None:
    """A secret with these values, each after the first from a rotation."""
    vault.put(path, {"token": values[0]})
    for value in values[1:]:
        rotation(vault, path, value).run()


class TestRollback:
    def test_status_shows_the_restored_version(self, vault: VaultServer) -> None:
        rotated(vault, "secret/restored", "one", "two")
        outcome = rotation(vault, "secret/restored").rollback()
        assert ("rotated", 1, 3) == (outcome.result, outcome.restored, outcome.version)

    def test_a_second_rollback_has_no_earlier_version(self, vault: VaultServer) -> None:
        rotated(vault, "secret/again", "one", "two", "three")
        rotation(vault, "secret/again").rollback()
        for _ in range(2):
            outcome = rotation(vault, "secret/again").rollback()
            assert ("nothing", 2) == (outcome.result, outcome.restored)
            assert "two" == vault.get("secret/again")["token"]

    def test_a_rollback_restores_the_named_version(self, vault: VaultServer) -> None:
        rotated(vault, "secret/named", "one", "two", "three")
        for to, value in ((1, "one"), (3, "three"), (2, "two")):
            assert to == rotation(vault, "secret/named").rollback(to=to).restored
            assert value == vault.get("secret/named")["token"]

    def test_a_version_can_be_named_for_a_secret_that_was_never_rotated(self, vault: VaultServer) -> None:
        for value in ("one", "two"):
            vault.put("secret/unrotated", {"token": value, "other": value})
        rotation(vault, "secret/unrotated").rollback(to=1)
        assert {"token": "one", "other": "two"} == vault.get("secret/unrotated")

    def test_the_users_of_a_named_version_log_in(self, account: Account) -> None:
        account.rotation(single=True).run()
        made = account.stored()
        account.rotation(single=True).run()
        account.rotation(single=True).rollback(to=2)
        assert made == account.stored()
        assert account.logs_in()

    @pytest.mark.parametrize(
        ("to", "why"),
        [
            (9, r"is absent \(it was never written"),
            (1, r"is destroyed \(a destroyed version cannot"),
            (2, r"is deleted \(undelete it"),
            (4, "had no token"),
        ],
    )
    def test_a_version_that_cannot_be_brought_back_is_refused(self, vault: VaultServer, to: int, why: str) -> None:
        vault.client.secrets.kv.v2.delete_metadata_and_all_versions("gone.rotation")
        vault.client.secrets.kv.v2.delete_metadata_and_all_versions("gone")
        rotated(vault, "secret/gone", "one", "two", "three")
        vault.put("secret/gone", {"other": "x"})
        vault.put("secret/gone", {"token": "five"})
        vault.client.secrets.kv.v2.destroy_secret_versions("gone", [1])
        vault.client.secrets.kv.v2.delete_secret_versions("gone", [2])
        with pytest.raises(RotationRefused, match=f"version {to} of secret/gone.* {why}"):
            rotation(vault, "secret/gone").rollback(to=to)
        assert "five" == vault.get("secret/gone")["token"]

    def test_no_version_is_brought_back_while_a_rotation_is_half_way(self, vault: VaultServer) -> None:
        rotated(vault, "secret/open", "one", "two")
        with pytest.raises(Left):
            rotation(vault, "secret/open", "three", on_event=left_at("verify")).run()
        with pytest.raises(RotationRefused, match="half-way .applied at") as caught:
            rotation(vault, "secret/open").rollback(to=1)
        assert "`toriconfig rotate 'secret/open#token' --resume`" in caught.value.help

    def test_the_command_reports_the_rollback_and_takes_a_version(self, vault: VaultServer) -> None:
        rotated(vault, "secret/typed", "one", "two")
        reference = "secret/typed#token"
        told = [rotate(vault.environ, reference, "--rollback")[:2] for _ in range(2)]
        assert (0, f"restored the value of version 1 at {reference}, as version 3\n") == told[0]
        assert 0 == told[1][0]
        assert told[1][1].startswith(f"nothing to roll back at {reference}: version 1 was already restored")
        code, out, _ = rotate(vault.environ, reference, "--rollback", "--to", "2")
        assert (0, f"restored the value of version 2 at {reference}, as version 4\n") == (code, out)
        assert "two" == vault.get("secret/typed")["token"]


class TestLosers:
    def test_a_rotation_undone_by_another_rotator_is_reported_as_undone(self, vault: VaultServer) -> None:
        vault.put("secret/undone", {"token": "one"})
        other = rotation(vault, "secret/undone", who="the other")
        with pytest.raises(RotationLost) as caught:
            rotation(vault, "secret/undone", "two", on_event=at("verify", "started", other.rollback)).run()
        told = rf"the rotation of secret/undone, begun {TIME}, was undone by the other at {TIME}: rolled back"
        assert re.fullmatch(told, caught.value.message)
        assert caught.value.help.startswith("the former value is valid")

    def test_a_rotation_that_is_being_undone_is_reported_as_such(self, vault: VaultServer) -> None:
        vault.put("secret/undoing", {"token": "one"})
        with pytest.raises(Left):
            rotation(vault, "secret/undoing", "two", verify=lambda _: False, on_event=left_at("undo")).run()
        with pytest.raises(RotationLost, match="is being rolled back by"):
            rotation(vault, "secret/undoing", "three").run()

    def test_a_rotation_rolled_back_after_its_promotion_is_reported_as_such(self, vault: VaultServer) -> None:
        vault.put("secret/back", {"token": "one"})
        other = rotation(vault, "secret/back", who="the other")
        with pytest.raises(RotationLost, match="was rolled back to the value of version 1 by the other"):
            rotation(vault, "secret/back", "two", grace=0.0, on_event=at("grace", "started", other.rollback)).run()

    @pytest.mark.parametrize("step", ["grace", "retire"])
    @pytest.mark.parametrize("act", ["resume", "rollback"])
    def test_a_rotator_replaced_before_the_former_user_is_disabled_has_lost(
        self, account: Account, step: str, act: str
    ) -> None:
        other = account.rotation(who="the other", grace=0.0)
        first = account.rotation(grace=0.0, on_event=at(step, "started", getattr(other, act)))
        with pytest.raises(RotationLost, match="by the other"):
            first.run()
        assert account.logs_in()

    @pytest.mark.parametrize("step", ["grace", "retire"])
    def test_a_rotator_replaced_before_the_former_value_is_destroyed_has_lost(
        self, vault: VaultServer, step: str
    ) -> None:
        path = f"secret/retired/{step}"
        vault.put(path, {"token": "one"})
        other = rotation(vault, path, who="the other")
        first = rotation(vault, path, "two", grace=0.0, on_event=at(step, "started", other.rollback))
        with pytest.raises(RotationLost, match="by the other"):
            first.run()
        assert "one" == vault.get(path)["token"]
        versions = vault.client.secrets.kv.v2.read_secret_metadata(path.removeprefix("secret/"))["data"]["versions"]
        assert not versions["1"]["destroyed"]


class TestStatus:
    def test_status_shows_that_readers_are_locked_out_and_the_command_to_run(self, account: Account) -> None:
        assert killed_after(3, lambda: account.rotation(single=True))
        environ, typed = account.vault.environ, f"toriconfig rotate {account.path}"
        code, out, _ = rotate(environ, account.path, "--status")
        first, now, resume, back = out.splitlines()
        assert 1 == code
        assert re.fullmatch(
            rf"{account.path}: half-way, reserved at {TIME} by .+ \(process \d+\), gone, begun {TIME} \(database-user\)",
            first,
        )
        assert re.fullmatch(
            rf"  now:   readers are locked out NOW: version 1, stored since {TIME}, is not accepted", now
        )
        assert [f"  type:  {typed} --resume", f"  or:    {typed} --rollback"] == [resume, back]
        code, items = rotate_json(environ, account.path, "--status")
        (item,) = items
        assert (1, "half-way", True, False, True) == (
            code,
            item["result"],
            item["locked_out"],
            item["alive"],
            item["abandoned"],
        )
        assert [f"{typed} --resume", f"{typed} --rollback"] == item["commands"]
        assert 0 == rotate(environ, *resume.removeprefix("  type:  toriconfig rotate ").split())[0]
        assert account.logs_in()

    def test_status_shows_the_working_version_of_alternating_users(self, account: Account) -> None:
        assert killed_after(4, account.rotation)
        status = account.rotation().status()
        assert (False, 1, "applied") == (status.locked_out, status.stored, status.step)
        assert re.fullmatch(rf"version 1, stored since {TIME}, is accepted", status.works)

    def test_status_shows_the_end_of_the_grace(self, vault: VaultServer) -> None:
        vault.put("secret/graceful", {"token": "one"})
        clock = FakeClock(time=time.time())
        with pytest.raises(Left):
            rotation(vault, "secret/graceful", "two", grace=3600.0, clock=clock, on_event=left_at("grace")).run()
        out = rotate(vault.environ, "secret/graceful#token", "--status")[1]
        assert re.search(rf"^  now:   readers get version 2, stored since {TIME}$", out, re.MULTILINE)
        assert re.search(rf"^  grace: the former value stays until {TIME}$", out, re.MULTILINE)

    def test_a_database_that_is_down_leaves_the_working_version_unknown(self, account: Account) -> None:
        assert killed_after(3, lambda: account.rotation(single=True))
        setup = {"conninfo": "host=127.0.0.1 port=1 dbname=x"}
        status = Rotation(account.path, setup=setup, environ=account.vault.environ).status()
        assert status.locked_out is None
        assert "whether it is accepted could not be checked: PostgreSQL at 127.0.0.1:1 does not answer" in status.works
        account.rotation(single=True).rollback()

    def test_status_names_the_verifier_that_a_resume_needs(self, vault: VaultServer) -> None:
        vault.put("secret/verified", {"token": "one"})
        with pytest.raises(Left):
            rotation(vault, "secret/verified", "two", verify=lambda _: True, on_event=left_at("verify")).run()
        typed = rotation(vault, "secret/verified").status().commands[0]
        assert "toriconfig rotate 'secret/verified#token' --resume --verify COMMAND" == typed

    def test_a_closed_rotation_shows_how_to_roll_it_back(self, account: Account) -> None:
        account.rotation().run()
        status = account.rotation().status()
        assert (f"toriconfig rotate {account.path} --rollback",) == status.commands
        assert (False, None) == (status.locked_out, status.alive)
        account.rotation().rollback()
        assert () == account.rotation().status().commands
        assert 1 == account.rotation().status().restored


def test_a_rotation_undone_after_a_failure_names_its_rotator(vault: VaultServer) -> None:
    vault.put("secret/failed", {"token": "one"})
    with pytest.raises(RotationError):
        rotation(vault, "secret/failed", "two", verify=lambda _: False).run()
    status = rotation(vault, "secret/failed").status()
    assert ("undone", False, "verify: the verifier rejected the value") == (status.step, status.open, status.reason)
