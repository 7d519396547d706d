"""Bridge from synchronous code to coroutines: one loop thread per process, started at its first use."""

from __future__ import annotations

import asyncio
import atexit
import math
import os
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from time import monotonic
from types import CoroutineType
from typing import Any, TypeVar

from toriconfig._core.clean_call import cleaned
from toriconfig.pipeline._call import Call, ending
from toriconfig.pipeline._library_logger import library_logger
from toriconfig.pipeline._loop_thread import GRACE, LoopThread

T = TypeVar("T")

_ANSWER = 0.2
"""Seconds in which a loop must react to a cancellation. A slower loop counts as blocked."""

_log = library_logger("toriconfig.pipeline.run_sync")
# Re-entrant, because a signal handler may call shutdown_executors() while this thread is starting the loop.
_lock = threading.RLock()
_current: LoopThread | None = None
_inherited: list[LoopThread] = []


def run_sync(coro: Coroutine[Any, Any, T], timeout: float | None = None, *, allow_running_loop: bool = False) -> T:
    """Run a coroutine from synchronous code, and return its result.

    All calls share one background event loop, so clients, pools and tasks remain usable in later calls. The coroutine
    sees the context variables of the caller. Changes that the coroutine makes to them do not reach the caller.

    Args:
        coro: a coroutine object (not a coroutine function, future or task).
        timeout: seconds until TimeoutError, even if the event loop is blocked. 0 or less raises at once, without
            starting the coroutine. None: no limit.
        allow_running_loop: True: allow the call on a thread whose event loop is running, such as in a notebook. The
            call blocks that loop, so the coroutine must not await anything that belongs to it.

    Returns:
        The result of the coroutine.

    Raises:
        TimeoutError: `timeout` has passed. The coroutine was cancelled, and had one second to clean up.
        concurrent.futures.CancelledError: the coroutine was cancelled, by itself or by `shutdown_executors`.
        RuntimeError: an event loop is running on this thread; use `await` there. `allow_running_loop` permits the call,
            except inside a coroutine of `run_sync`.
        BaseException: any exception of the coroutine, including its own TimeoutError, SystemExit or KeyboardInterrupt.

    >>> async def double(x: int) -> int:
    ...     return 2 * x
    >>> run_sync(double(21), timeout=5.0)
    42
    """
    refused = _refusal(coro, timeout, allow_running_loop)
    if refused is not None:
        del coro, timeout, allow_running_loop  # they may hold a secret, and a traceback shows local variables
        raise refused
    seconds = -1 if timeout is None else min(timeout, threading.TIMEOUT_MAX)
    error: BaseException | None = None
    call: Call | None = None
    try:
        thread = _current
        if thread is None or thread.closing or sys.is_finalizing():
            thread = _thread(coro)
        if thread is None:
            return _run_here(coro, timeout)
        call = Call(coro, thread.calls)
        try:
            if not thread.post(call):  # a shutdown happened in between
                return run_sync(coro, timeout, allow_running_loop=allow_running_loop)
            ended = call.wait(seconds)
        except BaseException as interruption:  # Ctrl-C, or a signal handler that raises
            _interrupt(call, thread, coro, interruption)
            raise
        if not ended:
            outcome = _give_up(call, thread, f"not ended within {timeout:g} s")
            if call.cancelled or outcome:
                error = TimeoutError(f"{call.name} did not end within {timeout:g} s: {outcome}")
                if not isinstance(call.error, asyncio.CancelledError):
                    error.__cause__ = call.error
                raise error
        error = call.error
        if error is None:
            return call.value  # type: ignore[no-any-return]
        if isinstance(error, asyncio.CancelledError):
            # asyncio's own is no Exception, and would cancel the task of a caller inside `to_thread`.
            reason = "shutdown_executors() was called" if thread.closing else "it was cancelled"
            error = CancelledError(f"{call.name} gave no result: {reason}")
        raise error
    finally:
        # The traceback of the error holds this frame: otherwise the two would keep each other alive.
        if call is not None:
            call.value = call.error = None
        error = None


def shutdown_executors() -> None:
    """Stop the background event loop of `run_sync`, and its thread. Do nothing if no loop is running.

    Unfinished coroutines are cancelled, and have one second to clean up. A later `run_sync` starts a new loop. The
    function is thread-safe, and may be called during a `run_sync`. It also runs at the exit of the process.
    """
    global _current
    with _lock:
        thread, _current = _current, None
    if thread is not None:
        thread.close()


