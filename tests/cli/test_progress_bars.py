"""Progress bars on a real terminal: of `check` over many files and of `prefetch`; and none anywhere else."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from support.command import ROOT, in_a_process, python
from support.terminal import WITHOUT_TQDM, on_terminal
from toriconfig.testing import Canary, VaultServer

CHECK = ["-m", "toriconfig.cli", "check", "--settings", "app:App"]
APP = """
from pydantic import BaseModel
from toriconfig import Secret

class App(BaseModel):
    number: int = 1
    key: Secret[str] | None = None
"""


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "conf").mkdir()
    for number in range(60):
        (tmp_path / "conf" / f"{number:03}.yaml").write_text(f"number: {number}\n")
    return tmp_path


def test_check_over_many_files_draws_a_bar_on_a_terminal(folder: Path) -> None:
    code, shown = on_terminal([*CHECK, "conf"], folder)
    assert (0, True) == (code, "checking: 100%" in shown), shown
    assert shown.index("checking: 100%") < shown.index("no problems in 60 files")


@pytest.mark.parametrize("arguments", [["conf", "-o", "json"], ["conf", "-o", "github"], ["conf/001.yaml"]])
def test_no_bar_is_drawn_for_other_formats_and_for_few_files(arguments: list[str], folder: Path) -> None:
    code, shown = on_terminal([*CHECK, *arguments], folder)
    assert (0, False) == (code, "checking" in shown), shown


def test_no_bar_is_drawn_into_a_pipe(folder: Path) -> None:
    assert (0, "", "no problems in 60 files\n") == in_a_process(*CHECK[2:], "conf", cwd=folder)


def test_standard_output_is_the_same_with_a_bar(folder: Path) -> None:
    (folder / "conf" / "wrong.yaml").write_text("numbre: 1\n")
    piped = in_a_process(*CHECK[2:], "conf", cwd=folder)
    with (folder / "out").open("wb") as out:
        code, shown = on_terminal([*CHECK, "conf"], folder, stdout=out.fileno())
    assert (1, piped.out) == (code, (folder / "out").read_text())
    assert "checking: 100%" in shown


def test_no_bar_is_drawn_without_tqdm(folder: Path) -> None:
    code, shown = on_terminal(["-c", WITHOUT_TQDM, "check", "--settings", "app:App", "conf"], folder)
    assert (0, False) == (code, "checking" in shown), shown


def test_no_bar_shows_a_secret_or_the_name_of_a_file(folder: Path) -> None:
    canary = Canary()
    for number in range(30):
        (folder / "conf" / f"{number:03}.yaml").write_text(f"key: {canary.secret}\nkye: {canary.secret}\n")
    code, shown = on_terminal([*CHECK, "conf"], folder, stdout=subprocess.DEVNULL)
    assert (1, True) == (code, "checking: 100%" in shown)
    canary.absent_from(shown)
    assert "yaml" not in shown


def test_an_interruption_closes_the_bar(folder: Path) -> None:
    for number in range(60, 3000):
        (folder / "conf" / f"{number:03}.yaml").write_text(f"number: {number}\n")
    code, shown = on_terminal([*CHECK, "conf"], folder, interrupt_at=rb"checking: +[1-9]")
    assert 130 == code
    assert shown.endswith("\r\ninterrupted\r\n"), shown[-200:]
    assert "checking: 100%" not in shown


PREFETCH = """
import sys
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret, lazy, prefetch

class App(BaseModel):
    a: Annotated[Secret[str], Ref("secret/drawn/a#k")]
    b: Annotated[Secret[str], Ref("secret/drawn/b#k")]
    c: Annotated[Secret[str], Ref("secret/drawn/c#k")]

prefetch(lazy(App), ARGUMENTS)
"""


def prefetched(server: VaultServer, canary: Canary, names: str) -> None:
    for name in names:
        server.put(f"secret/drawn/{name}", {"k": canary.secret})


def test_prefetch_draws_a_bar_on_a_terminal_on_request(tmp_path: Path, shared_vault_server: VaultServer) -> None:
    canary = Canary()
    prefetched(shared_vault_server, canary, "abc")
    program = PREFETCH.replace("ARGUMENTS", "bar=True")
    code, shown = on_terminal(["-c", program], tmp_path, environ=shared_vault_server.environ)
    assert (0, True) == (code, "secrets: 100%" in shown and "3/3" in shown), shown
    canary.absent_from(shown)
    assert "drawn" not in shown


def test_the_example_of_a_start_draws_what_its_page_shows(shared_vault_server: VaultServer) -> None:
    guide = ROOT / "examples" / "vault"
    (text,) = re.findall(r"```text\n(secrets: 100%\|.*)\n```", (guide / "README.md").read_text(encoding="utf-8"))
    for path, values in (("secret/app", {"api_key": "k"}), ("secret/database", {"username": "u", "password": "p"})):
        shared_vault_server.put(path, values)
    environ = {**shared_vault_server.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    code, shown = on_terminal(["start.py"], guide, environ=environ)
    drawn = [line.partition("\r\n")[0] for line in shown.split("\r") if line.startswith("secrets: 100%")]
    assert (0, True) == (code, shown.endswith("\r\nready\r\n")), shown
    plain = {re.sub(r"█+|\d\d:\d\d|[\d.?]+(?=it/s)", "", line).strip() for line in (text, *drawn)}
    assert (True, {"secrets: 100%|| 2/2 [<, it/s]"}) == (bool(drawn), plain)


def test_prefetch_of_a_service_draws_nothing(tmp_path: Path, shared_vault_server: VaultServer) -> None:
    prefetched(shared_vault_server, Canary(), "abc")
    assert (0, "") == on_terminal(
        ["-c", PREFETCH.replace("ARGUMENTS", "")], tmp_path, environ=shared_vault_server.environ
    )
    piped = python(tmp_path, "-c", PREFETCH.replace("ARGUMENTS", "bar=True"), **shared_vault_server.environ)
    assert (0, "", "") == (piped.returncode, piped.stdout, piped.stderr)


def test_a_failed_prefetch_closes_the_bar_before_its_error(tmp_path: Path, shared_vault_server: VaultServer) -> None:
    program = PREFETCH.replace("ARGUMENTS", "bar=True").replace("drawn", "absent")
    code, shown = on_terminal(["-c", program], tmp_path, environ=shared_vault_server.environ)
    assert 1 == code
    assert shown.index("secrets: 100%") < shown.index("Traceback")
    assert "3 of 3 secrets cannot be had" in shown


def test_prefetch_in_a_coroutine_draws_a_bar_too(tmp_path: Path, shared_vault_server: VaultServer) -> None:
    prefetched(shared_vault_server, Canary(), "abc")
    program = PREFETCH.replace("prefetch", "aprefetch").replace(
        "aprefetch(lazy(App), ARGUMENTS)", "import asyncio; asyncio.run(aprefetch(lazy(App), bar=True))"
    )
    code, shown = on_terminal(["-c", program], tmp_path, environ=shared_vault_server.environ)
    assert (0, True) == (code, "secrets: 100%" in shown), shown
