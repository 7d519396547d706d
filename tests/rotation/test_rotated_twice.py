"""No secret is rotated twice: not by two runners, not if it is named twice, not before programs have polled again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.rotate_command import rotate, start
from support.rotating import Account, at, own_session
from toriconfig import Vault
from toriconfig.rotation import Line, RotatedRecently, Rotation, RotationLost, kinds, rotate_due
from toriconfig.rotation._timestamps import stamp
from toriconfig.testing import FakeClock, VaultServer

DAY = 86_400.0
SETTINGS = """
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret, Vault
class Login(BaseModel):
    username: str
    password: str
class App(BaseModel):
    model_config = {"vault": Vault(refresh_interval=0.1)}
    login: Annotated[Secret[Login], Ref("PATH", max_age=3600)]
"""


def aged(vault: VaultServer, path: str, days: float = 100.0) -> None:
    vault.put(path, {"token": "old"})
    notes = {"rotated_at.token": stamp(time.time() - days * DAY)}
    vault.client.secrets.kv.v2.update_metadata(path.removeprefix("secret/"), custom_metadata=notes)


def rotation(vault: VaultServer, path: str, **options: Any) -> Rotation:
    return Rotation(f"{path}#token", kinds.Generated(), **{"environ": vault.environ, "max_age": 90 * DAY, **options})


class Later(kinds.Generated):
    """Lets another rotator go first, once this one has decided."""

    def __init__(self, method: str, act: Callable[[], object]) -> None:
        super().__init__()
        plain = getattr(self, method)

        def after_the_other(*arguments: Any) -> Any:
            act()
            return plain(*arguments)

        setattr(self, method, after_the_other)


@pytest.mark.parametrize("max_age", [90 * DAY, 0.0])
def test_a_secret_rotated_after_its_age_was_read_is_not_rotated_again(vault: VaultServer, max_age: float) -> None:
    """The other is done before the record is read, so that check-and-set alone would not see it."""
    path = f"secret/twice/{max_age}"
    aged(vault, path)
    other = rotation(vault, path)
    late = Rotation(f"{path}#token", Later("needs", other.run), environ=vault.environ, max_age=max_age)
    assert ["fresh"] == [line.result for line in rotate_due([late]).lines]
    assert 2 == other.status().version


def test_a_rotator_overtaken_after_its_last_check_loses_without_a_failure(vault: VaultServer) -> None:
    aged(vault, "secret/overtaken")
    other = rotation(vault, "secret/overtaken")
    late = Rotation("secret/overtaken#token", Later("generate", other.run), environ=vault.environ, max_age=90 * DAY)
    report = rotate_due([late])
    assert (["lost"], True) == ([line.result for line in report.lines], report.ok)
    assert isinstance(report.lines[0].error, RotationLost)
    assert 2 == other.status().version


def test_an_engine_s_secret_that_was_rotated_meanwhile_is_not_rotated_again(vault: VaultServer) -> None:
    engines = vault.client.sys.list_mounted_secrets_engines()["data"]
    if "transit/" not in engines:
        vault.client.sys.enable_secrets_engine("transit")
    vault.client.secrets.transit.create_key("twice")

    class Late(kinds.TransitKey):
        def plan(self, work: Any, current: Any) -> list[str]:
            Rotation("transit/keys/twice", kinds.TransitKey(), environ=vault.environ).run()
            return super().plan(work, current)

    late = Rotation("transit/keys/twice", Late(), environ=vault.environ, max_age=0.0)
    assert ["fresh"] == [line.result for line in rotate_due([late]).lines]
    assert 2 == vault.client.secrets.transit.read_key("twice")["data"]["latest_version"]


@pytest.mark.parametrize("max_age", ["90d", "0"])
def test_each_secret_is_rotated_by_one_of_several_runners(vault: VaultServer, max_age: str) -> None:
    names = [f"secret/runners/{max_age}/{number}" for number in range(4)]
    for name in names:
        aged(vault, name)
    references = [f"{name}#token" for name in names]
    runners = [
        start(vault.environ, *references, "--due", "--max-age", max_age, "--verify", "sh -c 'cat; sleep 0.2'")
        for _ in range(3)
    ]
    outs = [runner.communicate(timeout=120)[0].decode() for runner in runners]
    assert [0, 0, 0] == [runner.returncode for runner in runners], outs
    if max_age == "90d":
        assert [2] * 4 == [rotation(vault, name).status().version for name in names]
        assert 4 == "".join(outs).count("rotated   ")


def test_runners_in_threads_rotate_a_user_once(account: Account) -> None:
    """Three rotations in a row would lock a program out that has not looked since the first."""
    rotations = [account.rotation(environ=own_session(account.vault, 200 + n), max_age=0.0) for n in range(3)]
    came: list[Line] = []
    start_line = threading.Barrier(3)

    def run(one: Rotation) -> None:
        start_line.wait()
        came.extend(rotate_due([one]).lines)

    threads = [threading.Thread(target=run, args=(one,)) for one in rotations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results = sorted(line.result for line in came)
    assert 1 == results.count("rotated"), came
    assert {"rotated", "fresh", "lost"} >= set(results)
    assert account.logs_in(account.name, account.first)


def test_a_reference_that_is_named_twice_is_rotated_once(vault: VaultServer) -> None:
    aged(vault, "secret/doubled")
    code, out, _ = rotate(vault.environ, *["secret/doubled#token"] * 3)
    assert (0, "rotated secret/doubled#token (generated, version 1 to 2)\n") == (code, out)
    code, out, err = rotate(vault.environ, *["secret/doubled#token"] * 2, "--due", "--max-age", "0")
    assert (0, 1) == (code, out.count("rotated "))
    assert "1 in all" in err
    assert 3 == rotation(vault, "secret/doubled").status().version


def test_several_rotations_of_one_secret_count_as_the_one_with_the_smallest_age(vault: VaultServer) -> None:
    aged(vault, "secret/merged", 50)
    report = rotate_due([rotation(vault, "secret/merged", max_age=days * DAY) for days in (90, 30, 60)])
    assert ["rotated"] == [line.result for line in report.lines]
    assert 2 == rotation(vault, "secret/merged").status().version


class TestUsersThatTakeTurns:
    def test_alternating_users_are_not_rotated_again_before_programs_have_polled(self, account: Account) -> None:
        clock = FakeClock(time=time.time())
        of_programs = Vault(refresh_interval=30.0)
        options: dict[str, Any] = {"vault": of_programs, "environ": account.vault.environ, "clock": clock}
        made = Rotation(account.path, account.kind(), **options)
        made.run()
        before = account.stored()
        clock.advance(55)
        for act in (made.run, made.plan):
            with pytest.raises(
                RotatedRecently, match="programs that have not refreshed since would be locked out"
            ) as caught:
                act()
            assert "rotate in 5 s, or use `--force`" == caught.value.help
        assert account.logs_in(account.name, account.first), "what a program may still hold"
        assert before == account.stored()
        clock.advance(6)
        assert "rotated" == made.run().result

    def test_the_first_rotation_does_not_wait(self, account: Account) -> None:
        assert "rotated" == account.rotation(min_age=None).run().result

    def test_force_skips_the_wait_for_readers(self, account: Account) -> None:
        account.rotation(min_age=None).run()
        assert "rotated" == account.rotation(min_age=None).run(force=True).result

    def test_due_reports_recently_rotated_users_as_fresh(self, account: Account) -> None:
        account.rotation().run()
        report = rotate_due([account.rotation(min_age=None, max_age=0.0)])
        assert ["fresh"] == [line.result for line in report.lines]

    def test_a_rollback_does_not_wait_for_readers(self, account: Account) -> None:
        account.rotation(min_age=None).run()
        assert "rotated" == account.rotation(min_age=None).rollback().result
        with pytest.raises(RotatedRecently):
            account.rotation(min_age=None).run()

    def test_a_single_user_is_rotated_without_waiting(self, account: Account) -> None:
        for _ in range(2):
            assert "rotated" == account.rotation(single=True, min_age=None).run().result

    def test_the_wait_applies_if_the_date_could_not_be_noted(self, account: Account) -> None:
        def forget() -> None:
            name = account.path.removeprefix("secret/")
            account.vault.client.secrets.kv.v2.update_metadata(name, custom_metadata={})

        account.rotation(min_age=None, on_event=at("close", "done", forget)).run()
        with pytest.raises(RotatedRecently):
            account.rotation(min_age=None).run()

    def test_the_command_refuses_and_can_be_forced(self, account: Account) -> None:
        arguments = [account.path, "--conninfo", account.conninfo, "--admin", "secret/admin"]
        assert 0 == rotate(account.vault.environ, *arguments)[0]
        code, _, err = rotate(account.vault.environ, account.path)
        assert (1, True) == (code, "at least 120 s must pass between two rotations" in err)
        code, out, _ = rotate(account.vault.environ, account.path, "--force")
        assert (0, f"rotated {account.path} (database-user, version 2 to 3)\n") == (code, out)

    def test_the_command_reads_the_poll_interval_of_programs_from_the_settings(
        self, account: Account, tmp_path: Path
    ) -> None:
        (tmp_path / "quick.py").write_text(SETTINGS.replace("PATH", account.path))
        arguments = ["--conninfo", account.conninfo, "--admin", "secret/admin", "--settings", "quick:App"]
        assert 0 == rotate(account.vault.environ, account.path, *arguments, cwd=tmp_path)[0]
        time.sleep(0.2)
        assert 0 == rotate(account.vault.environ, account.path, *arguments, cwd=tmp_path)[0]
        assert account.stored()[0] == account.name

    def test_settings_that_are_named_and_cannot_be_used_are_an_error(self, account: Account) -> None:
        arguments = ["--conninfo", account.conninfo, "--admin", "secret/admin", "--settings", "nowhere:App"]
        code, _, err = rotate(account.vault.environ, account.path, *arguments)
        assert (2, True) == (code, "nowhere" in err), err
        assert "" == account.rotation().status().step
