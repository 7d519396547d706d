"""The demonstration, in short: what it reports, and that it leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

CHECKOUT = Path(__file__).parents[2]
INGESTING = "ingested: 100 %"


class Place:
    """Where demonstrations of one test run: all that they leave would be found here.

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

    def processes(self) -> list[psutil.Process]:
        """Those that have anything to do with this place."""
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            try:
                texts = [*process.cmdline(), *process.environ().values()]
                if process.status() != psutil.STATUS_ZOMBIE and any(str(self.directory) in text for text in texts):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def left(self) -> list[str]:
        """What is running or lying about."""
        return [*(" ".join(process.cmdline()) for process in self.processes()), *os.listdir(self.directory)]


@pytest.fixture(name="place")
def _place() -> Iterator[Place]:
    # Not pytest's: PostgreSQL, which root runs as nobody, must come through.
    place = Place(Path(tempfile.mkdtemp(prefix="demo-test-")))
    place.directory.chmod(0o711)
    yield place
    for process in place.processes():
        process.kill()
    shutil.rmtree(place.directory)


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


def test_a_short_run_reports_what_it_did_and_leaves_nothing(place: Place) -> None:
    process = place.start("--seconds", "7")
    report, log = process.communicate(timeout=90)
    assert 0 == process.returncode, log
    for line in (
        r"^files +12, of which 8 ingested$",
        r"^pages +80$",
        r"^chunks +(\d{3}); \1 in the database$",
        r"^not read +broken\.pdf: broken",
        r"^ +empty\.pdf: empty",
        r"^ +encrypted\.pdf: encrypted",
        r"^ +scan\.pdf: images only",
        r"^failed writes +0$",
        r"^API key +[1-9] rotations? seen",
        r"^database +[1-9] rotations? seen",
        r"^ +\d+ read secret/data/tori$",
        r"^ +[2-9] read database/creds/tori$",
        r"^ +1 update auth/approle/login$",
        r"^start +\d+ ms to the first setting, \d+ ms to the first secret",
    ):
        assert re.search(line, report, re.MULTILINE), f"{line}\n{report}"
    assert not place.left()


def test_after_sigterm_nothing_is_left(place: Place) -> None:
    process = place.start("--seconds", "60")
    read_until(process, INGESTING)
    os.kill(process.pid, signal.SIGTERM)
    _, log = process.communicate(timeout=30)
    assert 143 == process.returncode
    assert log.endswith("demo: ended by SIGTERM; nothing is left running\n")
    assert not place.left()


def test_after_ctrl_c_in_a_terminal_nothing_is_left(place: Place) -> None:
    process = place.start("--seconds", "60")
    read_until(process, "starting PostgreSQL")
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    assert 130 == process.returncode
    assert not place.left()


def test_what_a_killed_run_left_is_cleaned_up_by_the_next(place: Place) -> None:
    process = place.start("--seconds", "60")
    read_until(process, INGESTING)
    keepers = [one for one in place.processes() if one.name() == "sh"]
    for pid in [*(keeper.pid for keeper in keepers), process.pid]:
        os.kill(pid, signal.SIGKILL)
    process.wait(30)
    assert 3 == len(keepers)
    assert 4 <= len(place.left())  # PostgreSQL, OpenBao, the application, the directory
    code = "from demonstration.leftovers import clean_up; print(len(clean_up()))"
    out, log = place.run([sys.executable, "-P", "-c", code]).communicate(timeout=60)
    assert "1\n" == out, log
    wait_until(lambda: not place.left(), 10)
    process.communicate()


def test_a_running_demonstration_is_no_leftover(place: Place) -> None:
    directory = place.directory / f"toriconfig-demo-{os.getpid()}-abc"
    directory.mkdir()
    code = "from demonstration.leftovers import clean_up; print(len(clean_up()))"
    out, _ = place.run([sys.executable, "-P", "-c", code]).communicate(timeout=60)
    assert "0\n" == out
    assert directory.exists()


def test_a_process_that_has_the_number_of_a_killed_one_by_now_is_spared(place: Place) -> None:
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        directory = place.directory / "toriconfig-demo-999999999-abc"
        directory.mkdir()
        notes = f'{{"owner": [999999999, "long ago"], "running": [[{stranger.pid}, "long ago"]]}}'
        (directory / "running.json").write_text(notes)
        code = "from demonstration.leftovers import clean_up; print(len(clean_up()))"
        out, _ = place.run([sys.executable, "-P", "-c", code]).communicate(timeout=60)
        assert "1\n" == out
        assert stranger.poll() is None
        assert not directory.exists()
    finally:
        stranger.kill()
        stranger.wait()


def test_a_signal_during_the_set_up_leaves_nothing(place: Place) -> None:
    home = place.directory / "home"
    environ = {"TORICONFIG_DEMO_VENV": str(home), "TORICONFIG_PYTHON": sys.executable}
    process = place.run([str(CHECKOUT / "examples" / "demo")], **environ)
    read_until(process, "setting up")
    wait_until(lambda: any("ensurepip" in one.cmdline() for one in place.processes()), 30)
    os.kill(process.pid, signal.SIGTERM)
    assert 143 == process.wait(30)
    assert ["home"] == place.left()
    process.communicate()


def test_a_folder_that_is_none_is_refused_before_anything_is_set_up(place: Place) -> None:
    home = place.directory / "home"
    environ = {"TORICONFIG_DEMO_VENV": str(home), "TORICONFIG_PYTHON": sys.executable}
    process = place.run([str(CHECKOUT / "examples" / "demo"), "/no/such/folder"], **environ)
    _, log = process.communicate(timeout=30)
    assert 2 == process.returncode
    assert "not a folder: /no/such/folder" in log
    assert not place.left()
