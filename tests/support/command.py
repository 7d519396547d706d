"""A run of the command line, for tests: `toriconfig("check", "a.yaml")` returns a `Result`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("TORI_", "VAULT_", "BAO_", "TORICONFIG_", "APP_")
TERMINAL = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "PYTHONIOENCODING", "TERM")


class Result(NamedTuple):
    """Result of a command: its exit code and its output."""

    code: int
    out: str
    err: str


Toriconfig = Callable[..., Result]
"""`toriconfig("check", "a.yaml", stdin="...", NAME="value")`: other keywords are variables."""


def clean_environ(**more: str) -> dict[str, str]:
    """This process's variables without any that would steer a command."""
    kept = {key: text for key, text in os.environ.items() if not key.startswith(OURS) and key not in TERMINAL}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def in_a_process(*arguments: str, cwd: Path, environ: Mapping[str, str] | None = None) -> Result:
    """The command in a new process, for tests of streams, signals and imports."""
    done = subprocess.run(
        [sys.executable, "-m", "toriconfig.cli", *arguments],
        cwd=cwd,
        env={**clean_environ(), **(environ or {})},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def python(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, with further variables and without those that would steer a command."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=clean_environ(**environ),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


@contextmanager
def in_this_process(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Toriconfig]:
    """Run the command in the process of the test, in a folder of its own, without variables that would steer it."""
    from toriconfig import _vault
    from toriconfig.cli import cli
    from toriconfig.cli._exit import run

    monkeypatch.chdir(folder)
    for name in list(os.environ):
        if name.startswith(OURS) or name in TERMINAL:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
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
        if str(getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]  # the next test's schema may have the same name
