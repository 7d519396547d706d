"""Actions at the end of a child process. `multiprocessing` and billiard end it by `os._exit`, which skips `atexit`.

billiard is Celery's fork of multiprocessing. The workers of its pools do not even run finalizers: they call `on_exit`, the
callback that sends Celery's signal `worker_process_shutdown`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def run_at_end(shutdown: Callable[[], object]) -> None:
    """Have `shutdown` called at the end of this process, if it is a child of multiprocessing or billiard."""
    for util in _utils():
        util.Finalize(None, shutdown, exitpriority=0)
    worker = _pool_worker()
    if worker is not None:
        worker.on_exit = _Both(shutdown, worker.on_exit)


def run_at_end_of_child(shutdown: Callable[[], object]) -> None:
    """Do the same from an at-fork hook, after which multiprocessing drops all finalizers."""
    for util in _utils():
        util.register_after_fork(shutdown, lambda _: run_at_end(shutdown))


class _Both:
    """Calls `shutdown`, then the callback that was there before."""

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
    """The worker of a billiard pool that this process is, or None."""
    process = sys.modules.get("billiard.process")
    target = None if process is None else getattr(process.current_process(), "_target", None)
    return target if hasattr(target, "on_exit") else None
