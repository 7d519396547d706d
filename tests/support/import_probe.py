"""Imports, threads and sockets of a program in a new process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROBE = """
import json, sys
before = set(sys.modules)
import _thread
threads = _thread._count()
opened = []
sys.addaudithook(lambda event, args: opened.append(event) if event.startswith("socket.") else None)
{code}
print(json.dumps([sorted(set(sys.modules) - before), _thread._count() - threads, opened]))
"""


def probe(code: str, folder: Path, **environ: str) -> tuple[set[str], int, list[str]]:
    """Modules imported by `code`, threads started, socket events; `-S` keeps .pth files from importing things first."""
    path = [entry for entry in sys.path if entry]
    setup = f"import sys; sys.path[:0] = {path!r}\n"
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("VAULT_", "BAO_", "TORI_"))}
    done = subprocess.run(
        [sys.executable, "-S", "-c", setup + PROBE.format(code=code)],
        env={**clean, "HOME": str(folder), **environ},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modules, threads, opened = json.loads(done.stdout)
    return set(modules), threads, opened
