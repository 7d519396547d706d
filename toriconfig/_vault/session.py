"""Session: one client of Vault, and the cached paths that use the client."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from toriconfig._core.markers import ParsedReference, Ref, check_path
from toriconfig._runtime.deadline import Deadline
from toriconfig._runtime.executor import Executor
from toriconfig._runtime.workers import DEMAND, POLL, Workers
from toriconfig._vault.cached_path import CachedPath
from toriconfig._vault.client import Client
from toriconfig._vault.config import Resolved
from toriconfig._vault.engines.kv import Mounts
from toriconfig._vault.outages import VaultOutages
from toriconfig._vault.renewal import LeasesOfTokens
from toriconfig.pipeline._memory_lock import MemoryLock

if TYPE_CHECKING:
    from toriconfig._vault.http.transport import Transport

LINGER = 60.0
"""Seconds for which unused values stay in memory, and after which an unused session logs out.

A program that loads settings for each task uses the values and the login again.
"""


class Session:
    """The Vault client and the cached paths of one Vault configuration. Thread-safe.

    Attributes:
        resolved: the configuration.
        executor: object that provides threads and timers.
        client: object that sends the requests.
        mounts: the known mounts of secrets engines.

    Args:
        resolved: the configuration.
        environ: environment variables, read again each time that a token is needed.
        transport: function that creates the object for HTTP; for tests and simulations.
        workers: the worker threads; for tests and simulations.
    """

    def __init__(
        self,
        resolved: Resolved,
        environ: Mapping[str, str],
        *,
        transport: Callable[[Resolved], Transport] | None = None,
        workers: Workers | None = None,
    ) -> None:
        self.resolved = resolved
        threads = workers or Workers(resolved.vault.prefetch_workers, "toriconfig-vault")
        self.executor = Executor(resolved.vault.clock, threads)
        leases = LeasesOfTokens(self.paths)
        self.client = Client(
            resolved, environ, self.executor, dependents=leases, transport=transport, on_send=self._sent
        )
        self.mounts = Mounts(self.client)
        self._outages = VaultOutages(self.client)
        self._paths: WeakValueDictionary[ParsedReference, CachedPath] = WeakValueDictionary()
        self._recent: deque[CachedPath] = deque(maxlen=64)
        self._begin()

    def _begin(self) -> None:
        """Create the state that a process does not share with its parent."""
        self._lock = MemoryLock()
        self._last_demand = self.executor.now()
        self._review_planned = False

    def path(self, path: str, version: int | None = None) -> CachedPath:
        """Return the `CachedPath` of a path, without I/O. All readers of a path share one `CachedPath`.

        Args:
            path: the logical path.
            version: version of a KV v2 secret; None: the newest version.

        Raises:
            ValueError: the path is invalid; the message gives the reason.
        """
        check_path(path)
        return self._path(ParsedReference(path, None, version))

    def provider(self, ref: Ref) -> CachedPath:
        """Return the `CachedPath` of a reference. The key of the reference is ignored. Does no I/O."""
        return self._path(ref.parsed.replaced(key=None))

    def _path(self, parsed: ParsedReference) -> CachedPath:
        with self._lock:
            path = self._paths.get(parsed)
            if path is None:
                path = self._paths[parsed] = CachedPath(self.client, self.mounts, self._outages, parsed)
            self._recent.append(path)
            return path

    def paths(self) -> list[CachedPath]:
        """Return the cached paths that are in use."""
        with self._lock:
            return list(self._paths.values())

    def after_fork(self) -> None:
        """In a forked child: replace the sockets, threads and locks of the parent.

        If `Vault.share_after_fork` is not True, forget the leases, and the tokens from a login.
        """
        self._begin()
        share = bool(self.resolved.vault.share_after_fork)
        self.executor.after_fork()
        self.mounts.reset()
        self._outages.reset()
        self.client.after_fork(share=share)
        for path in list(self._paths.values()):
            path.after_fork(share=share)

    def forget(self) -> None:
        """Forget the cached paths, and cancel their planned requests. Later loads read each path again."""
        paths = self.paths()
        with self._lock:
            self._recent.clear()
            self._paths.clear()
        for path in paths:
            path.rest()

    def tidy(self) -> None:
        """Release the cached paths that are not in use. If no cached path is left, log out."""
        self._recent.clear()
        if not self._paths and self.client.connected:
            self.executor.workers.submit(POLL, self._leave)

    def _leave(self) -> None:
        deadline = self.executor.deadline(self.resolved.timeout)
        self.client.log_out(self.client.identity.release_tokens(), deadline)
        if not self._paths:  # else a path was used again meanwhile
            self.executor.workers.dismiss(drop=False)
            self.client.release_connections()

    def close(self, deadline: Deadline) -> None:
        """Stop polling, and revoke the tokens of logins. The next read logs in and starts polling again."""
        tokens = self.client.identity.release_tokens()
        for path in self.paths():
            path.rest()
        self.client.log_out(tokens, deadline)
        self.executor.workers.dismiss()
        self.client.close()

    def _sent(self, priority: int) -> None:
        if priority == DEMAND:
            self._last_demand = self.executor.now()
        self._plan_review()

    def _plan_review(self) -> None:
        """Plan a later check of whether the session is in use. The timer keeps the session alive until then."""
        if not self._review_planned:
            self._review_planned = True
            self.executor.scheduler.at(self.executor.now() + LINGER, self._review)

    def _review(self) -> None:
        self._review_planned = False
        self._recent.clear()
        if self._paths or self.executor.now() < self._last_demand + LINGER:
            self._plan_review()
        else:
            self.tidy()

    def __repr__(self) -> str:
        return f"Session({self.client.address!r}, {type(self.resolved.auth).__name__})"
