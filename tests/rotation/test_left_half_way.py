"""Unfinished rotations: `--due` completes them once no rotator works on them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from support.breaking_line import BreakingLine, breaking_line
from support.rotate_command import rotate, rotate_json
from support.rotating import Account, Left, killed_after, left_at
from toriconfig.errors import VaultUnreachable
from toriconfig.rotation import Rotation, kinds, rotate_due
from toriconfig.rotation._process import begin, end, is_running, this_process
from toriconfig.rotation._timestamps import stamp
from toriconfig.testing import FakeClock, VaultServer

DAY = 86_400.0
DUE = ("--due", "--max-age", "90d")


@pytest.fixture
def line(vault: VaultServer) -> Iterator[BreakingLine]:
    with breaking_line(vault.address) as line:
        yield line


def rotation(vault: VaultServer, path: str, **options: Any) -> Rotation:
    return Rotation(f"{path}#token", kinds.Generated(), environ=vault.environ, **{"max_age": 90 * DAY, **options})


def left(vault: VaultServer, path: str, step: str = "verify", **options: Any) -> None:
    """Leave a rotation half-way, by a rotator of this process that is gone."""
    vault.put(path, {"token": "old"})
    with pytest.raises(Left):
        rotation(vault, path, on_event=left_at(step), **options).run()


def rewrite(vault: VaultServer, path: str, **changes: Any) -> None:
    """Change an open record."""
    name = f"{path}.rotation".removeprefix("secret/")
    newest = vault.client.secrets.kv.v2.read_secret_metadata(name)["data"]["current_version"]
    vault.put(f"{path}.rotation", {**vault.get(f"{path}.rotation"), **changes}, cas=newest)


def held_elsewhere(vault: VaultServer, path: str, seconds: float = 0.0) -> None:
    """Change an open record to one of another machine that was last updated that long ago."""
    rewrite(vault, path, process={**this_process(), "host": "elsewhere"}, at=stamp(time.time() - seconds))


def dead(vault: VaultServer, path: str) -> None:
    """Change an open record to one of a process of this machine that has ended."""
    rewrite(vault, path, process={**this_process(), "started": 1})


@pytest.mark.parametrize("single", [False, True], ids=["alternating", "single"])
@pytest.mark.parametrize("acts", [2, 3, 5, 6])
def test_due_resumes_the_rotation_of_a_killed_rotator(account: Account, single: bool, acts: int) -> None:
    """Kind, conninfo and administrator come from the record."""
    assert killed_after(acts, lambda: account.rotation(single=single))
    code, out, err = rotate(account.vault.environ, account.path, *DUE)
    assert (0, f"resumed   {account.path}\n") == (code, out)
    assert "1 resumed, 0 not due, 0 failed" in err
    assert account.logs_in()
    assert account.stored() != (account.name, account.first)
    assert not account.rotation().status().open


def test_due_resumes_a_rotation_after_a_lost_reply(vault: VaultServer, line: BreakingLine) -> None:
    vault.put("secret/unanswered", {"token": "old"})
    sent: list[str] = []

    def fault(method: str, path: str) -> str:
        if method == "POST" and path == "secret/data/unanswered":
            sent.append(path)
        return "lost" if sent else ""

    line.fault = fault
    environ = {**vault.environ, "VAULT_ADDR": line.address}
    with pytest.raises(VaultUnreachable):
        Rotation("secret/unanswered#token", kinds.Generated(), environ=environ, timeout=0.5).run()
    line.fault = lambda method, path: ""
    assert ["resumed"] == [one.result for one in rotate_due([rotation(vault, "secret/unanswered")]).lines]
    assert "old" != vault.get("secret/unanswered")["token"]


def test_a_running_rotation_of_this_process_is_not_changed(vault: VaultServer) -> None:
    left(vault, "secret/mine")
    number = vault.get("secret/mine.rotation")["id"]
    begin(number)
    try:
        report = rotate_due([rotation(vault, "secret/mine")])
    finally:
        end(number)
    assert (["lost"], True) == ([one.result for one in report.lines], report.ok)
    assert ["resumed"] == [one.result for one in rotate_due([rotation(vault, "secret/mine")]).lines]


def test_a_rotator_that_still_runs_is_not_replaced_and_is_no_failure(vault: VaultServer) -> None:
    vault.put("secret/running", {"token": "old"})
    with subprocess.Popen(
        [sys.executable, "-m", "toriconfig.cli", "rotate", "secret/running#token", "--verify", "sh -c 'cat; sleep 60'"],
        env={**os.environ, **vault.environ},
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            while "applied" != rotation(vault, "secret/running").status().step:
                assert running.poll() is None
                time.sleep(0.05)
            status = rotation(vault, "secret/running").status()
            assert (True, False) == (status.alive, status.abandoned)
            code, out, err = rotate(vault.environ, "secret/running#token", "--due", "--max-age", "0")
            assert (0, True) == (
                code,
                out.startswith("lost      secret/running#token: secret/running#token is being rotated by"),
            )
            assert "1 left to others, 0 failed" in err
        finally:
            running.kill()
    status = rotation(vault, "secret/running").status()
    assert (False, True) == (status.alive, status.abandoned)
    code, out, _ = rotate(vault.environ, "secret/running#token", "--due", "--max-age", "0")
    assert (1, True) == (code, "was started with a verifier" in out)
    code, out, _ = rotate(vault.environ, "secret/running#token", "--due", "--max-age", "90d", "--verify", "true")
    assert (0, "resumed   secret/running#token\n") == (code, out)


def test_a_rotator_that_hangs_is_abandoned_after_the_time_of_the_help(vault: VaultServer) -> None:
    left(vault, "secret/hanging")
    record = vault.get("secret/hanging.rotation")
    begin(record["id"])
    try:
        for seconds, expected in ((3000, False), (4000, True)):
            rewrite(vault, "secret/hanging", at=stamp(time.time() - seconds))
            status = rotation(vault, "secret/hanging").status()
            assert (True, expected) == (status.alive, status.abandoned)
        for after, abandoned in (("2h", False), ("1h", True)):
            arguments = ("secret/hanging#token", "--abandoned-after", after)
            assert [abandoned] == [item["abandoned"] for item in rotate_json(vault.environ, *arguments, "--status")[1]]
        code, items = rotate_json(vault.environ, "secret/hanging#token", *DUE, "--abandoned-after", "2h")
        assert (0, ["lost"]) == (code, [item["result"] for item in items])
        assert ["resumed"] == [one.result for one in rotate_due([rotation(vault, "secret/hanging")]).lines]
    finally:
        end(record["id"])
    told = " ".join(rotate({}, "--help")[1].split())
    assert "without progress after which an unfinished rotation is abandoned, even if its program still runs" in told
    assert "(see --abandoned-after)" in told


def test_a_rotator_on_another_machine_is_replaced_only_after_a_long_silence(vault: VaultServer) -> None:
    left(vault, "secret/elsewhere")
    held_elsewhere(vault, "secret/elsewhere", 3000)
    report = rotate_due([rotation(vault, "secret/elsewhere")])
    assert ["lost"] == [one.result for one in report.lines]
    assert rotation(vault, "secret/elsewhere").status().alive is None
    held_elsewhere(vault, "secret/elsewhere", 4000)
    assert ["resumed"] == [one.result for one in rotate_due([rotation(vault, "secret/elsewhere")]).lines]


def test_the_option_abandoned_after_is_applied(vault: VaultServer) -> None:
    left(vault, "secret/bound")
    held_elsewhere(vault, "secret/bound", 3000)
    code, out, _ = rotate(vault.environ, "secret/bound#token", *DUE, "--abandoned-after", "10m")
    assert (0, "resumed   secret/bound#token\n") == (code, out)


def test_a_record_of_an_earlier_release_counts_as_left_by_its_age(vault: VaultServer) -> None:
    left(vault, "secret/earlier")
    rewrite(vault, "secret/earlier", process=None, at=stamp(time.time() - 3000))
    assert ["lost"] == [one.result for one in rotate_due([rotation(vault, "secret/earlier")]).lines]
    rewrite(vault, "secret/earlier", process=None, at=stamp(time.time() - 4000))
    assert ["resumed"] == [one.result for one in rotate_due([rotation(vault, "secret/earlier")]).lines]


def test_a_rotation_in_its_grace_is_not_changed_until_it_is_over(vault: VaultServer) -> None:
    clock = FakeClock(time=time.time())
    left(vault, "secret/graceful", "grace", grace=7200.0, clock=clock)
    code, out, _ = rotate(vault.environ, "secret/graceful#token", "--due", "--max-age", "0")
    assert (0, "grace     secret/graceful#token\n") == (code, out)
    clock.advance(7201)
    assert ["resumed"] == [one.result for one in rotate_due([rotation(vault, "secret/graceful", clock=clock)]).lines]
    assert [1] == destroyed(vault, "graceful")


def destroyed(vault: VaultServer, name: str) -> list[int]:
    versions = vault.client.secrets.kv.v2.read_secret_metadata(name)["data"]["versions"]
    return sorted(int(number) for number, version in versions.items() if version["destroyed"])


def test_a_rotation_to_be_undone_is_undone_and_then_rotated(vault: VaultServer) -> None:
    vault.put("secret/undoing", {"token": "old"})
    with pytest.raises(Left):
        rotation(vault, "secret/undoing", verify=lambda _: False, on_event=left_at("undo")).run()
    assert "undoing" == rotation(vault, "secret/undoing").status().step
    assert ["fresh"] == [one.result for one in rotate_due([rotation(vault, "secret/undoing")]).lines]
    assert "undone" == rotation(vault, "secret/undoing").status().step


def test_an_abandoned_rotation_of_another_key_does_not_block(vault: VaultServer) -> None:
    vault.put("secret/keys", {"token": "old", "other": "old"})
    other = Rotation("secret/keys#other", kinds.Generated(), environ=vault.environ, on_event=left_at("verify"))
    with pytest.raises(Left):
        other.run()
    report = rotate_due([rotation(vault, "secret/keys", max_age=0.0)])
    assert ["rotated"] == [one.result for one in report.lines]
    assert {"old"}.isdisjoint(vault.get("secret/keys").values())


def test_a_dry_run_shows_unfinished_rotations_and_changes_nothing(vault: VaultServer) -> None:
    left(vault, "secret/dry")
    dead(vault, "secret/dry")
    before = vault.get("secret/dry.rotation")
    code, out, _ = rotate(vault.environ, "secret/dry#token", *DUE, "--dry-run")
    assert (0, "half-way  secret/dry#token\n") == (code, out)
    assert before == vault.get("secret/dry.rotation")


@pytest.mark.parametrize(("act", "result"), [("--resume", "resumed"), ("--rollback", "undone")])
def test_due_with_resume_and_rollback_is_about_all_that_was_left(vault: VaultServer, act: str, result: str) -> None:
    """Fresh secrets count too; secrets that were rotated, or are held by another rotator, are not changed."""
    names = ("left", "held", "rotated", "never")
    for name in ("left", "held"):
        vault.client.secrets.kv.v2.delete_metadata_and_all_versions(f"all/{name}.rotation")
        left(vault, f"secret/all/{name}")
    dead(vault, "secret/all/left")
    held_elsewhere(vault, "secret/all/held")
    for name in ("rotated", "never"):
        vault.put(f"secret/all/{name}", {"token": "old"})
    rotation(vault, "secret/all/rotated").run()
    before = vault.get("secret/all/rotated")
    references = [f"secret/all/{name}#token" for name in names]
    code, items = rotate_json(vault.environ, *references, *DUE, act)
    found = {item["reference"]: item["result"] for item in items}
    assert (0, [result, "lost", "nothing", "nothing"]) == (code, [found[one] for one in references])
    assert before == vault.get("secret/all/rotated")
    assert (result == "undone") == (vault.get("secret/all/left")["token"] == "old")


def test_due_with_status_is_about_all(vault: VaultServer) -> None:
    left(vault, "secret/told/left")
    dead(vault, "secret/told/left")
    vault.put("secret/told/never", {"token": "old"})
    references = [f"secret/told/{name}#token" for name in ("left", "never", "missing")]
    code, items = rotate_json(vault.environ, *references, *DUE, "--status")
    assert (1, ["half-way", "never", "failed"]) == (code, [item["result"] for item in items])
    assert [True, False] == [items[0]["abandoned"], items[1]["abandoned"]]


class TestProcess:
    def test_a_process_runs_only_the_rotations_that_it_started(self) -> None:
        begin("one")
        assert is_running(this_process(), "one")
        end("one")
        assert is_running(this_process(), "one") is False

    def test_a_process_that_has_ended_does_not_run(self) -> None:
        with subprocess.Popen(["true"]) as child:
            child.wait()
        assert is_running({**this_process(), "pid": child.pid, "started": 1}, "one") is False

    def test_a_later_process_of_the_same_number_is_another_one(self) -> None:
        assert is_running({**this_process(), "pid": os.getppid(), "started": 1}, "one") is False

    @pytest.mark.parametrize("other", ["host", "boot", "namespace"])
    def test_a_process_of_another_machine_has_an_unknown_state(self, other: str) -> None:
        assert is_running({**this_process(), other: "another"}, "one") is None

    @pytest.mark.parametrize("process", [{}, {"pid": "12"}, {"pid": -1}, {"pid": 2**70}, {"pid": None}])
    def test_a_record_without_a_process_has_an_unknown_state(self, process: dict[str, Any]) -> None:
        assert is_running(process, "one") is None
