"""ProgressTracker under threads, and after a fork."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from toriconfig.pipeline import ProgressTracker, Report
from toriconfig.pipeline._progress import _update_locked

THREADS = 8


def together(work: Callable[[], None], threads: int = THREADS) -> None:
    barrier = threading.Barrier(threads)

    def one() -> None:
        barrier.wait()
        work()

    workers = [threading.Thread(target=one) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert not [worker for worker in workers if worker.is_alive()]


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("frequent_switches")
def test_eight_threads_lose_no_count_and_reports_are_neither_doubled_nor_out_of_order() -> None:
    each = 100_000
    reports: list[Report] = []
    overlapping: list[Report] = []
    inside = threading.Lock()

    def on_report(report: Report) -> None:
        if not inside.acquire(blocking=False):
            overlapping.append(report)
            return
        time.sleep(0.0005)
        reports.append(report)
        inside.release()

    tracker = ProgressTracker(THREADS * each, min_change=0.1, on_report=on_report)

    def work() -> None:
        for _ in range(each):
            tracker.update_sync()

    with tracker:
        together(work)
    counts = [report.count for report in reports]
    assert tracker.count == THREADS * each
    assert overlapping == []
    assert counts == sorted(set(counts))
    assert (reports[0].percent, reports[-1].percent) == (0.0, 100.0)
    assert [report.percent for report in reports].count(100.0) == 1


def test_an_update_does_not_wait_for_a_report_that_another_thread_makes() -> None:
    reporting, release = threading.Event(), threading.Event()
    reports: list[int] = []

    def on_report(report: Report) -> None:
        reports.append(report.count)
        if report.count == 1:
            reporting.set()
            assert release.wait(20)

    tracker = ProgressTracker(100, on_report=on_report)
    tracker.__enter__()
    slow = threading.Thread(target=tracker.update_sync)
    slow.start()
    assert reporting.wait(10)
    for _ in range(50):
        assert tracker.update_sync() is None
    release.set()
    slow.join(10)
    assert reports == [0, 1, 51]


def test_a_report_may_wait_for_another_thread_that_updates() -> None:
    def on_report(report: Report) -> None:
        if report.count == 1:
            other = threading.Thread(target=tracker.update_sync)
            other.start()
            other.join(10)
            assert not other.is_alive()

    tracker = ProgressTracker(3, on_report=on_report)
    tracker.update_sync()
    assert tracker.count == 2


def test_an_update_just_before_the_reporter_releases_is_reported() -> None:
    reports: list[int] = []
    tracker = ProgressTracker(100, on_report=lambda report: reports.append(report.count))
    turn = tracker._turn

    class Unlucky:
        """Another thread counts up to the total during a report, finds the report running, and returns."""

        def get(self, wait: bool) -> None:
            turn.get(wait)

        def put(self, item: None) -> None:
            tracker._count = 100
            turn.put(item)

    tracker._turn = Unlucky()  # type: ignore[assignment]
    tracker.update_sync()
    assert reports == [0, 1, 100]


def test_a_callback_may_end_the_tracker_without_a_deadlock() -> None:
    reports: list[Report] = []

    def on_report(report: Report) -> None:
        reports.append(report)
        if report.count == 5:
            tracker.__exit__(None, None, None)

    def work() -> None:
        for _ in range(5):
            tracker.update_sync()

    tracker = ProgressTracker(10, on_report=on_report)
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(10)
    assert not worker.is_alive()
    assert [report.count for report in reports] == [0, 1, 2, 3, 4, 5, 5]
    assert reports[-1].done


def test_the_locked_counter_for_builds_without_the_gil_counts_the_same() -> None:
    reports: list[Report] = []
    tracker = ProgressTracker(THREADS * 1000, on_report=reports.append)

    def work() -> None:
        for _ in range(1000):
            _update_locked(tracker)

    together(work)
    assert tracker.count == THREADS * 1000
    assert reports[-1].percent == 100.0
    with pytest.raises(ValueError, match="cannot go back"):
        _update_locked(tracker, -1)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_child_forked_while_another_thread_reports_can_go_on_reporting() -> None:
    reporting, release = threading.Event(), threading.Event()

    def on_report(report: Report) -> None:
        if report.count == 1 and os.getpid() == parent:
            reporting.set()
            assert release.wait(20)

    parent = os.getpid()
    tracker = ProgressTracker(10, on_report=on_report)
    slow = threading.Thread(target=tracker.update_sync)
    slow.start()
    assert reporting.wait(10)
    child = os.fork()
    if not child:
        signal.alarm(20)  # a child that hangs must not outlive the test
        code = 1
        try:
            code = 0 if tracker.update_sync() == 20.0 else 2
            tracker.__exit__(None, None, None)
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    release.set()
    slow.join(10)
    assert status == 0
