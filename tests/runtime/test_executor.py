"""Threads and timers that backends share: weak timers, concurrent actions, requests with deadlines."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from support.fake_vault import AtOnce
from toriconfig._core.clock import SYSTEM
from toriconfig._runtime.deadline import Deadline
from toriconfig._runtime.executor import Executor
from toriconfig._runtime.run_concurrently import run_concurrently
from toriconfig._runtime.single_flight import Flight
from toriconfig._runtime.weak_timer import WeakTimer
from toriconfig._runtime.workers import DEMAND, Job, Workers
from toriconfig.testing import FakeClock


def within(seconds: float) -> Deadline:
    return Deadline(SYSTEM.monotonic() + seconds, SYSTEM.monotonic)


class Owner:
    def __init__(self, done: list[int]) -> None:
        self.done = done

    def due(self, what: int) -> None:
        self.done.append(what)


def test_a_timer_calls_its_owner_and_does_not_keep_it_alive() -> None:
    done: list[int] = []
    owner: Owner | None = Owner(done)
    assert owner is not None
    timer = WeakTimer(owner, 7)
    timer()
    del owner
    timer()
    assert [7] == done


def test_actions_run_at_the_same_time() -> None:
    meeting = threading.Barrier(3)
    run_concurrently([lambda: meeting.wait(5)] * 3, within(10), "together")
    assert not meeting.broken
    assert 0 == meeting.n_waiting


def test_an_action_that_hangs_is_not_waited_for_beyond_the_deadline() -> None:
    gate, done = threading.Event(), threading.Event()
    began = SYSTEM.monotonic()
    run_concurrently([gate.wait, done.set], within(0.2), "hangs")
    assert SYSTEM.monotonic() < began + 5
    assert done.is_set()
    gate.set()


def test_actions_run_on_the_calling_thread_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(run: Callable[[], object], name: str) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("toriconfig._runtime.run_concurrently.start", refuse)
    ran: list[int] = []
    run_concurrently([lambda: ran.append(threading.get_ident())] * 2, within(5), "none")
    assert [threading.get_ident()] * 2 == ran


def test_at_its_deadline_a_request_is_cancelled_and_reported_once() -> None:
    clock, expired = FakeClock(), list[bool]()
    executor = Executor(clock, _Never())
    flight = executor.flight(5.0, expired.append)
    executor.send(flight, DEMAND, _no_work, None)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        flight.deadline.hold(ours)
        flight.deadline.connecting = True
        clock.advance(4.9)
        executor.scheduler.tick()
        assert not flight.ended
        clock.advance(0.2)
        executor.scheduler.tick()
        assert ([True], True) == (expired, flight.ended)
        theirs.settimeout(5)
        assert b"" == theirs.recv(1)
    flight.expire()
    assert [True] == expired


def test_a_request_that_ends_in_time_is_not_reported_at_its_deadline() -> None:
    clock, expired = FakeClock(), list[bool]()
    executor = Executor(clock, AtOnce())
    flight = executor.flight(5.0, expired.append)

    def work(flight: Flight) -> None:
        assert flight.claim()
        flight.finish()

    executor.send(flight, DEMAND, work, None)
    clock.advance(10)
    executor.scheduler.tick()
    assert [] == expired


class _Never(Workers):
    """Workers whose threads are all busy."""

    def __init__(self) -> None:
        super().__init__(1, "never")

    def submit(self, priority: int, run: Callable[[], Any]) -> Job:
        return Job(run)


def _no_work(_: Flight) -> None:
    raise AssertionError("no thread is free")
