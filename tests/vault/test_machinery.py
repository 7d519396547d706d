"""Workers, flights, the scheduler and callbacks, each alone."""

from __future__ import annotations

import _thread
import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from support.fake_vault import AtOnce, FakeVault, secret
from toriconfig._core.clock import SYSTEM
from toriconfig._runtime.callbacks import SerialQueue, dispatch
from toriconfig._runtime.deadline import Deadline
from toriconfig._runtime.scheduler import Scheduler
from toriconfig._runtime.single_flight import Flight
from toriconfig._runtime.workers import DEMAND, LEASE, POLL, Workers
from toriconfig._vault.resolve import resolve
from toriconfig._vault.session import Session
from toriconfig.testing import FakeClock
from toriconfig.vault import Vault


def _eventually(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()


def test_leases_go_before_readers_and_readers_before_polls() -> None:
    workers, order, gate = Workers(1, "t"), list[int](), threading.Event()
    workers.submit(POLL, gate.wait)
    for priority in (POLL, DEMAND, LEASE, POLL, LEASE):
        workers.submit(priority, partial(order.append, priority))
    gate.set()
    assert _eventually(lambda: len(order) == 5)
    assert [LEASE, LEASE, DEMAND, POLL, POLL] == order
    workers.dismiss()


def test_an_abandoned_worker_is_replaced_and_the_bound_holds() -> None:
    workers, gate, done = Workers(2, "bound"), threading.Event(), threading.Event()
    jobs = [workers.submit(DEMAND, gate.wait) for _ in range(2)]
    workers.submit(DEMAND, done.set)
    assert not done.wait(0.1)
    workers.abandon(jobs[0])
    workers.abandon(jobs[0])
    assert done.wait(5)
    gate.set()
    assert _eventually(lambda: sum(thread.name == "bound" for thread in threading.enumerate()) <= 2)
    workers.dismiss()
    assert _eventually(lambda: not any(thread.name == "bound" for thread in threading.enumerate()))


def test_abandoned_work_that_had_not_begun_is_not_done() -> None:
    workers, gate, done = Workers(1, "t"), threading.Event(), list[str]()
    workers.submit(DEMAND, gate.wait)
    job = workers.submit(DEMAND, lambda: done.append("abandoned"))
    workers.submit(DEMAND, lambda: done.append("wanted"))
    workers.abandon(job)
    gate.set()
    assert _eventually(lambda: bool(done))
    workers.dismiss()
    assert ["wanted"] == done


def test_work_that_raises_ends_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    workers, done = Workers(1, "t"), threading.Event()
    workers.submit(DEMAND, lambda: 1 / 0)
    workers.submit(DEMAND, done.set)
    assert done.wait(5)
    workers.dismiss()
    assert ["internal error in a worker: ZeroDivisionError at test_machinery.py"] == [
        record.message.rpartition(":")[0] for record in caplog.records
    ]


def test_the_caller_does_the_work_if_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    done: list[int] = []
    Workers(2, "t").submit(DEMAND, lambda: done.append(1))
    assert [1] == done


def test_a_flight_ends_at_its_deadline_and_notifies_before_it_wakes() -> None:
    told: list[bool] = []
    flight = Flight(Deadline(SYSTEM.monotonic() + 0.05, SYSTEM.monotonic), lambda one: told.append(one.ended))
    waiters = [threading.Thread(target=flight.wait) for _ in range(20)]
    for waiter in waiters:
        waiter.start()
    for waiter in waiters:
        waiter.join(5)
        assert not waiter.is_alive()
    assert [False] == told
    assert not flight.claim()


def test_waiting_tasks_cost_no_thread_and_survive_cancellation() -> None:
    async def main() -> None:
        flight = Flight(Deadline(SYSTEM.monotonic() + 5, SYSTEM.monotonic), lambda _: None)
        tasks = [asyncio.create_task(flight.await_end()) for _ in range(100)]
        await asyncio.sleep(0.01)
        assert before == threading.active_count()
        tasks[0].cancel()
        threading.Timer(0.01, flight.finish).start()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [asyncio.CancelledError] == [type(one) for one in done if one is not None]

    before = threading.active_count()
    asyncio.run(main())


def test_a_loop_that_was_closed_does_not_keep_others_waiting() -> None:
    flight = Flight(Deadline(SYSTEM.monotonic() + 5, SYSTEM.monotonic), lambda _: None)
    loop = asyncio.new_event_loop()
    task = loop.create_task(flight.await_end())
    loop.run_until_complete(asyncio.sleep(0))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    flight._waiters[object()] = partial(loop.call_soon_threadsafe, print)
    loop.close()
    flight.finish()
    assert flight.ended


def test_the_scheduler_follows_the_monotonic_clock_at_any_wall_clock_step() -> None:
    clock, ran = FakeClock(), list[str]()
    scheduler = Scheduler(clock)
    scheduler.at(clock.monotonic() + 20, lambda: ran.append("second"))
    scheduler.at(clock.monotonic() + 10, lambda: ran.append("first"))
    clock.step(86_400)
    assert 10 == scheduler.tick()
    clock.step(-2 * 86_400)
    clock.advance(86_400)  # a suspended machine wakes up: what is due is done once, in order
    assert scheduler.tick() is None
    assert ["first", "second"] == ran


def test_an_entry_that_raises_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    clock, ran = FakeClock(), list[int]()
    scheduler = Scheduler(clock)
    scheduler.at(0, lambda: 1 / 0)
    scheduler.at(1, lambda: ran.append(1))
    scheduler.tick()
    assert [1] == ran
    assert "ZeroDivisionError" in caplog.text


def test_the_schedulers_thread_wakes_for_earlier_timers() -> None:
    scheduler, ran = Scheduler(SYSTEM), threading.Event()
    scheduler.at(SYSTEM.monotonic() + 60, lambda: None)
    time.sleep(0.05)
    scheduler.at(SYSTEM.monotonic() + 0.01, ran.set)
    assert ran.wait(5)
    scheduler.reset()


def test_callbacks_of_one_subscriber_keep_their_order_and_a_hung_one_blocks_no_other() -> None:
    slow, quick, gate, order, done = SerialQueue(), SerialQueue(), threading.Event(), list[int](), threading.Event()
    dispatch(gate.wait, slow)
    for n in range(100):
        dispatch(partial(order.append, n), quick)
    dispatch(lambda: 1 / 0, quick)
    dispatch(done.set, quick)
    assert done.wait(5)
    assert list(range(100)) == order
    dispatch(done.clear, slow)
    gate.set()
    assert _eventually(lambda: not done.is_set())


def test_jitter_does_not_change_the_programs_random_numbers() -> None:
    import random

    vault = FakeVault(FakeClock())
    vault.put("a", k="v")
    random.seed(7)
    before = random.getstate()
    resolved = resolve(Vault(address="http://127.0.0.1:1"), {})
    assert resolved is not None
    session = Session(resolved, {"VAULT_TOKEN": "t"}, transport=lambda _: vault, workers=AtOnce())  # type: ignore[arg-type,return-value]
    assert {"k": "v"} == secret(session, "secret/a").get()
    assert before == random.getstate()
