"""Protocols of a client of Vault, one for each kind of user: commands, engines and logins, cached paths."""

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
    """An object that sends requests to Vault and waits for the answers: a client, or its stand-in."""

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
        """Send one request, as `Client.request`."""
        ...


class WorkerRequester(Protocol):
    """A client for code that runs on a worker thread: engines and logins.

    Attributes:
        resolved: the configuration.
        environ: variables from which the token is read at each use.
        executor: threads, timers and the clock.
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
        """Send one request as the identity of the client, as `Client.ask`."""
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
        """Send one request with `token`, as `Client.exchange`."""
        ...

    def launch(self, priority: int, work: Work) -> Flight:
        """Run `work` on a worker thread, as `Client.launch`."""
        ...

    def renew_tls(self) -> None:
        """Read the certificate files again, as `Client.renew_tls`."""
        ...


class PathRequester(WorkerRequester, Protocol):
    """A client for cached paths, which plan their requests themselves.

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
        """True if the number of the token's uses is limited, so that no request is sent in the background."""
        ...

    @property
    def logged_in(self) -> bool:
        """True if there is a token."""
        ...

    def flight(self, failed: Failed) -> Flight:
        """Create the flight for `send`, without I/O."""
        ...

    def send(self, flight: Flight, priority: int, work: Work, failed: Failed) -> None:
        """Hand a flight to the worker threads."""
        ...

    def forget_failures(self) -> None:
        """Allow a request at once after failed requests or logins."""
        ...
