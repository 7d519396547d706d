"""run_sync: shutdown, fork, Ctrl-C and the end of the process."""

from __future__ import annotations

import _thread
import asyncio
import concurrent.futures
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from toriconfig.pipeline import _loop_thread, _run_sync, run_sync, shutdown_executors

ROOT = Path(__file__).parents[2]


async def echo(value: int) -> int:
    await asyncio.sleep(0)
    return value


def python(code: str, *options: str) -> str:
    """Output of a new process, which must end by itself, with exit code 0 and without errors."""
    done = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_a_second_shutdown_is_harmless_and_a_later_call_starts_a_new_loop() -> None:
    assert run_sync(echo(1)) == 1
    shutdown_executors()
    shutdown_executors()
    assert not [thread for thread in threading.enumerate() if thread.name == "toriconfig-run_sync"]
    assert run_sync(echo(2)) == 2


def test_shutdown_cancels_the_calls_under_way_and_runs_their_cleanup() -> None:
    begun, cleaned = threading.Event(), threading.Event()
    outcome: list[BaseException] = []

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.set()

    def call() -> None:
        try:
            run_sync(work())
        except concurrent.futures.CancelledError as error:
            outcome.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    assert begun.wait(10)
    shutdown_executors()
    caller.join(10)
    assert cleaned.is_set()
    assert "shutdown_executors() was called" in str(outcome[0])


def test_shutdown_ends_in_time_and_frees_the_callers_when_the_loop_is_blocked() -> None:
    begun = threading.Event()
    outcome: list[BaseException] = []

    async def block() -> None:
        begun.set()
        time.sleep(4)  # noqa: ASYNC251 - the promise is about coroutines that do this

    def call() -> None:
        try:
            run_sync(block())
        except concurrent.futures.CancelledError as error:
            outcome.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    assert begun.wait(10)
    at = time.monotonic()
    shutdown_executors()
    caller.join(10)
    assert time.monotonic() - at < 3.5
    assert len(outcome) == 1
    assert run_sync(echo(3)) == 3


def test_shutdown_from_inside_a_coroutine_does_not_wait_for_itself() -> None:
    async def suicidal() -> None:
        shutdown_executors()
        await asyncio.sleep(60)

    with pytest.raises(concurrent.futures.CancelledError):
        run_sync(suicidal(), timeout=10)
    assert run_sync(echo(4)) == 4


def test_concurrent_calls_and_shutdowns_do_not_hang() -> None:
    stop = time.monotonic() + 1.0
    wrong: list[BaseException] = []

    def call() -> None:
        while time.monotonic() < stop:
            try:
                run_sync(echo(1), timeout=10)
            except concurrent.futures.CancelledError:
                continue
            except BaseException as error:  # noqa: BLE001 - reported to the test
                wrong.append(error)

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    while time.monotonic() < stop:
        shutdown_executors()
    for thread in threads:
        thread.join(20)
    assert not [thread for thread in threads if thread.is_alive()]
    assert wrong == []


def test_timeouts_that_race_with_the_end_give_the_result_or_a_timeout_error_and_nothing_else() -> None:
    outcomes: set[object] = set()

    def call() -> None:
        for number in range(150):
            try:
                outcomes.add(run_sync(asyncio.sleep(0.002, "ok"), timeout=0.0005 + number * 0.00002))
            except TimeoutError:
                outcomes.add("late")

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcomes <= {"ok", "late"}
    assert not [thread for thread in threads if thread.is_alive()]


def test_ctrl_c_returns_at_once_with_the_coroutine_cancelled() -> None:
    printed = python(
        """
        import asyncio, os, signal, threading, time
        from toriconfig.pipeline import run_sync
        async def work():
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                print("cancelled", flush=True)
                raise
        begun = time.monotonic()
        try:
            run_sync(work())
        except KeyboardInterrupt:
            print("interrupted", time.monotonic() - begun < 5)
        """
    )
    assert printed == "cancelled\ninterrupted True\n"


