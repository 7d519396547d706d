"""A thread that runs one event loop until `close` is called."""

from __future__ import annotations

import asyncio
import threading
from _thread import allocate_lock
from collections.abc import Coroutine
from typing import Any

from toriconfig.pipeline._call import Call
from toriconfig.pipeline._library_logger import library_logger
from toriconfig.pipeline._permits import Permits
from toriconfig.pipeline._threads import start

GRACE = 1.0
"""Seconds that a cancelled coroutine has to clean up before the wait ends."""

_log = library_logger("toriconfig.pipeline.run_sync")


class LoopThread:
    """A daemon thread that runs an event loop. Calls may be posted before the thread is started."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.calls: set[Call] = set()
        self.closing = False
        self._thread: threading.Thread | None = None
        self._begun = Permits()
        self._ended = allocate_lock()
        self._ended.acquire()

    def start(self) -> None:
        """Start the thread, without waiting for it.

        Raises:
            RuntimeError: the thread cannot start (a limit of the machine, or the interpreter is shutting down).
        """
        try:
            start(self._run, "toriconfig-run_sync")
        except BaseException as error:
            # Ctrl-C may come while the thread is starting: then only the thread may close the loop.
            self.discard(error)
            raise

    def discard(self, error: BaseException | None = None) -> bool:
        """Close the loop, and return True. If the thread has already started, do nothing and return False.

        Args:
            error: raised in the callers that have already posted a call; None: CancelledError.
        """
        if not self._begun.take():
            return False
        self.closing = True
        self._release_callers(error)
        self.loop.close()
        self._ended.release()
        return True

    def post(self, call: Call) -> bool:
        """Schedule the start of `call` on the loop.

        Returns:
            True: `call` is scheduled, or has already ended with an error. False: the loop is closing, and the
            caller must run the coroutine elsewhere.
        """
        self.calls.add(call)
        if not self.closing:
            try:
                self.loop.call_soon_threadsafe(call.start, self.loop)
                return True
            except RuntimeError:  # the loop was closed between the check and the call
                self.closing = True
        try:
            self.calls.remove(call)
        except KeyError:
            return True  # the closing thread has settled it already
        return False

    def cancel(self, call: Call, answer: float) -> bool:
        """Request the cancellation of `call`, and wait at most `answer` seconds until the loop receives the request.

        Returns:
            True: the loop received the request, or is closed; the coroutine may still run. False: the loop did not
            react in time.
        """
        asked = allocate_lock()
        asked.acquire()

        def ask() -> None:
            call.cancel()
            asked.release()

        try:
            self.loop.call_soon_threadsafe(ask)
        except RuntimeError:  # closed: the closing thread settles what was left
            return True
        return asked.acquire(True, answer)

    def close(self) -> None:
        """Cancel all calls and end the thread, within about two seconds even if the loop is blocked."""
        if not self._stop() or threading.current_thread() is self._thread:
            return
        if not self._ended.acquire(True, 2 * GRACE):
            _log.debug("the loop is blocked: its thread is left behind")
            self._release_callers()
            return
        self._ended.release()
        if self._thread is not None:
            self._thread.join(GRACE)

    def _stop(self) -> bool:
        """Request the end of the loop, and return True; return False if the loop is already closed."""
        self.closing = True
        try:
            self.loop.call_soon_threadsafe(self.loop.stop)
        except RuntimeError:
            return False
        return True

    def _run(self) -> None:
        if not self._begun.take():  # given up before it began
            return
        self._thread = threading.current_thread()
        while True:
            try:
                self.loop.run_forever()  # once at least: what was posted before this thread began is to be cancelled too
            except BaseException as error:  # noqa: BLE001 - a SystemExit in a task must not end the loop
                context = {"message": "a task of run_sync stopped the loop; the loop continues", "exception": error}
                self.loop.call_exception_handler(context)
            if self.closing:
                break
        try:
            self._wind_up()
        finally:
            self._release_callers()
            self.loop.close()
            self._ended.release()

    def _wind_up(self) -> None:
        calls = self.calls.copy()
        for call in calls:
            call.cancel()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks.difference(call.task for call in calls):
            task.cancel()
        if tasks:
            self._finish(asyncio.wait(tasks, timeout=GRACE))
            stubborn = sum(not task.done() for task in tasks)
            _log.debug("shutdown: %d tasks cancelled, %d would not end", len(tasks) - stubborn, stubborn)
        self._finish(asyncio.wait_for(self.loop.shutdown_asyncgens(), GRACE / 2))

    def _finish(self, last: Coroutine[Any, Any, Any]) -> None:
        try:
            self.loop.run_until_complete(last)
        except BaseException as error:  # noqa: BLE001 - the loop must be closed after any error of the cleanup
            _log.debug("shutdown: %s", type(error).__name__)

    def _release_callers(self, error: BaseException | None = None) -> None:
        for call in self.calls.copy():
            if not call.started:
                call.coro.close()
            call.settle(None, asyncio.CancelledError() if error is None else error)
