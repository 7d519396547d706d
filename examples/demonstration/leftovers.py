"""Notes on the running processes and the files of a run, so that the next run can clean up after a killed one.

Even after SIGKILL the keepers end the servers and remove the files. This is for the case that they were killed too.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

_PREFIX = "toriconfig-demo-"
_NOTES = "running.json"


class Notes:
    """The notes of this run.

    Args:
        directory: of this run; named by `directory_name`.
    """

    def __init__(self, directory: Path) -> None:
        self._file = directory / _NOTES
        self._owner = (os.getpid(), _began(os.getpid()))
        self._running: list[tuple[int, str]] = []
        self._write()

    def add(self, pid: int) -> None:
        """A process that must not be left behind."""
        self._running.append((pid, _began(pid)))
        self._write()

    def _write(self) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps({"owner": self._owner, "running": self._running}))
        new.replace(self._file)


def directory_name() -> str:
    """Return the prefix of the name of this run's temporary directory."""
    return f"{_PREFIX}{os.getpid()}"


def clean_up() -> list[Path]:
    """End what killed runs left running, and remove their directories, which are returned."""
    removed: list[Path] = []
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}[0-9]*"):
        # In a directory that everybody may write to, the notes of others are not to be trusted.
        if directory.is_symlink() or directory.stat().st_uid != os.geteuid():
            continue
        owner, running = _read(directory)
        if owner is not None and not _is_there(*owner):
            for pid, began in running:
                _end(pid, began)
            shutil.rmtree(directory, ignore_errors=True)
            removed.append(directory)
    return removed


def _read(directory: Path) -> tuple[tuple[int, str] | None, list[tuple[int, str]]]:
    """Return the process that owns the directory, and the processes that its run had running."""
    try:
        notes = json.loads((directory / _NOTES).read_text())
        return tuple(notes["owner"]), [tuple(one) for one in notes["running"]]
    except (OSError, ValueError, KeyError, TypeError):
        # Killed before it took notes: then it had nothing running either.
        number = directory.name.removeprefix(_PREFIX).partition("-")[0]
        return ((int(number), ""), []) if number.isdecimal() else (None, [])


def _is_there(pid: int, began: str) -> bool:
    """True if the process that began then is still running; another one may have its number by now."""
    now = _began(pid)
    return bool(now) and (not began or now == began)


def _began(pid: int) -> str:
    """Return the start time of a process, as a text unique among processes of that number; "" when there is none."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        state, *fields = stat.read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return ""
        return subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout.strip()
    except ProcessLookupError:
        return ""
    return "" if state in "ZX" else f"{boot} {fields[18]}"


def _end(pid: int, began: str) -> None:
    """End a process that is still the one that began then: orderly, and after five seconds by force."""
    for number, seconds in ((signal.SIGINT, 5.0), (signal.SIGKILL, 2.0)):
        if not _is_there(pid, began):
            return
        os.killpg(pid, number)  # each was started as the leader of a group
        end = time.monotonic() + seconds
        while _is_there(pid, began) and time.monotonic() < end:
            time.sleep(0.05)
