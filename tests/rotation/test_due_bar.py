"""The progress bar of `rotate --due` on a real terminal, and none anywhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.rotate_command import rotate
from support.terminal import WITHOUT_TQDM, on_terminal
from toriconfig.testing import Canary, VaultServer

DUE = ("--due", "--max-age", "0s")
COMMAND = ["-m", "toriconfig.cli", "rotate"]
FULL = "rotating: 100%"


class Crowd:
    """Secrets that are due, each with the canary as its value."""

    def __init__(self, vault: VaultServer, folder: Path, count: int = 3) -> None:
        self.vault, self.folder, self.canary = vault, folder, Canary()
        self.paths = [f"secret/{folder.name.replace('_', '-')}/{number}" for number in range(count)]
        self.references = [f"{path}#token" for path in self.paths]
        for path in self.paths:
            vault.put(path, {"token": self.canary.secret})

    def on_terminal(
        self, *arguments: str, stdout: int | None = None, program: list[str] = COMMAND, interrupt_at: bytes = b""
    ) -> tuple[int, str]:
        """Rotate with standard error on a terminal. It shows no value."""
        code, shown = on_terminal(
            [*program, *self.references, *DUE, *arguments],
            self.folder,
            stdout=stdout,
            interrupt_at=interrupt_at,
            environ=self.vault.environ,
        )
        self.without_values(shown)
        return code, shown

    def without_values(self, *shown: str) -> None:
        self.canary.absent_from(*shown)
        assert not any(self.vault.get(path)["token"] in text for path in self.paths for text in shown)

    @property
    def rotated(self) -> list[str]:
        return [path for path in self.paths if self.vault.get(path)["token"] != self.canary.secret]


@pytest.fixture(name="crowd")
def _crowd(vault: VaultServer, tmp_path: Path) -> Crowd:
    return Crowd(vault, tmp_path)


def test_the_bar_is_drawn_and_closed_before_the_results(crowd: Crowd) -> None:
    code, shown = crowd.on_terminal()
    assert (0, True) == (code, FULL in shown and "3/3" in shown), shown
    for reference in crowd.references:
        assert shown.rindex(FULL) < shown.index(f"rotated   {reference}")
    assert shown.endswith("3 rotated, 0 not due, 0 failed, 3 in all\r\n")
    assert crowd.paths == crowd.rotated


def test_the_bar_names_no_secret_and_no_path(crowd: Crowd) -> None:
    with (crowd.folder / "out").open("wb") as out:
        code, shown = crowd.on_terminal(stdout=out.fileno())
    assert (0, True, False) == (code, FULL in shown, "secret/" in shown), shown
    results = (crowd.folder / "out").read_text()
    assert crowd.references == sorted(line.split()[1].rstrip(",") for line in results.splitlines())
    crowd.without_values(results)


def test_a_failed_rotation_is_reported_after_the_bar(crowd: Crowd) -> None:
    code, shown = crowd.on_terminal("--verify", "false")
    assert 1 == code
    assert shown.rindex(FULL) < shown.index(f"failed    {crowd.references[0]}")
    assert [] == crowd.rotated


def test_no_bar_is_drawn_for_json_and_into_a_pipe(crowd: Crowd) -> None:
    with (crowd.folder / "out").open("wb") as out:
        code, shown = crowd.on_terminal("-o", "json", stdout=out.fileno())
    assert (0, False) == (code, "rotating" in shown), shown
    document = (crowd.folder / "out").read_text()
    assert ["rotated"] * 3 == [item["result"] for item in json.loads(document)["rotations"]]
    code, piped, err = rotate(crowd.vault.environ, *crowd.references, *DUE, cwd=crowd.folder)
    assert (0, "3 rotated, 0 not due, 0 failed, 3 in all\n") == (code, err)
    crowd.without_values(document, piped)


def test_no_bar_is_drawn_without_tqdm(crowd: Crowd) -> None:
    code, shown = crowd.on_terminal(program=["-c", WITHOUT_TQDM, "rotate"])
    assert (0, False, 3) == (code, "rotating" in shown, shown.count("rotated   secret/")), shown


def test_an_interruption_closes_the_bar_and_reports_what_was_rotated(vault: VaultServer, tmp_path: Path) -> None:
    crowd = Crowd(vault, tmp_path, count=40)
    (tmp_path / "slow.sh").write_text("sleep 0.1\n")
    code, shown = crowd.on_terminal("--workers", "1", "--verify", "sh slow.sh", interrupt_at=rb"rotating: +[1-9]")
    assert (130, False) == (code, FULL in shown), shown[-400:]
    assert shown.endswith("interrupted\r\n")
    rotated = crowd.rotated
    assert 1 <= len(rotated) < 40
    assert [f"rotated   {path}#token" for path in rotated] == [
        line.partition(",")[0] for line in shown.split("\r\n") if line.startswith("rotated   ")
    ]
