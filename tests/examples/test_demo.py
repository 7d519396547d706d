"""The demonstration, in short: its report, and no files or processes left after any end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

from support.demo_place import CHECKOUT, Place, read_until, wait_until

INGESTING = "ingested: 100 %"


def test_a_short_run_reports_its_result_and_leaves_no_files(place: Place) -> None:
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
        r"^ +[1-3] update auth/approle/login$",
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


def test_the_next_run_cleans_up_after_a_killed_run(place: Place) -> None:
    process = place.start("--seconds", "60")
    read_until(process, INGESTING)
    keepers = [one for one, command in place.processes().items() if command.startswith("/bin/sh")]
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


def test_a_process_that_reuses_the_id_of_a_killed_one_is_not_ended(place: Place) -> None:
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
    wait_until(lambda: any("ensurepip" in command for command in place.processes().values()), 30)
    os.kill(process.pid, signal.SIGTERM)
    assert 143 == process.wait(30)
    assert ["home"] == place.left()
    process.communicate()


def test_a_path_that_is_no_folder_is_refused_before_anything_is_set_up(place: Place) -> None:
    home = place.directory / "home"
    environ = {"TORICONFIG_DEMO_VENV": str(home), "TORICONFIG_PYTHON": sys.executable}
    process = place.run([str(CHECKOUT / "examples" / "demo"), "/no/such/folder"], **environ)
    _, log = process.communicate(timeout=30)
    assert 2 == process.returncode
    assert "not a folder: /no/such/folder" in log
    assert not place.left()
