"""Place of the demonstrations of one test, in which all that they leave would be found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

CHECKOUT = Path(__file__).parents[2]


class Place:
    """Place of the demonstrations of one test, in which all that they leave would be found.

    Attributes:
        directory: in which they make their temporary files.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._environ = {**os.environ, "TMPDIR": str(directory), "PYTHONPATH": f"{CHECKOUT / 'examples'}:{CHECKOUT}"}

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        return self.run([sys.executable, "-P", "-m", "demonstration", *arguments], **environ)

    def run(self, command: list[str], **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**self._environ, **environ},
            start_new_session=True,
        )

    def processes(self) -> dict[psutil.Process, str]:
        """Processes that use this place, and their command lines."""
        found: dict[psutil.Process, str] = {}
        for process in psutil.process_iter():
            try:
                texts = [*process.cmdline(), *process.environ().values()]
                if process.status() != psutil.STATUS_ZOMBIE and any(str(self.directory) in text for text in texts):
                    found[process] = " ".join(process.cmdline())
            except psutil.Error:
                continue
        return found

    def left(self) -> list[str]:
        """Processes that still run, and files that remain."""
        return [*self.processes().values(), *os.listdir(self.directory)]


@contextmanager
def new_place() -> Iterator[Place]:
    """An empty place, gone at the end of the block with all that runs in it."""
    # Not pytest's: PostgreSQL, which root runs as nobody, must come through.
    place = Place(Path(tempfile.mkdtemp(prefix="demo-test-")))
    place.directory.chmod(0o711)
    try:
        yield place
    finally:
        for process in place.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        shutil.rmtree(place.directory, ignore_errors=True)


def read_until(process: subprocess.Popen[str], word: str) -> None:
    assert process.stderr is not None
    seen = ""
    while word not in seen:
        line = process.stderr.readline()
        assert line, f"ended before it said {word!r}:\n{seen}"
        seen += line


def wait_until(done: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)
