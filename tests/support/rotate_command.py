"""`toriconfig rotate`, run as people run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def rotate(
    environ: Mapping[str, str], *arguments: str, given: str | bytes | None = None, cwd: Path | None = None
) -> tuple[int, str, str]:
    """The exit code, standard output and standard error."""
    process = start(environ, *arguments, cwd=cwd, stdin=subprocess.DEVNULL if given is None else subprocess.PIPE)
    out, err = process.communicate(given.encode() if isinstance(given, str) else given, timeout=60)
    return process.returncode, out.decode(), err.decode()


def start(
    environ: Mapping[str, str], *arguments: str, cwd: Path | None = None, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Start the command."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("VAULT_", "BAO_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "toriconfig.cli", "rotate", *arguments],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**clean, **environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=cwd,
    )


def rotate_json(
    environ: Mapping[str, str], *arguments: str, cwd: Path | None = None
) -> tuple[int, list[dict[str, Any]]]:
    """The exit code, and the items of the JSON document."""
    code, out, _ = rotate(environ, *arguments, "-o", "json", cwd=cwd)
    document = json.loads(out)
    assert "1.0" == document["format_version"]
    items: list[dict[str, Any]] = document["rotations"]
    return code, items