@pytest.mark.parametrize("running", [True, False], ids=["it runs already", "it begins after all"])
def test_ctrl_c_while_the_loop_thread_starts_leaves_nothing_running(
    running: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutdown_executors()
    started: list[threading.Thread] = []

    def interrupted(run: Callable[[], object], name: str) -> None:
        started.append(threading.Thread(target=run, name=name, daemon=True))
        if running:
            started[0].start()
        raise KeyboardInterrupt

    coro = echo(8)
    with monkeypatch.context() as patch:
        patch.setattr(_loop_thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_sync(coro)
    (thread,) = started
    if not running:
        thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert coro.cr_frame is None  # type: ignore[attr-defined]
    assert run_sync(echo(9), timeout=10) == 9


def test_a_task_left_behind_is_cancelled_and_cleaned_up_at_exit() -> None:
    printed = python(
        """
        import asyncio
        from toriconfig.pipeline import run_sync
        async def tidy():
            try:
                await asyncio.sleep(60)
            finally:
                print("finally", flush=True)
        async def begin():
            globals()["task"] = asyncio.create_task(tidy())
            await asyncio.sleep(0)
        run_sync(begin())
        """
    )
    assert printed == "finally\n"


def test_a_call_in_an_exit_handler_that_runs_after_ours_still_works() -> None:
    printed = python(
        """
        import atexit
        from toriconfig.pipeline import run_sync
        async def echo(x): return x
        atexit.register(lambda: print(run_sync(echo("late"), timeout=10)))
        print(run_sync(echo("early")))
        """
    )
    assert printed == "early\nlate\n"


@pytest.mark.parametrize("before", ["", "run_sync(client.aclose())"])
def test_an_object_freed_at_interpreter_exit_can_still_close_itself(before: str) -> None:
    printed = python(
        f"""
        import asyncio
        from toriconfig.pipeline import run_sync
        class Client:
            async def aclose(self):
                await asyncio.sleep(0)
                return "closed"
            def __del__(self):
                print(run_sync(self.aclose(), timeout=10))
        client = Client()
        {before}
        """
    )
    assert printed == "closed\n"


FORK = """
    import asyncio, os, threading
    from toriconfig.pipeline import run_sync
    async def echo(x):
        await asyncio.sleep(0.01)
        return x
    {before}
    child = os.fork()
    if not child:
        code = 0 if run_sync(echo(5), timeout=10) == 5 else 1
        {child}
        os._exit(code)
    _, status = os.waitpid(child, 0)
    print("child", status)
    for number in range(3):
        print("parent", run_sync(echo(number), timeout=10))
"""


@pytest.mark.parametrize("before", ["run_sync(echo(0))", "threading.Thread(target=run_sync, args=(echo(9),)).start()"])
@pytest.mark.parametrize("child", ["", "from toriconfig.pipeline import shutdown_executors; shutdown_executors()"])
def test_after_a_fork_both_the_child_and_the_parent_go_on(before: str, child: str) -> None:
    printed = python(FORK.format(before=before, child=child), "-W", "ignore::DeprecationWarning")
    assert printed == "child 0\nparent 0\nparent 1\nparent 2\n"


def test_the_caller_runs_the_coroutine_if_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    shutdown_executors()

    def refuse(*_: object) -> int:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    assert run_sync(echo(6), timeout=5) == 6
    with pytest.raises(TimeoutError):
        run_sync(asyncio.sleep(60), timeout=0.05)


def test_without_a_free_thread_the_error_reports_it_and_nothing_is_left_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutdown_executors()
    monkeypatch.setattr(_thread, "start_new_thread", _no_thread)
    coro = echo(7)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        run_sync(coro)
    assert coro.cr_frame is None  # type: ignore[attr-defined]
    assert _run_sync._current is None


def _no_thread(*_: object) -> int:
    raise RuntimeError("can't start new thread")


def test_a_signal_handler_that_raises_leaves_no_coroutine_running() -> None:
    cancelled: list[int] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.append(1)

    def alarm(number: int, frame: object) -> None:
        raise LookupError("alarm")

    before = signal.signal(signal.SIGALRM, alarm)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(LookupError):
            run_sync(work())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert cancelled == [1]
