"""Instruments for locks: a collection at every step at which it can do harm, and a note of every broken rule.

Must be installed before `toriconfig` is imported. Only locks that the package makes are watched.
"""

from __future__ import annotations

import _thread
import gc
import linecache
import logging
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

PACKAGE = "toriconfig"

broken: Counter[str] = Counter()
"""Broken rules, each with the place that broke it."""

seen: Counter[str] = Counter()
"""How often each instrument was used: a test that saw nothing shows nothing."""

collect: Callable[[], object] = gc.collect
_collecting: set[int] = set()
_in_hook: set[int] = set()
_held: dict[int, list[WatchedLock]] = {}
_real_lock, _real_rlock = _thread.allocate_lock, threading.RLock


def held() -> list[str]:
    """The watched locks that this thread holds."""
    return [lock.name for lock in _held.get(threading.get_ident(), ())]


def check(what: str, *, gate: bool = False) -> None:
    """Note a broken rule where this thread holds a lock, or runs an at-fork hook.

    Args:
        what: is done here.
        gate: whether it is allowed to the thread that loads while others wait for the load.
    """
    seen[what] += 1
    for name in held():
        if not (gate and name.startswith("gate")):
            broken[f"{what} under {name} at {_place()}"] += 1
    if threading.get_ident() in _in_hook:
        broken[f"{what} in an at-fork hook at {_place()}"] += 1


class WatchedLock:
    """A lock of the package, with a collection before and after each acquisition."""

    def __init__(self, lock: Any, name: str) -> None:
        self.name = name
        self._lock = lock

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        me = threading.get_ident()
        seen["lock"] += 1
        if me in _collecting:
            broken[f"{self.name} taken in a finalizer at {_place()}"] += 1
        mine = _held.setdefault(me, [])
        for other in mine:
            if other is not self and not other.name.startswith("gate"):
                broken[f"{self.name} taken under {other.name} at {_place()}"] += 1
        collect()
        taken: bool = self._lock.acquire(blocking, timeout)
        if taken:
            mine.append(self)
            collect()
        return taken

    def release(self) -> None:
        mine = _held.get(threading.get_ident(), [])
        if self in mine:
            mine.remove(self)
        self._lock.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._lock._at_fork_reinit()


class Latch(WatchedLock):
    """A bare lock that one thread releases for another: a wait, and nothing that is held."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if blocking and self._lock.locked():
            check("wait", gate=True)
        return bool(self._lock.acquire(blocking, timeout))

    def release(self) -> None:
        self._lock.release()


def install() -> None:
    """Put the instruments in place. Type checkers accept no other function in the place of a method or a class."""
    assert PACKAGE not in sys.modules
    os.register_at_fork(after_in_child=_forget_other_threads)
    gc.callbacks.append(_note_collection)
    _thread.allocate_lock = _made(_real_lock, Latch)
    threading.Lock = _made(_real_lock, WatchedLock)  # type: ignore[assignment]
    _thread.RLock = threading.RLock = _made(_real_rlock, WatchedLock)  # type: ignore[assignment, misc]
    _thread.start_new_thread = _checked(_thread.start_new_thread, "thread")
    threading.Thread.start = _checked(threading.Thread.start, "Thread.start")  # type: ignore[method-assign]
    threading.Thread._bootstrap_inner = _collecting_first(  # type: ignore[attr-defined]
        threading.Thread._bootstrap_inner  # type: ignore[attr-defined]
    )
    os.register_at_fork = _watched_hooks(os.register_at_fork)


class CheckingHandler(logging.Handler):
    """A handler of the application, which may do anything: so it is never called under a lock."""

    def emit(self, record: logging.LogRecord) -> None:
        check("log line")


def _made(make: Callable[[], Any], kind: type[WatchedLock]) -> Callable[[], Any]:
    def made() -> Any:
        caller = sys._getframe(1)
        if not caller.f_globals.get("__name__", "").startswith(PACKAGE):
            return make()
        line = linecache.getline(caller.f_code.co_filename, caller.f_lineno).strip()
        what = "gate" if ".gate" in line else "lock"
        return kind(make(), f"{what} of {os.path.basename(caller.f_code.co_filename)}:{caller.f_lineno}")

    return made


def _checked(start: Callable[..., Any], what: str) -> Callable[..., Any]:
    def checked(*arguments: Any) -> Any:
        own = sys._getframe(1).f_globals.get("__name__", "").startswith(PACKAGE)
        if own and (what == "Thread.start" or threading.get_ident() not in _in_hook):
            check(what, gate=True)
        return start(*arguments)

    return checked


def _collecting_first(bootstrap: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    def collecting_first(thread: threading.Thread) -> None:
        collect()
        bootstrap(thread)

    return collecting_first


def _watched_hooks(register: Callable[..., None]) -> Callable[..., None]:
    def register_at_fork(**hooks: Callable[[], object]) -> None:
        if sys._getframe(1).f_globals.get("__name__", "").startswith(PACKAGE):
            hooks = {name: _watched_hook(hook) for name, hook in hooks.items()}
        register(**hooks)

    return register_at_fork


def _watched_hook(hook: Callable[[], object]) -> Callable[[], None]:
    def watched() -> None:
        me = threading.get_ident()
        seen["hook"] += 1
        _in_hook.add(me)
        try:
            collect()
            hook()
            collect()
        finally:
            _in_hook.discard(me)

    return watched


def _forget_other_threads() -> None:
    me = threading.get_ident()
    for threads in (_collecting, _in_hook):
        threads.intersection_update({me})
    for thread in _held.keys() - {me}:
        del _held[thread]


def _note_collection(phase: str, _: object) -> None:
    (_collecting.add if phase == "start" else _collecting.discard)(threading.get_ident())


def _place() -> str:
    """The innermost line of the package that is being run."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(PACKAGE):
            return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
        frame = frame.f_back
    return "?"
