"""Secrets from Vault: shared sessions, one cached value per path, and the functions `connect` and `shutdown`.

- `Session`: shared by all loads with equal options; has a client and the cached paths.
- `Client`: sends requests. `auth` logs in, and `http` chooses the address.
- `CachedPath`: one cached path. `lease` and `timing` compute the times of the next requests.
- `engines`: reading and writing of paths.
"""

from __future__ import annotations

import atexit
import gc
import os
from collections.abc import Mapping
from functools import cache, partial
from typing import Any
from weakref import WeakValueDictionary

from toriconfig._core.clock import SYSTEM
from toriconfig._runtime.callbacks import dispatch
from toriconfig._runtime.child_exit import run_at_end, run_at_end_of_child
from toriconfig._runtime.deadline import Deadline
from toriconfig._runtime.run_concurrently import run_concurrently
from toriconfig._runtime.scheduler import scheduler_for
from toriconfig._vault.auth.refused_logins import of_process
from toriconfig._vault.cached_path import CachedPath
from toriconfig._vault.log import logger
from toriconfig._vault.resolve import resolve
from toriconfig._vault.session import Session
from toriconfig.pipeline._memory_lock import MemoryLock
from toriconfig.vault import Vault

__all__ = ["CachedPath", "Session", "connect", "dispatch", "shutdown"]

RECENT = 8
"""Number of the newest sessions that stay open without readers."""

_lock = MemoryLock()
_sessions: WeakValueDictionary[Any, Session] = WeakValueDictionary()
"""The sessions in use. A handle keeps its session alive, and so does a planned check of the session."""


def connect(vault: Vault, environ: Mapping[str, str]) -> Session | None:
    """Return the session for the given options. Equal options share one session. Does no I/O.

    Args:
        vault: options such as address and login. An option that is None is taken from `environ`.
        environ: environment variables. The session reads the token from `environ` each time that a token is needed.

    Returns:
        The session, or None if neither `vault` nor `environ` has an address.

    Raises:
        ValueError: a variable has an invalid value; the message names the variable.
    """
    resolved = resolve(vault, environ)
    if resolved is None:
        return None
    found = {name: environ.get(name) for name in _IDENTIFYING}
    key = (resolved, tuple(found.items()))
    older: list[Session] = []
    with _lock:
        _prepare()
        session = _sessions.get(key)
        if session is None:
            session = _sessions[key] = Session(resolved, environ)
            older = list(_sessions.values())[:-RECENT]
    for one in older:
        one.tidy()
    return session


def shutdown(timeout: float = 2.0) -> None:
    """Revoke the tokens that were obtained by a login, and close all connections. A second call does no harm.

    Secrets can still be read afterwards, with a new login. The new token is revoked at the next call or at exit.

    Args:
        timeout: seconds for all revocations together.
    """
    with _lock:
        sessions = list(_sessions.values())
    deadline = Deadline(SYSTEM.monotonic() + timeout, SYSTEM.monotonic)
    logged_in = [session for session in sessions if session.client.identity.revocable]
    for session in sessions:
        if session not in logged_in:
            session.close(deadline)
    run_concurrently([partial(session.close, deadline) for session in logged_in], deadline, "toriconfig-shutdown")


def forget() -> None:
    """Forget the cached paths of all sessions, so that later loads read each path again. For tests."""
    with _lock:
        sessions = list(_sessions.values())
    for session in sessions:
        session.forget()


_IDENTIFYING = ("BAO_TOKEN", "VAULT_TOKEN", "BAO_TOKEN_PATH", "VAULT_TOKEN_PATH", "HOME", "USERPROFILE")


@cache
def _prepare() -> None:
    of_process()
    atexit.register(shutdown)
    run_at_end(shutdown)
    os.register_at_fork(after_in_child=_after_fork)


def _after_fork() -> None:
    global _lock
    _lock = MemoryLock()
    run_at_end_of_child(shutdown)
    collecting = gc.isenabled()
    gc.disable()  # a finalizer may read a secret while locks are still held by threads of the parent
    try:
        for session in list(_sessions.values()):
            try:
                session.after_fork()
            except Exception as error:  # noqa: BLE001  (one session that fails must not stop the others)
                _log_later("%s is of no use in a forked child: %s", repr(session), type(error).__name__)
    finally:
        if collecting:
            gc.enable()


def _log_later(text: str, *values: str) -> None:
    """Log an error after all at-fork hooks have run. Before that, the locks of `logging` may still be held."""
    scheduler_for(SYSTEM).at(SYSTEM.monotonic(), lambda: logger().error(text, *values))
