"""ProgressTracker: the times and the content of its reports."""

from __future__ import annotations

import asyncio
import math
import pickle
from itertools import pairwise
from typing import Any

import pytest

from toriconfig.pipeline import ProgressTracker, Report


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def percents(reports: list[Report]) -> list[float | None]:
    return [report.percent for report in reports]


@pytest.mark.parametrize("step", [1, 3, 7, 250, 1000])
@pytest.mark.parametrize("entered", [True, False])
def test_a_million_in_tenths_of_a_percent_are_exactly_1001_reports(step: int, entered: bool) -> None:
    reports: list[Report] = []
    tracker = ProgressTracker(total=1_000_000, min_change=0.1, on_report=reports.append)
    if entered:
        tracker.__enter__()
    left = 1_000_000
    while left:
        tracker.update_sync(min(step, left))
        left -= min(step, left)
    if entered:
        tracker.__exit__(None, None, None)
    assert len(reports) == 1001
    assert (reports[0].percent, reports[-1].percent) == (0.0, 100.0)
    assert [report.done for report in reports] == [False] * 1000 + [True]


@pytest.mark.parametrize("total", [1, 3, 7, 997, 1000, 123_457])
@pytest.mark.parametrize("min_change", [0.1, 0.3, 1.0, 7.5, 30.0, 100.0])
def test_every_step_of_min_change_is_reported_once_with_any_total(total: int, min_change: float) -> None:
    reports: list[Report] = []
    with ProgressTracker(total, min_change, on_report=reports.append) as tracker:
        for _ in range(total):
            tracker.update_sync()
    counts = [report.count for report in reports]
    unit = round(min_change * 10**6)
    steps = {-(-number * unit * total // 10**8) for number in range(10**8 // unit + 1)}
    assert counts == sorted(steps | {0, total})


def test_reports_are_min_seconds_apart_except_the_first_and_the_last() -> None:
    clock, reports = Hand(), list[Report]()
    with ProgressTracker(1000, 1.0, 5.0, on_report=reports.append, clock=clock) as tracker:
        for _ in range(1000):
            clock.now += 0.125
            tracker.update_sync()
    times = [report.elapsed for report in reports]
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert all(gap >= 5.0 for gap in gaps[:-1])
    assert percents(reports) == [0.0, *(float(p) for p in range(4, 100, 4)), 100.0]


def test_a_report_delayed_by_the_clock_comes_with_the_next_update() -> None:
    clock, reports = Hand(), list[Report]()
    with ProgressTracker(1000, 1.0, 5.0, on_report=reports.append, clock=clock) as tracker:
        for _ in range(500):
            assert tracker.update_sync() is None
        clock.now += 5.0
        assert tracker.update_sync() == 50.1
        assert tracker.update_sync() is None


def test_both_updates_return_the_percent_reported_or_none() -> None:
    async def drive(tracker: ProgressTracker) -> list[float | None]:
        return [await tracker.update() for _ in range(4)]

    with ProgressTracker(4, 50, on_report=lambda report: None) as tracker:
        assert [tracker.update_sync() for _ in range(4)] == [None, 50.0, None, 100.0]
    with ProgressTracker(4, 50, on_report=lambda report: None) as tracker:
        assert asyncio.run(drive(tracker)) == [None, 50.0, None, 100.0]


def test_async_with_works_as_written() -> None:
    reports: list[Report] = []

    async def ingest() -> None:
        async with ProgressTracker(total=100, on_report=reports.append) as p:
            for _ in range(100):
                await p.update()

    asyncio.run(ingest())
    assert percents(reports) == [float(p) for p in range(101)]


def test_0_percent_is_reported_at_entry_before_any_update() -> None:
    reports: list[Report] = []
    with ProgressTracker(10, on_report=reports.append):
        assert percents(reports) == [0.0]


def test_a_clean_exit_reports_100_percent_with_the_true_count() -> None:
    reports: list[Report] = []
    with ProgressTracker(1000, on_report=reports.append) as tracker:
        tracker.update_sync(57)
    assert (reports[-1].percent, reports[-1].count, reports[-1].done) == (100.0, 57, True)
    assert "100 % (57 of 1000)" in str(reports[-1])


@pytest.mark.parametrize(("total", "count"), [(0, 0), (2, 1), (None, 3)])
def test_after_a_normal_exit_the_tracker_agrees_with_its_last_report(total: int | None, count: int) -> None:
    reports: list[Report] = []
    with ProgressTracker(total, on_report=reports.append) as tracker:
        tracker.update_sync(count)
        assert tracker.percent != 100.0
    assert tracker.percent == reports[-1].percent == 100.0


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, asyncio.CancelledError])
def test_an_exception_reports_the_reached_count_and_never_100_percent(error: type[BaseException]) -> None:
    reports: list[Report] = []

    def work() -> None:
        with ProgressTracker(10, on_report=reports.append) as tracker:
            trackers.append(tracker)
            tracker.update_sync(3)
            raise error

    trackers: list[ProgressTracker] = []
    with pytest.raises(error):
        work()
    assert trackers[0].percent == 30.0
    assert percents(reports) == [0.0, 30.0, 30.0]
    assert (reports[-1].stopped, reports[-1].done) == (True, False)
    assert str(reports[-1]).startswith("stopped at 30 % (3 of 10)")


