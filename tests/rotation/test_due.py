"""Many secrets at once: the right ones, a few at a time, and one that fails stops no other."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

import pytest

from toriconfig import Ref
from toriconfig.rotation import Line, Rotation, RotationError, kinds, rotate_due
from toriconfig.rotation._timestamps import stamp
from toriconfig.testing import VaultServer

DAY = 86400.0
PATCH = {"Content-Type": "application/merge-patch+json"}


def note(vault: VaultServer, path: str, notes: dict[str, str]) -> None:
    rest = path.removeprefix("secret/")
    vault.client.adapter.request("patch", f"/v1/secret/metadata/{rest}", json={"custom_metadata": notes}, headers=PATCH)


def aged(vault: VaultServer, path: str, days: float, key: str = "token") -> None:
    """Store a secret that was last rotated so many days ago."""
    vault.put(path, {key: "old"})
    note(vault, path, {f"rotated_at.{key}": stamp(time.time() - days * DAY)})


class Crowded:
    """Counts how many verifications are under way at once."""

    def __init__(self) -> None:
        self.most, self._now, self._lock = 0, 0, threading.Lock()

    def __call__(self, value: Any) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.02)
        with self._lock:
            self._now -= 1


def test_only_the_due_secrets_of_fifty_are_rotated(vault: VaultServer) -> None:
    crowd = Crowded()
    rotations, expected = [], []
    for number in range(50):
        path, days = f"secret/many/{number}", number * 2.0
        aged(vault, path, days)
        fails = number in (31, 47)
        rotations.append(
            Rotation(
                Ref(f"{path}#token", max_age=30 * DAY),
                kinds.Generated(),
                environ=vault.environ,
                verify=(lambda _: False) if fails else crowd,
            )
        )
        expected.append("fresh" if days < 30 else "failed" if fails else "rotated")
    came: list[Line] = []
    report = rotate_due(rotations, workers=3, on_line=came.append)
    assert expected == [line.result for line in report.lines]
    assert [f"secret/many/{number}#token" for number in range(50)] == [line.reference for line in report.lines]
    assert not report.ok
    assert ("secret/many/31#token", "secret/many/47#token") == report.of("failed")
    assert "the verifier rejected the value; the former value is valid" in str(report.lines[31].error)
    assert 50 == len(came)
    assert 2 <= crowd.most <= 3
    for number, result in enumerate(expected):
        assert (vault.get(f"secret/many/{number}")["token"] != "old") == (result == "rotated")
    again = rotate_due(rotations, workers=3)
    assert {"fresh", "failed"} == {line.result for line in again.lines}, "what was rotated is not due again"


def test_a_dry_run_shows_due_secrets_and_changes_nothing(vault: VaultServer) -> None:
    aged(vault, "secret/dry/old", 50)
    aged(vault, "secret/dry/new", 5)
    rotations = [
        Rotation(f"secret/dry/{name}#token", kinds.Generated(), environ=vault.environ, max_age=30 * DAY)
        for name in ("old", "new", "unknown")
    ]
    report = rotate_due(rotations, dry_run=True)
    assert ["due", "fresh", "failed"] == [line.result for line in report.lines]
    assert "old" == vault.get("secret/dry/old")["token"]


def test_each_key_of_a_path_has_its_own_age(vault: VaultServer) -> None:
    vault.put("secret/keys", {"one": "old", "two": "old"})
    note(vault, "secret/keys", {f"rotated_at.{key}": stamp(time.time() - 40 * DAY) for key in ("one", "two")})
    one, two = (
        Rotation(f"secret/keys#{key}", kinds.Generated(), environ=vault.environ, max_age=30 * DAY)
        for key in ("one", "two")
    )
    one.run()
    assert ["fresh", "rotated"] == [line.result for line in rotate_due([one, two]).lines]
    assert ["fresh", "fresh"] == [line.result for line in rotate_due([one, two]).lines]


def test_a_secret_that_was_never_rotated_is_as_old_as_its_path(vault: VaultServer) -> None:
    vault.put("secret/never", {"token": "old"})
    rotation = Rotation("secret/never#token", kinds.Generated(), environ=vault.environ, max_age=0.01)
    time.sleep(0.02)
    assert 0 < (rotation.age() or 0) < 120
    assert ["rotated"] == [line.result for line in rotate_due([rotation]).lines]


def test_without_an_age_nothing_is_ever_due(vault: VaultServer) -> None:
    vault.put("secret/ageless", {"token": "old"})
    rotation = Rotation("secret/ageless#token", kinds.Generated(), environ=vault.environ)
    assert ["undated"] == [line.result for line in rotate_due([rotation]).lines]


def test_a_kind_that_raises_stops_no_other(vault: VaultServer) -> None:
    class Broken(kinds.Generated):
        def generate(self, work: Any, current: Any) -> Any:
            raise KeyError(current)

    aged(vault, "secret/broken", 50)
    aged(vault, "secret/whole", 50)
    report = rotate_due(
        [
            Rotation("secret/broken#token", Broken(), environ=vault.environ, max_age=DAY),
            Rotation("secret/whole#token", kinds.Generated(), environ=vault.environ, max_age=DAY),
        ],
        workers=1,
    )
    assert ["failed", "rotated"] == [line.result for line in report.lines]
    assert isinstance(report.lines[0].error, RotationError)
    assert "KeyError" in str(report.lines[0].error)
    assert "old" not in str(report.lines[0].error)


@pytest.mark.parametrize("one_path", [False, True], ids=["of other paths", "of the same path"])
def test_after_an_interruption_no_other_is_begun(vault: VaultServer, one_path: bool) -> None:
    references = [f"secret/stop#{n}" if one_path else f"secret/stop/{n}#token" for n in range(8)]
    vault.put("secret/stop", {str(n): "old" for n in range(8)})
    for n in range(8):
        vault.put(f"secret/stop/{n}", {"token": "old"})
    began: list[Any] = []

    def interrupt(value: Any) -> None:
        began.append(value)
        if len(began) == 2:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)  # for the main thread to hear of it

    rotations = [
        Rotation(one, kinds.Generated(), environ=vault.environ, max_age=0.0, verify=interrupt) for one in references
    ]
    told: list[Line] = []
    with pytest.raises(KeyboardInterrupt):
        rotate_due(rotations, workers=1, on_line=told.append)
    assert 2 == len(began)
    assert [("rotated", one) for one in references[:2]] == [(line.result, line.reference) for line in told]


def test_the_number_of_workers_is_bounded() -> None:
    with pytest.raises(ValueError, match="from 1 to 64, not 0"):
        rotate_due([], workers=0)
