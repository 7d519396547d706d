"""Makes the virtual environment of the demonstration, and runs the demonstration in it.

Runs in any Python 3.11, with nothing installed: only the parts of toriconfig that need nothing are used.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

EXAMPLES = Path(__file__).resolve().parents[1]
CHECKOUT = EXAMPLES.parent
sys.path[:0] = [str(CHECKOUT), str(EXAMPLES)]

from demonstration.arguments import parse  # noqa: E402 - found only from here on
from demonstration.leftovers import Notes, directory_name  # noqa: E402
from demonstration.signals import Interrupted, Signals  # noqa: E402
from toriconfig.testing import Keeper  # noqa: E402


def main() -> int:
    """Prepare, and become the demonstration; return a status only when that failed."""
    arguments = sys.argv[1:]
    parse(arguments)
    home = Path(os.environ.get("TORICONFIG_DEMO_VENV") or CHECKOUT / ".venv-demo")
    signals = Signals()
    try:
        with _alone(home, signals):
            python = _environment(home, signals)
    except Interrupted as interrupted:
        print(f"demo: ended by {interrupted}; nothing is left running", file=sys.stderr)
        return interrupted.status
    except RuntimeError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    return _become(python, arguments)


def _become(python: Path, arguments: list[str]) -> NoReturn:
    environ = {**os.environ, "PYTHONPATH": str(EXAMPLES)}
    os.execve(python, [str(python), "-P", "-m", "demonstration", *arguments], environ)  # noqa: S606 - no shell wanted


@contextmanager
def _alone(home: Path, signals: Signals) -> Iterator[None]:
    """Two who start at once do not install into each other's feet."""
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "lock", "w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                signals.check()
                time.sleep(0.1)
        yield


def _environment(home: Path, signals: Signals) -> Path:
    """The Python with everything installed; made when what it is made from has changed.

    Raises:
        RuntimeError: pip failed.
    """
    python = home / "venv" / "bin" / "python"
    stamp = home / "installed"
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    wanted = json.dumps([sys.version, str(CHECKOUT), project["build-system"], project["project"]])
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    stamp.unlink(missing_ok=True)
    print(f"demo: setting up {home} (once; about a minute)", file=sys.stderr)
    _run(signals, sys.executable, "-m", "venv", "--clear", str(home / "venv"))
    extras = f"{CHECKOUT}[demo,vault-dev]"
    _run(signals, str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", extras)
    stamp.write_text(wanted)
    return python


def _run(signals: Signals, *command: str) -> None:
    """Run a command to its end; it and what it started do not outlive us, and its temporary files neither."""
    signals.check()
    keeper = Keeper(directory_name())
    environ = {**os.environ, "TMPDIR": str(keeper.directory)}
    try:
        notes = Notes(keeper.directory)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environ, start_new_session=True)
        keeper.tell("start", -process.pid)  # its whole group
        notes.add(process.pid)
        try:
            while process.poll() is None:
                signals.check()
                time.sleep(0.05)
        except Interrupted:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            keeper.tell("end", -process.pid)
    finally:
        keeper.close()
    if process.returncode:
        raise RuntimeError(f"failed, with status {process.returncode}: {' '.join(command)}")


if __name__ == "__main__":
    sys.exit(main())
