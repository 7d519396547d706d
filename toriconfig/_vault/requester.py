"""Protocols of a client of Vault, as commands, engines, logins and cached paths see it."""

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
        environ: variables in which the token is looked up at each use.
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
        """Send one request with that token, as `Client.exchange`."""
        ...

    def launch(self, priority: int, work: Work) -> Flight:
        """Have `work` done by a worker thread."""
        ...

    def renew_tls(self) -> None:
        """Use the certificate files as they are now."""
        ...


class PathRequester(WorkerRequester, Protocol):
    """A client for cached paths, which plan their requests themselves.

    Attributes:
        may_revoke: False once a policy has denied the revocation of a lease.
    """

    may_revoke: bool

    @property
    def address(self) -> str:
        """The address that is asked first now."""
        ...

    @property
    def limited(self) -> bool:
        """True if each use of the token counts, so that no request is sent in the background."""
        ...

    @property
    def logged_in(self) -> bool:
        """True if there is a token."""
        ...

    def flight(self, failed: Failed) -> Flight:
        """Build the flight for `send`, from memory alone."""
        ...

    def send(self, flight: Flight, priority: int, work: Work, failed: Failed) -> None:
        """Hand a flight to the worker threads."""
        ...

    def forget_failures(self) -> None:
        """Have the next request sent although requests or logins have just failed."""
        ...
