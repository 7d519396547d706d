"""Cached paths of one Vault in one process, with the client that they share."""

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
"""Seconds for which values that nothing refers to stay in memory, and after which a session without readers logs out.

The next task of a worker brings its own settings, and need not log in and read anew.
"""


class Session:
    """The cached paths of one Vault for one identity; thread-safe.

    Attributes:
        resolved: the configuration.
        executor: threads and timers.
        client: sends the requests.
        mounts: the known mounts of secrets engines.

    Args:
        resolved: the configuration.
        environ: variables from which the token is read at each use.
        transport: function that creates the object which sends a request to an address; for tests and simulations.
        workers: the threads; for tests and simulations.
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
        """Create the state that each process needs for itself."""
        self._lock = MemoryLock()
        self._last_demand = self.executor.now()
        self._review_planned = False

    def path(self, path: str, version: int | None = None) -> CachedPath:
        """Return the cached value of one path, which all its readers share. No I/O.

        Args:
            path: the logical path.
            version: version of a KV v2 secret; None: the newest.

        Raises:
            ValueError: the path is ambiguous: Vault could interpret it as another path.
        """
        check_path(path)
        return self._path(ParsedReference(path, None, version))

    def provider(self, ref: Ref) -> CachedPath:
        """Return the cached value of the path in a reference; the key of the reference is ignored. No I/O."""
        return self._path(ref.parsed.replaced(key=None))

    def _path(self, parsed: ParsedReference) -> CachedPath:
        with self._lock:
            path = self._paths.get(parsed)
            if path is None:
                path = self._paths[parsed] = CachedPath(self.client, self.mounts, self._outages, parsed)
            self._recent.append(path)
            return path

    def paths(self) -> list[CachedPath]:
        """Return the cached paths that are still referenced by an object."""
        with self._lock:
            return list(self._paths.values())

    def after_fork(self) -> None:
        """In a forked child: replace sockets, threads and locks of the parent, and forget its token unless shared."""
        self._begin()
        share = bool(self.resolved.vault.share_after_fork)
        self.executor.after_fork()
        self.mounts.reset()
        self._outages.reset()
        self.client.after_fork(share=share)
        for path in list(self._paths.values()):
            path.after_fork(share=share)

    def forget(self) -> None:
        """Forget all values for later loads. A value that an object still refers to is then fetched only by reads."""
        paths = self.paths()
        with self._lock:
            self._recent.clear()
            self._paths.clear()
        for path in paths:
            path.rest()

    def tidy(self) -> None:
        """Release the values that no object refers to. If no cached path is left, log out."""
        self._recent.clear()
        if not self._paths and self.client.connected:
            self.executor.workers.submit(POLL, self._leave)

    def _leave(self) -> None:
        deadline = self.executor.deadline(self.resolved.timeout)
        self.client.log_out(self.client.identity.release_tokens(), deadline)
        if not self._paths:  # else a reader has come back meanwhile
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
        """Let the scheduler refer to this session, so that the session can log out after all other references end."""
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
