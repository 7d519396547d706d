"""The demonstration in full: set up from nothing, ended at many moments, and run for minutes."""

from __future__ import annotations

import os
import re
import signal
import sys
import time

import pytest

from support.demo_place import CHECKOUT, Place, wait_until


@pytest.mark.soak
def test_the_command_sets_itself_up_and_shows_everything(place: Place) -> None:
    environ = {"TORICONFIG_DEMO_VENV": str(place.directory / "home"), "TORICONFIG_PYTHON": sys.executable}
    for sets_up in (True, False):
        process = place.run([str(CHECKOUT / "examples" / "demo")], **environ)
        report, log = process.communicate(timeout=900)
        assert 0 == process.returncode, log
        assert "failed writes  0" in report
        assert sets_up == ("setting up" in log)
        assert ["home"] == place.left()


@pytest.mark.soak
def test_no_write_fails_in_five_minutes_of_rotation(place: Place) -> None:
    report, log = place.start("--seconds", "300").communicate(timeout=600)
    assert "failed writes  0" in report, log
    rotations = [int(number) for number in re.findall(r"(\d+) rotations seen", report)]
    assert all(number > 40 for number in rotations), report


@pytest.mark.chaos
@pytest.mark.parametrize("moment", [0.1, 0.3, 0.6, 1, 1.5, 2, 2.5, 3, 4, 5, 7, 10])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_at_any_moment_leaves_nothing(place: Place, number: signal.Signals, moment: float) -> None:
    process = place.start("--seconds", "60")
    time.sleep(moment)
    os.kill(process.pid, number)
    process.communicate(timeout=60)
    # After SIGKILL the keepers clean up.
    wait_until(lambda: not place.left(), 15 if number == signal.SIGKILL else 0.1)
