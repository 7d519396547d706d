"""track: progress around a loop, and the bar."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator

import pytest

from toriconfig.pipeline import ProgressTracker, Report, track


def test_each_item_is_yielded_and_counts_once_it_is_processed() -> None:
    reports: list[Report] = []
    seen: list[str] = []
    for item in track("abcd", on_report=reports.append):
        seen.append(f"{item}{reports[-1].percent:g}")
    assert seen == ["a0", "b25", "c50", "d75"]
    assert reports[-1].percent == 100.0


def test_an_iterator_without_a_length_has_an_unknown_total_unless_one_is_given() -> None:
    reports: list[Report] = []
    assert list(track(iter("ab"), on_report=reports.append)) == ["a", "b"]
    assert [(r.total, r.count) for r in reports] == [(None, 0), (None, 2)]
    reports.clear()
    assert list(track(iter("ab"), 2, on_report=reports.append)) == ["a", "b"]
    assert [r.percent for r in reports] == [0.0, 50.0, 100.0]


@pytest.mark.parametrize("error", [TypeError, NotImplementedError, OverflowError, ValueError])
def test_an_unknown_length_is_an_unknown_total(error: type[Exception]) -> None:
    class Stream:
        def __len__(self) -> int:
            raise error

        def __iter__(self) -> Iterator[str]:
            return iter("ab")

    reports: list[Report] = []
    assert list(track(Stream(), on_report=reports.append)) == ["a", "b"]
    assert [(r.total, r.count) for r in reports] == [(None, 0), (None, 2)]


@pytest.mark.parametrize("how", ["break", "raise"])
def test_a_loop_that_is_left_early_never_claims_100_percent(how: str) -> None:
    reports: list[Report] = []
    try:
        for item in track(range(10), on_report=reports.append):
            if item == 3:
                if how == "break":
                    break
                raise LookupError
    except LookupError:
        pass
    assert reports[-1].stopped
    assert (reports[-1].count, reports[-1].percent) == (3, 30.0)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    for _ in track(range(4), description="Reading", bar=True):
        pass
    drawn = terminal.getvalue().split("\r")
    assert "Reading:   0%" in drawn[1]
    assert "Reading: 100%" in drawn[-1]
    assert "INFO" not in terminal.getvalue()


@pytest.mark.parametrize("total", [5, None])
def test_the_bar_of_completed_work_is_full_with_the_actual_count(
    total: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    for _ in track(iter("ab"), total, bar=True):
        pass
    last = terminal.getvalue().split("\r")[-1]
    assert "100%" in last
    assert " 2/2 " in last


def test_lines_instead_of_a_bar_are_written_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressTracker(1, bar=True) as tracker:
        tracker.update_sync()
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_without_tqdm_a_bar_names_the_extra_and_everything_else_works() -> None:
    code = """
import sys
sys.modules["tqdm"] = None
from toriconfig.pipeline import ProgressTracker
ProgressTracker(1)
try:
    ProgressTracker(1, bar=True)
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "a bar needs tqdm: pip install 'toriconfig[bar]'\n"


def test_a_description_steers_no_terminal_and_forges_no_line() -> None:
    seen: list[str] = []
    for _ in track(
        range(2), description="a\n::error::b\x1b[2J\u202e", on_report=lambda report: seen.append(str(report))
    ):
        pass
    assert seen
    assert all(line.startswith("a\\n::error::b\\x1b[2J\\u202e: ") for line in seen)
