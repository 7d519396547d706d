"""run_sync: the promises of one call."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import gc
import logging
import threading
import time
import traceback
import warnings
import weakref
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest

from toriconfig.pipeline import run_sync


async def echo(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


def test_the_result_of_the_coroutine_is_returned() -> None:
    assert run_sync(echo(42)) == 42


def test_an_exception_arrives_as_the_same_object_with_the_users_frames_and_two_of_ours() -> None:
    wrong = KeyError("x")

    async def fail() -> None:
        raise wrong

    with pytest.raises(KeyError) as caught:
        run_sync(fail())
    assert caught.value is wrong
    assert wrong.__context__ is None
    names = [frame.name for frame in traceback.extract_tb(wrong.__traceback__)]
    assert names[1:] == ["run_sync", "_drive", "fail"]


def test_tasks_and_clients_of_one_call_live_on_in_the_next() -> None:
    async def begin() -> asyncio.Task[str]:
        return asyncio.create_task(echo("lived"))

    async def end(task: asyncio.Task[str]) -> str:
        return await task

    assert run_sync(end(run_sync(begin()))) == "lived"


def test_a_timeout_cancels_the_coroutine_and_its_cleanup_has_run_when_it_is_raised() -> None:
    cleaned: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            cleaned.append("cleaned")

    begun = time.monotonic()
    with pytest.raises(TimeoutError, match=r"slow did not end within 0\.1 s: cancelled"):
        run_sync(slow(), timeout=0.1)
    assert cleaned == ["cleaned"]
    assert time.monotonic() - begun < 1.0


def test_the_timeout_holds_when_the_loop_is_blocked_and_the_coroutine_is_cancelled_once_it_is_free() -> None:
    ended = threading.Event()

    async def block() -> None:
        time.sleep(1.2)  # noqa: ASYNC251 - the promise is about coroutines that do this
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    begun = time.monotonic()
    with pytest.raises(TimeoutError, match="the loop is blocked"):
        run_sync(block(), timeout=0.1)
    assert time.monotonic() - begun < 0.9
    assert ended.wait(10)


def test_a_call_given_up_while_the_loop_was_blocked_never_starts() -> None:
    started: list[int] = []

    async def block() -> None:
        time.sleep(0.8)  # noqa: ASYNC251 - as above

    async def late() -> None:
        started.append(1)

    blocker = threading.Thread(target=lambda: run_sync(block()))
    blocker.start()
    time.sleep(0.1)
    with pytest.raises(TimeoutError):
        run_sync(late(), timeout=0.1)
    blocker.join()
    run_sync(echo(1))
    assert started == []


def test_a_coroutine_that_will_not_be_cancelled_holds_the_caller_no_longer_than_the_grace() -> None:
    release = threading.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue

    begun = time.monotonic()
    with pytest.raises(TimeoutError, match="it still runs after 1 s"):
        run_sync(stubborn(), timeout=0.1)
    assert time.monotonic() - begun < 4
    release.set()


@pytest.mark.parametrize("timeout", [0, -1, -0.5])
def test_a_timeout_of_zero_raises_at_once_and_starts_nothing(timeout: float) -> None:
    started: list[int] = []

    async def work() -> None:
        started.append(1)

    with pytest.raises(TimeoutError, match="was not started"):
        run_sync(work(), timeout=timeout)
    assert started == []


def test_a_timeout_that_is_no_number_is_refused_with_the_coroutine_closed() -> None:
    coro = echo(1)
    with pytest.raises(TypeError, match="timeout is a number of seconds or None, not str"):
        run_sync(coro, timeout="5")  # type: ignore[arg-type]
    assert coro.cr_frame is None  # type: ignore[attr-defined]


def test_an_endless_and_a_huge_timeout_are_accepted_and_nan_is_refused() -> None:
    assert run_sync(echo(1), timeout=float("inf")) == 1
    assert run_sync(echo(1), 1e300) == 1
    with pytest.raises(ValueError, match="nan"):
        run_sync(echo(1), timeout=float("nan"))


def test_a_timeout_error_of_the_coroutine_is_raised_unchanged() -> None:
    own = TimeoutError("mine")

    async def fail() -> None:
        raise own

    with pytest.raises(TimeoutError) as caught:
        run_sync(fail(), timeout=30)
    assert caught.value is own


def test_an_error_in_the_cleanup_is_the_cause_of_the_timeout_error() -> None:
    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise OSError("cleanup")

    with pytest.raises(TimeoutError) as caught:
        run_sync(slow(), timeout=0.05)
    assert isinstance(caught.value.__cause__, OSError)


def test_cancellation_crosses_as_an_exception_and_not_as_asyncios_base_exception() -> None:
    async def give_up() -> None:
        raise asyncio.CancelledError

    with pytest.raises(concurrent.futures.CancelledError) as caught:
        run_sync(give_up())
    assert not isinstance(caught.value, asyncio.CancelledError)


def test_the_debug_log_reports_the_end_of_the_cancellation(caplog: pytest.LogCaptureFixture) -> None:
    async def obeys() -> None:
        await asyncio.sleep(60)

    async def returns() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "late"
        return "never"

    async def raises() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise OSError("s3cret")

    async def lingers() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(1.3)

    with caplog.at_level(logging.DEBUG, "toriconfig.pipeline.run_sync"):
        for work in (obeys, returns, raises, lingers):
            with pytest.raises(TimeoutError):
                run_sync(work(), timeout=0.05)
        deadline = time.monotonic() + 10
        while "has ended now" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.02)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("toriconfig")]
    for name, outcome in {
        "obeys": "it was cancelled",
        "returns": "it returned",
        "raises": "it raised OSError",
        "lingers": "it still runs after 1 s",
    }.items():
        assert any(name in line and outcome in line for line in lines), (name, lines)
    assert any("lingers, abandoned before, has ended now: it was cancelled" in line for line in lines)
    assert "s3cret" not in caplog.text


def test_run_sync_on_a_thread_with_a_running_loop_raises_names_await_and_closes_the_coroutine() -> None:
    inner = echo(1)

    async def outer() -> None:
        run_sync(inner)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeError, match=r"use `await echo\(\.\.\.\)`"):
            asyncio.run(outer())
        del outer
        gc.collect()
    assert inner.cr_frame is None  # type: ignore[attr-defined]


def test_allow_running_loop_permits_a_running_loop_and_the_timeout_applies() -> None:
    async def outer() -> Any:
        with pytest.raises(TimeoutError):
            run_sync(asyncio.sleep(60), timeout=0.05, allow_running_loop=True)
        return run_sync(echo(7), allow_running_loop=True)

    assert asyncio.run(outer()) == 7


@pytest.mark.parametrize("allow", [False, True])
def test_run_sync_inside_its_own_coroutine_raises_instead_of_deadlocking(allow: bool) -> None:
    async def outer() -> Any:
        return run_sync(echo(1), allow_running_loop=allow)

    with pytest.raises(RuntimeError, match="use `await"):
        run_sync(outer(), timeout=10)


def test_run_sync_works_in_a_worker_thread_of_a_coroutine() -> None:
    async def outer() -> Any:
        return await asyncio.to_thread(lambda: run_sync(echo(5)))

    assert run_sync(outer(), timeout=10) == 5
    assert asyncio.run(outer()) == 5


def test_the_coroutine_reads_the_callers_context_and_its_changes_stay_inside() -> None:
    name = contextvars.ContextVar("name", default="nobody")

    async def look() -> str:
        seen = name.get()
        name.set("changed")
        return seen

    name.set("caller")
    assert run_sync(look()) == "caller"
    assert name.get() == "caller"


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_an_exit_in_the_coroutine_reaches_the_caller_and_the_loop_lives_on(kind: type[BaseException]) -> None:
    async def leave() -> None:
        raise kind(3)

    with pytest.raises(kind):
        run_sync(leave(), timeout=10)
    assert run_sync(echo(1), timeout=10) == 1


def test_an_exit_in_a_child_task_reaches_the_caller_and_the_loop_lives_on(caplog: pytest.LogCaptureFixture) -> None:
    async def leave() -> None:
        raise SystemExit(3)

    async def parent() -> None:
        await asyncio.create_task(leave())

    with pytest.raises(SystemExit):
        run_sync(parent(), timeout=10)
    assert run_sync(echo(1), timeout=10) == 1


def test_an_object_that_is_not_a_coroutine_is_refused_by_name() -> None:
    async def numbers() -> AsyncIterator[int]:
        yield 1

    loop = asyncio.new_event_loop()
    try:
        with pytest.raises(TypeError, match="call it first"):
            run_sync(echo)  # type: ignore[arg-type]
        for wrong in (numbers(), loop.create_future(), 5, None):
            with pytest.raises(TypeError, match="needs a coroutine"):
                run_sync(wrong)  # type: ignore[arg-type]
    finally:
        loop.close()


def test_five_hundred_calls_leave_the_number_of_threads_where_it_was() -> None:
    run_sync(echo(0))
    before = threading.active_count()
    for number in range(500):
        assert run_sync(echo(number)) == number
    assert threading.active_count() <= before  # a thread of an earlier test may end


def test_eight_threads_wait_at_the_same_time() -> None:
    begun = time.monotonic()
    threads = [threading.Thread(target=lambda: run_sync(asyncio.sleep(0.4))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - begun < 2.0


class Wrong(Exception):
    """Can be referred to weakly."""


def _freed(coro: Coroutine[Any, Any, None], kind: type[BaseException], timeout: float | None) -> bool:
    gc.collect()
    gc.disable()
    try:
        try:
            run_sync(coro, timeout=timeout)
        except kind as error:
            gone = weakref.ref(error if isinstance(error, Wrong) else error.__cause__)
        else:
            raise AssertionError("nothing was raised")
        deadline = time.monotonic() + 5
        while gone() is not None and time.monotonic() < deadline:
            time.sleep(0.001)  # the loop thread may be leaving its own frame
        return gone() is None
    finally:
        gc.enable()


def test_an_exception_is_freed_without_the_garbage_collector() -> None:
    async def fail() -> None:
        raise Wrong

    async def fail_late() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise Wrong

    assert _freed(fail(), Wrong, None)
    assert _freed(fail_late(), TimeoutError, 0.02)