def _refusal(coro: Any, timeout: float | None, allow_running_loop: bool) -> Exception | None:
    """Return the error to raise for an invalid call, with no frame in its traceback; None for a valid call.

    The arguments are those of `run_sync`.
    """
    try:
        _check(coro, timeout, allow_running_loop)
    except (TypeError, ValueError, RuntimeError) as error:
        return cleaned(error)
    return None


def _check(coro: Any, timeout: float | None, allow_running_loop: bool) -> None:
    """If the call is invalid, close its coroutine, so that Python logs no warning, and raise an error."""
    if type(coro) is not CoroutineType and not isinstance(coro, Coroutine):
        hint = ": call it first" if asyncio.iscoroutinefunction(coro) else "; wrap other awaitables in `async def`"
        raise TypeError(f"run_sync needs a coroutine, not {type(coro).__name__}{hint}")
    try:
        name = getattr(coro, "__qualname__", type(coro).__name__)
        _check_loop(name, allow_running_loop)
        if timeout is not None:
            _check_timeout(name, timeout)
    except BaseException:
        coro.close()
        raise


def _check_loop(name: str, allow_running_loop: bool) -> None:
    running = asyncio._get_running_loop()
    if running is not None:
        inside = _current is not None and running is _current.loop
        if inside or not allow_running_loop:
            other = "" if inside else "; in a notebook, pass allow_running_loop=True"
            raise RuntimeError(f"run_sync was called where an event loop is running: use `await {name}(...)`{other}")


def _check_timeout(name: str, timeout: float) -> None:
    try:
        if timeout > 0:
            return
    except TypeError:
        raise TypeError(f"timeout is a number of seconds or None, not {type(timeout).__name__}") from None
    if math.isnan(timeout):
        raise ValueError("timeout is not a number of seconds: nan")
    raise TimeoutError(f"{name} was not started: its timeout is {timeout:g} s")


def _thread(coro: Coroutine[Any, Any, Any]) -> LoopThread | None:
    """Return the loop thread, started if necessary; None if the interpreter is shutting down.

    If the thread cannot start, close `coro` and raise the error.
    """
    global _current
    if sys.is_finalizing():  # in a `__del__` at exit: other threads do not run again
        return None
    try:
        fresh = LoopThread()
        with _lock:
            if _current is None or _current.closing:
                _current = fresh
                atexit.unregister(shutdown_executors)
                atexit.register(shutdown_executors)
            chosen = _current
        if chosen is not fresh:
            fresh.discard()
            return chosen
        try:
            fresh.start()
        except BaseException:
            shutdown_executors()
            raise
        return fresh
    except BaseException as error:
        # CPython 3.12.0 to 3.12.2 start no thread in an atexit handler (cpython#113964).
        if isinstance(error, RuntimeError) and "interpreter shutdown" in str(error):
            return None
        coro.close()
        raise


def _interrupt(call: Call, thread: LoopThread, coro: Coroutine[Any, Any, Any], interruption: BaseException) -> None:
    _give_up(call, thread, f"interrupted by {type(interruption).__name__}")
    if not call.started:
        coro.close()


def _give_up(call: Call, thread: LoopThread, why: str) -> str:
    """Cancel `call`, and wait for its cleanup.

    Args:
        call: the call.
        thread: the loop thread of the call.
        why: reason of the cancellation, for the log.

    Returns:
        A description of the end of the call; "" if the coroutine ended before the cancellation.
    """
    begun = monotonic()
    listened = thread.cancel(call, _ANSWER)
    if call.wait(GRACE if listened else 0):
        outcome = f"cancelled, and {ending(call.error)} after {monotonic() - begun:.3f} s" if call.cancelled else ""
    else:
        call.abandoned = True
        outcome = (
            f"cancelled, but it still runs after {GRACE:g} s"
            if listened
            else "the loop is blocked; it will be cancelled when the loop is free"
        )
    _log.debug("%s %s: %s", call.name, why, outcome or "its result arrived during the cancellation")
    return outcome


def _run_here(coro: Coroutine[Any, Any, T], timeout: float | None) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(timeout):
            return await coro

    # The default loop comes from a policy, which is imported at its first use: too late during interpreter shutdown.
    factory = asyncio.SelectorEventLoop if sys.is_finalizing() else None
    try:
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(bounded())
    except asyncio.CancelledError:
        cancelled = CancelledError("the coroutine was cancelled")
    finally:
        coro.close()  # if no loop can be created
    raise cancelled


def _forget_in_child() -> None:
    """Forget the loop thread in a forked child, where the thread does not exist, and replace the lock.

    The old loop must be kept in `_inherited`, and never be closed. Its epoll is shared with the parent, so closing it
    would stop the loop of the parent.
    """
    global _current, _lock
    _lock = threading.RLock()
    if _current is not None:
        _inherited.append(_current)
        _current = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
