"""The command line, run as a person would run it, within the process of the test, in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import Toriconfig, in_this_process


@pytest.fixture(name="named", autouse=True)
def _named(tmp_path: Path) -> None:
    """ToriSettings is the settings class of the folder of each test: `check` refuses to judge without one."""
    (tmp_path / "pyproject.toml").write_text('[tool.toriconfig]\nsettings = "toriconfig.schema:ToriSettings"\n')


@pytest.fixture(name="toriconfig")
def _toriconfig(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Toriconfig]:
    """`toriconfig("check", "a.yaml", stdin="...", NAME="value")`: other keywords are variables."""
    with in_this_process(monkeypatch, tmp_path, capsys) as call:
        yield call
