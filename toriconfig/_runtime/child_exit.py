"""Actions at the end of a child process of `multiprocessing` or billiard (Celery's fork of multiprocessing).

The functions of `atexit` do not run in such a child. The actions are therefore finalizers (`util.Finalize`) of
these libraries. In a worker of a billiard pool, which runs no finalizers, the callback `on_exit` runs the
actions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def run_at_end(shutdown: Callable[[], object]) -> None:
    """Let multiprocessing and billiard, if imported, call `shutdown` at the end of this process."""
    for util in _utils():
        util.Finalize(None, shutdown, exitpriority=0)
    worker = _pool_worker()
    if worker is not None:
        worker.on_exit = _Both(shutdown, worker.on_exit)


def run_at_end_of_child(shutdown: Callable[[], object]) -> None:
    """Call `run_at_end(shutdown)` after all at-fork hooks have run. For calls from an at-fork hook.

    multiprocessing removes all finalizers after the at-fork hooks, so a finalizer that a hook registers would be lost.
    """
    for util in _utils():
        util.register_after_fork(shutdown, lambda _: run_at_end(shutdown))


class _Both:
    """Callback that calls `shutdown`, and then the callback that was registered before."""

    def __init__(self, shutdown: Callable[[], object], before: Callable[..., object] | None) -> None:
        self._shutdown = shutdown
        self._before: Callable[..., object] | None = before
        if isinstance(before, _Both):  # one wrapper is enough
            self._before = before._before

    def __call__(self, *arguments: Any) -> None:
        try:
            self._shutdown()
        finally:
            if self._before is not None:
                self._before(*arguments)


def _utils() -> list[Any]:
    found = (sys.modules.get(f"{name}.util") for name in ("multiprocessing", "billiard"))
    return [util for util in found if util is not None]


def _pool_worker() -> Any:
    """Return the worker object of billiard if this process is a worker of a billiard pool; None otherwise."""
    process = sys.modules.get("billiard.process")
    target = None if process is None else getattr(process.current_process(), "_target", None)
    return target if hasattr(target, "on_exit") else None