def test_an_exception_in_async_with_never_claims_100_percent() -> None:
    reports: list[Report] = []

    async def ingest() -> None:
        async with ProgressTracker(0, on_report=reports.append):
            raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(ingest())
    assert 100.0 not in percents(reports)
    assert not any(report.done for report in reports)


def test_a_percentage_is_never_rounded_up() -> None:
    reports: list[Report] = []
    with ProgressTracker(10**20, min_change=0, on_report=reports.append) as tracker:
        tracker.update_sync(10**20 - 1)
        assert reports[-1].percent == math.nextafter(100.0, 0.0)
        assert str(reports[-1]).startswith("99.99 % ")
        assert tracker.percent == reports[-1].percent
        tracker.update_sync()
    assert percents(reports)[-1] == 100.0
    assert len([p for p in percents(reports) if p == 100.0]) == 1


def test_an_overrun_keeps_the_true_count_and_warns_once(capsys: pytest.CaptureFixture[str]) -> None:
    reports: list[Report] = []
    with ProgressTracker(10, on_report=reports.append) as tracker:
        for _ in range(15):
            tracker.update_sync()
    assert percents(reports)[-1] == 100.0
    assert percents(reports).count(100.0) == 1
    assert tracker.count == 15
    assert len(capsys.readouterr().err.splitlines()) == 1
    with ProgressTracker(10, on_report=reports.append, description="Pages") as tracker:
        for _ in range(5):
            tracker.update_sync(7)
    assert reports[-1].count == 14
    assert [line.partition("progress: ")[2] for line in capsys.readouterr().err.splitlines()] == [
        "Pages: more items than expected: 14 of 10"
    ]


def test_a_total_of_zero_is_0_and_100_percent_once_each() -> None:
    reports: list[Report] = []
    with ProgressTracker(0, on_report=reports.append):
        pass
    assert percents(reports) == [0.0, 100.0]


def test_an_unknown_total_reports_counts_every_second_and_no_percent() -> None:
    clock, reports = Hand(), list[Report]()
    with ProgressTracker(None, on_report=reports.append, clock=clock) as tracker:
        for _ in range(100):
            clock.now += 0.125
            tracker.update_sync()
    assert [report.count for report in reports] == [0, *range(8, 100, 8), 100]
    assert percents(reports) == [None] * 13 + [100.0]
    assert reports[1].eta is None
    assert str(reports[1]) == "8, 8.0/s"


def test_rate_and_eta_follow_the_clock() -> None:
    clock, reports = Hand(), list[Report]()
    with ProgressTracker(100, 10, on_report=reports.append, clock=clock) as tracker:
        for _ in range(50):
            clock.now += 0.5
            tracker.update_sync()
    middle = reports[5]
    assert (middle.percent, middle.elapsed) == (50.0, 25.0)
    assert middle.rate == pytest.approx(2.0)
    assert middle.eta == pytest.approx(25.0)
    assert reports[0].rate == 0.0


def test_an_update_made_by_the_callback_is_counted_and_reported_after_the_outer_one() -> None:
    reports: list[Report] = []
    running: list[bool] = []

    def on_report(report: Report) -> None:
        assert not running
        running.append(True)
        reports.append(report)
        if report.count == 5:
            assert tracker.update_sync(3) is None
            assert tracker.count == 8
        running.clear()

    tracker = ProgressTracker(10, 10, on_report=on_report)
    with tracker:
        for _ in range(7):
            tracker.update_sync()
    assert [report.count for report in reports] == [0, 1, 2, 3, 4, 5, 8, 9, 10]


def test_a_callback_that_raises_is_logged_once_and_never_reaches_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[Report] = []

    def on_report(report: Report) -> None:
        calls.append(report)
        raise ValueError("wrong")

    with ProgressTracker(100, on_report=on_report) as tracker:
        for _ in range(100):
            tracker.update_sync()
    assert tracker.count == 100
    assert len(calls) == 1
    logged = capsys.readouterr().err
    assert logged.count("ERROR toriconfig.progress: on_report raised and is not called again") == 1
    assert logged.count("ValueError: wrong") == 1


def test_each_report_is_a_visible_line_at_info_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressTracker(2, 50, description="Reading") as tracker:
        tracker.update_sync(2)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert " INFO toriconfig.progress: Reading: 0 % (0 of 2)" in lines[0]
    assert " INFO toriconfig.progress: Reading: 100 % (2 of 2)" in lines[1]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"total": -1}, "total"),
        ({"total": 1, "min_change": -0.1}, "min_change"),
        ({"total": 1, "min_change": 100.1}, "min_change"),
        ({"total": 1, "min_change": math.nan}, "min_change"),
        ({"total": 1, "min_seconds": -1}, "min_seconds"),
        ({"total": 1, "min_seconds": math.nan}, "min_seconds"),
    ],
)
def test_bounds_are_checked(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ProgressTracker(**options)


def test_progress_does_not_go_back() -> None:
    with ProgressTracker(10, on_report=lambda report: None) as tracker:
        tracker.update_sync(5)
        with pytest.raises(ValueError, match="cannot go back"):
            tracker.update_sync(-1)
        with pytest.raises(ValueError, match="cannot go back"):
            asyncio.run(tracker.update(-1))
        assert tracker.count == 5


def test_the_error_of_pickling_has_the_remedy() -> None:
    with pytest.raises(TypeError, match="count in the process"):
        pickle.dumps(ProgressTracker(1))
