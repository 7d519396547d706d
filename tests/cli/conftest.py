"""Running the command line as a person would, within the test's process, in a folder of its own."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import OURS, TERMINAL, Result, Toriconfig
from toriconfig import _vault
from toriconfig.cli import cli
from toriconfig.cli._exit import run


@pytest.fixture(name="named", autouse=True)
def _named(tmp_path: Path) -> None:
    """ToriSettings is the settings class of the folder of each test: `check` refuses to judge without one."""
    (tmp_path / "pyproject.toml").write_text('[tool.toriconfig]\nsettings = "toriconfig.schema:ToriSettings"\n')


@pytest.fixture(name="toriconfig")
def _toriconfig(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Toriconfig]:
    """`toriconfig("check", "a.yaml", stdin="...", NAME="value")`: other keywords are variables."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(OURS) or name in TERMINAL:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "path", list(sys.path))

    def call(*arguments: str, stdin: str | bytes = "", **environ: str) -> Result:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
            patch.setattr(sys, "argv", ["toriconfig", *arguments])
            for name, value in environ.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                run(cli, arguments)
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Result(ended.value.code, out, err)

    yield call
    _vault.shutdown()
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]  # the next test's schema may have the same name
