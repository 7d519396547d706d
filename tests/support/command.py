"""What a run of the command line is, for tests: `toriconfig("check", "a.yaml")` gives a `Result`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
OURS = ("TORI_", "VAULT_", "BAO_", "TORICONFIG_", "APP_")
TERMINAL = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "PYTHONIOENCODING", "TERM")


class Result(NamedTuple):
    """What a command did: its exit code, and what it wrote."""

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
    """The command in a process of its own, for what only a process has: streams, signals, imports."""
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
