"""Concurrent calls of several functions, each on a thread of its own, with one deadline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue

from toriconfig._runtime.deadline import Deadline
from toriconfig.pipeline._threads import start


def run_concurrently(actions: Sequence[Callable[[], object]], deadline: Deadline, name: str) -> None:
    """Call each function on a thread of its own. Return when all calls have ended or the deadline has passed.

    If no thread can be started, the calling thread calls the function.

    Args:
        actions: functions to call. An exception on one thread does not affect the other threads.
        deadline: the deadline of all calls together.
        name: name of the threads.
    """
    ended: SimpleQueue[None] = SimpleQueue()

    def run(action: Callable[[], object]) -> None:
        try:
            action()
        finally:
            ended.put(None)

    for action in actions:
        try:
            start(partial(run, action), name)
        except RuntimeError:
            run(action)
    for _ in actions:
        try:
            ended.get(timeout=deadline.remaining())
        except Empty:
            return
