"""Classes of `typing.Protocol` that describe a client of Vault, for commands, engines, logins and cached paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from toriconfig._runtime.deadline import Deadline
    from toriconfig._runtime.executor import Executor
    from toriconfig._runtime.single_flight import Failed, Flight, Work
    from toriconfig._vault.config import Resolved
    from toriconfig._vault.http.response import Answer, Failure
    from toriconfig.errors import SecretError


class Requester(Protocol):
    """Protocol of a client that sends a request to Vault and waits for the answer."""

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> Answer:
        """Send one request. The arguments are those of `Client.request`."""
        ...


class WorkerRequester(Protocol):
    """Protocol of a client for engines and logins. Their code runs on worker threads.

    Attributes:
        resolved: the configuration.
        environ: environment variables, which may contain the token.
        executor: object that provides threads, timers and the clock.
    """

    resolved: Resolved
    environ: Mapping[str, str]
    executor: Executor

    def ask(
        self,
        deadline: Deadline,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str | int] | None = None,
        repeatable: bool = True,
        relogin: bool = True,
        check: bool = True,
    ) -> Answer | SecretError:
        """Send one request with the token of the client; see `Client.ask`."""
        ...

    def exchange(
        self,
        deadline: Deadline,
        method: str,
        path: str,
        body: Any,
        token: str,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Answer | Failure:
        """Send one request with `token`; see `Client.exchange`."""
        ...

    def launch(self, priority: int, work: Work) -> Flight:
        """Run `work` on a worker thread; see `Client.launch`."""
        ...

    def renew_tls(self) -> None:
        """Read the certificate files again; see `Client.renew_tls`."""
        ...


class PathRequester(WorkerRequester, Protocol):
    """Protocol of a client for cached paths.

    Attributes:
        may_revoke: False once a policy has denied the revocation of a lease.
    """

    may_revoke: bool

    @property
    def address(self) -> str:
        """The address to which the next request is sent first."""
        ...

    @property
    def limited(self) -> bool:
        """True if another program obtained the token, and the uses of the token are limited.

        If True, no request is sent in the background.
        """
        ...

    @property
    def logged_in(self) -> bool:
        """True if a token is in memory."""
        ...

    def flight(self, failed: Failed) -> Flight:
        """Create a `Flight` for a later `send`; see `Client.flight`."""
        ...

    def send(self, flight: Flight, priority: int, work: Work, failed: Failed) -> None:
        """Run `work` on a worker thread; see `Client.send`.

        `work` sends the request and records the outcome. Readers wait for the outcome on `flight`. If `work` raises an
        exception, `failed` is called with an error.
        """
        ...

    def forget_failures(self) -> None:
        """End the pause after failed requests and logins, so that the next request is sent at once."""
        ...
