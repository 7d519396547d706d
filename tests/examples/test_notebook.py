"""The notebook of the guide: its outputs are those of a run, and its file holds no secret."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.pages import ROOT
from toriconfig.testing import Canary, VaultServer

GUIDE = ROOT / "examples" / "notebook"
COMMITTED = (GUIDE / "settings.ipynb").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def canary() -> Canary:
    return Canary()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, shared_vault_server: VaultServer, canary: Canary) -> tuple[str, str]:
    """The text that the run prints, and the notebook that it saves."""
    folder = tmp_path_factory.mktemp("notebook")
    for name in ("app.py", "app.yaml", "cells.ipy", "execute.py"):
        shutil.copy(GUIDE / name, folder)
    shared_vault_server.put("secret/app", {"token": canary.secret})
    path = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    environ = {**os.environ, **shared_vault_server.environ, "PYTHONPATH": path, "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "execute.py"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr, (Path(folder) / "settings.ipynb").read_text(encoding="utf-8")


def cells(text: str) -> list[Any]:
    """The cells with their outputs, without the one that shows the length of the secret."""
    found = json.loads(text)["cells"]
    assert found
    return [cell for cell in found if "len(" not in "".join(cell["source"])]


def test_the_saved_notebook_holds_no_secret(run: tuple[str, str], canary: Canary) -> None:
    canary.absent_from(*run)
    assert "len(await settings.token.aget())" in run[1]  # the secret was fetched
    assert "32)" in run[1]


def test_the_notebook_beside_the_guide_is_what_a_run_saves(run: tuple[str, str]) -> None:
    assert cells(run[1]) == cells(COMMITTED)


def test_the_notebook_beside_the_guide_holds_no_secret() -> None:
    assert "only-for-development" not in COMMITTED
