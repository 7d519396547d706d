"""Client that sends requests to Vault, with login and failover."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from toriconfig._runtime.deadline import Deadline
from toriconfig._runtime.executor import Executor
from toriconfig._runtime.single_flight import Failed, Flight, Work
from toriconfig._runtime.workers import DEMAND
from toriconfig._vault.auth.identity import Dependents, Identity
from toriconfig._vault.config import Resolved
from toriconfig._vault.engines.paths import issues_on_read
from toriconfig._vault.http.failover import Route, warn_http
from toriconfig._vault.http.response import Answer, Failure
from toriconfig._vault.http.translate import error_of, internal_error, timed_out
from toriconfig._vault.timing import retry_delay
from toriconfig.errors import SecretError, VaultUnreachable
from toriconfig.pipeline._memory_lock import MemoryLock

if TYPE_CHECKING:
    from toriconfig._vault.http.transport import Transport
    from toriconfig._vault.token import LiveToken

CATCH_UP = 10.0
"""Seconds after an own write during which every request asks for a node that has seen the write."""

BLOCK = 5.0
"""Maximum number of seconds for which requests fail at once, after no address accepted a connection."""


class Client:
    """Client of one Vault with one token. Thread-safe. Caches no value.

    Attributes:
        may_revoke: False once a policy has denied the revocation of a lease.

    Args:
        resolved: addresses, TLS, login and timeout.
        environ: environment variables. A token is read from them each time that a token is needed.
        executor: object that provides threads and timers.
        dependents: holder of the leased credentials; None: there are none.
        transport: function that creates the object which sends requests; None: urllib3.
        on_send: function called with the priority of each request before a worker thread gets the request; None: none.
    """

    def __init__(
        self,
        resolved: Resolved,
        environ: Mapping[str, str],
        executor: Executor,
        *,
        dependents: Dependents | None = None,
        transport: Callable[[Resolved], Transport] | None = None,
        on_send: Callable[[int], object] | None = None,
    ) -> None:
        self.resolved = resolved
        self.environ = environ
        self.executor = executor
        self._dependents = dependents
        self._make_transport = transport
        self._on_send = on_send
        self._begin()

    def _begin(self) -> None:
        """Create the state that a process does not share with its parent: lock, connections, token."""
        self._lock = MemoryLock()
        self._transport: Transport | None = None
        self._route = Route(self.resolved.addresses)
        self._written: tuple[str, float] | None = None
        self._error: SecretError | None = None
        self._blocked_until = 0.0
        self._blocks = 0
        self.may_revoke = True
        self.identity = Identity(self, self._dependents)

    @property
    def address(self) -> str:
        """The address to which the next request is sent first."""
        return self._route.address

    @property
    def namespace(self) -> str:
        """The namespace of requests that name no other namespace; "": the root namespace."""
        return self.resolved.namespace

    @property
    def connected(self) -> bool:
        """True if the client may have open connections."""
        return self._transport is not None

    @property
    def limited(self) -> bool:
        """True if another program obtained the token, and the uses of the token are limited.

        If True, no request is sent in the background.
        """
        return self.identity.limited

    @property
    def logged_in(self) -> bool:
        """True if a token is in memory."""
        return self.identity.current is not None

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        timeout: float | None = None,
        repeatable: bool | None = None,
        check: bool = True,
    ) -> Answer:
        """Send one request and wait for the answer, at most `timeout` seconds.

        Args:
            method: GET, LIST, POST, PUT, PATCH or DELETE.
            path: path without `/v1/`.
            body: a JSON value; None: the request has no body.
            query: parameters of the query.
            headers: further headers.
            token: token of this request; None: the token of the client; "": no token.
            timeout: seconds; None: the timeout of the configuration.
            repeatable: True if sending the request twice does no harm; None: True for reads that create nothing.
            check: True: raise for an error status. False: only a 403 for the client's token may raise.

        Raises:
            SecretError: no token was obtained, no answer arrived, or the status is an error (see `check`).
        """
        if repeatable is None:
            repeatable = method in ("GET", "LIST", "HEAD") and not issues_on_read(path)
        outcome: list[Answer | SecretError] = []

        def work(flight: Flight) -> None:
            answer = self.ask(
                flight.deadline,
                method,
                path,
                body,
                query=query,
                headers=headers,
                token=token,
                repeatable=repeatable,
                check=check,
            )
            if flight.claim():
                outcome.append(answer)
                flight.finish()

        limit = self.resolved.timeout if timeout is None else timeout
        self.launch(DEMAND, work, lambda error: outcome.append(error or timed_out(path, limit)), limit).wait()
        answer = outcome[0] if outcome else timed_out(path, limit)
        if isinstance(answer, SecretError):
            raise answer
        return answer

    def launch(self, priority: int, work: Work, failed: Failed | None = None, timeout: float | None = None) -> Flight:
        """Run `work` on a worker thread. Return the request in progress, which ends with `work` or at the deadline.

        Args:
            priority: LEASE, DEMAND or POLL.
            work: function that sends the request and records the outcome.
            failed: called with an error if `work` raises an exception, and as `failed(None)` at the deadline. If the
                argument is omitted, no function is called.
            timeout: seconds; None: the timeout of the configuration.
        """
        flight = self.flight(failed, timeout)
        self.send(flight, priority, work, failed)
        return flight

    def flight(self, failed: Failed | None = None, timeout: float | None = None) -> Flight:
        """Create a `Flight` (a request in progress) for a later `send`. Does no I/O, so the caller may hold a lock.

        Args:
            failed: called as `failed(None)` at the deadline. If the argument is omitted, no function is called.
            timeout: seconds until the deadline; None: the timeout of the configuration.
        """

        def expired(connecting: bool) -> None:
            if connecting:
                self._block(timed_out("", self.resolved.timeout))
            if failed is not None:
                failed(None)

        return self.executor.flight(self.resolved.timeout if timeout is None else timeout, expired)

    def send(self, flight: Flight, priority: int, work: Work, failed: Failed | None) -> None:
        """Run `work` on a worker thread. Must not be called under a lock, because the call may start a thread.

        Args:
            flight: the request in progress, created by the method `flight`.
            priority: LEASE, DEMAND or POLL.
            work: function that sends the request and ends `flight`.
            failed: function called if `work` raises an exception; None: no function.
        """
        if self._on_send is not None:
            self._on_send(priority)

        def failed_internally(error: SecretError | None) -> None:
            if failed is not None:
                failed(None if error is None else internal_error(error))

        self.executor.send(flight, priority, work, failed_internally)

    def ask(
        self,
        deadline: Deadline,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        repeatable: bool = True,
        relogin: bool = True,
        check: bool = True,
    ) -> Answer | SecretError:
        """Send one request on the current worker thread. Return the answer or the error.

        The other arguments are those of `request`.

        Args:
            deadline: deadline of the request.
            relogin: True: log in again after a 403. False: log in again only if a lookup shows that Vault refuses
                the token.
        """
        if self.executor.now() < self._blocked_until and self._error is not None:
            return self._error
        if token is not None:
            return self._judged(
                self.exchange(deadline, method, path, body, token, query, headers, repeatable),
                method,
                path,
                check,
                headers,
            )
        live = self.identity.token(deadline)
        if isinstance(live, SecretError):
            return live
        outcome = self.exchange(deadline, method, path, body, live.value, query, headers, repeatable)
        if isinstance(outcome, Answer) and outcome.status == 403:
            other = self.identity.after_denial(live, outcome, deadline, method, path, relogin=relogin)
            if isinstance(other, SecretError):
                return other
            live = other
            outcome = self.exchange(deadline, method, path, body, live.value, query, headers, repeatable)
        answer = self._judged(outcome, method, path, check, headers)
        if not isinstance(answer, SecretError):
            answer.token = live
            if answer.status < 300:
                self.identity.used(live, leased=bool(answer.body.get("lease_id")))
        return answer

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
        """Send one request with `token`; `""`: without a token. No login is sent.

        If an address fails, try the other addresses. If `repeatable` is False, a request that Vault may have processed
        is not sent again. The other arguments are those of `request`.

        Returns:
            The outcome of the last attempt: an answer of any status, or a failure.
        """
        transport = self._transport or self._open()
        sent = {"X-Vault-Request": "true"}
        if token:
            sent["X-Vault-Token"] = token
        if self.resolved.namespace:
            sent["X-Vault-Namespace"] = self.resolved.namespace
        if body is not None:
            sent["Content-Type"] = "application/json"
        written = self._written
        if written is not None and self.executor.now() < written[1]:
            sent["X-Vault-Index"], sent["X-Vault-Inconsistent"] = written[0], "forward-active-node"
        if headers:
            sent.update(headers)
        outcome = self._route.exchange(
            transport, method, path, sent, body, deadline, query=query, repeatable=repeatable
        )
        if isinstance(outcome, Failure):
            if not outcome.sent:
                self._block(error_of(outcome, method, path))
            return outcome
        self._blocks, self._blocked_until = 0, 0.0
        if method != "GET" and outcome.status < 300 and not path.startswith(("auth/", "sys/")):
            index = outcome.headers.get("x-vault-index")
            if index:
                self._written = (index, self.executor.now() + CATCH_UP)
        return outcome

    def forget_failures(self) -> None:
        """End the pause after failed requests and logins, so that the next request is sent at once."""
        self._blocked_until = 0.0
        self.identity.forget_failures()

    def renew_tls(self) -> None:
        """Check the certificate files. If a file has changed, later connections use the new content."""
        self._open().renew_tls()

    def log_out(self, tokens: list[LiveToken], deadline: Deadline) -> None:
        """Revoke `tokens`, which `identity.release_tokens` has returned. Vault ends the leases of these tokens too."""
        for token in tokens:
            self.identity.revoke(token, deadline)

    def release_connections(self) -> None:
        """Stop using the open connections. Each is closed after its last request. Later requests connect again."""
        self._transport = None

    def close(self) -> None:
        """Close the connections. A later request opens new connections."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def after_fork(self, *, share: bool) -> None:
        """In a forked child: replace the connections and locks of the parent.

        Args:
            share: True: continue to use a token that the parent obtained by a login. False: forget such a token.
        """
        transport, identity = self._transport, self.identity
        self._begin()
        if transport is not None:
            transport.drop()
        self.identity.inherit(identity, share=share)

    def _open(self) -> Transport:
        known = self._transport
        if known is not None:
            return known
        if self._make_transport is None:
            from toriconfig._vault.http.transport import Transport

            self._make_transport = Transport
        made = self._make_transport(self.resolved)  # not under the lock
        with self._lock:
            transport = self._transport = self._transport or made
        warn_http(self.resolved.addresses)
        return transport

    def _judged(
        self, outcome: Answer | Failure, method: str, path: str, check: bool, headers: Mapping[str, str] | None
    ) -> Answer | SecretError:
        namespace = (headers or {}).get("X-Vault-Namespace", self.resolved.namespace)
        error = error_of(outcome, method, path, namespace=namespace)
        if isinstance(outcome, Answer) and (error is None or not check):
            return outcome
        return error or VaultUnreachable("Vault cannot be reached", reference=path)

    def _block(self, error: SecretError | None) -> None:
        """Let the next requests fail with `error` for a short time, because no address accepted a connection.

        If `error` is None, the requests fail with a `VaultUnreachable`.
        """
        self._error = error or VaultUnreachable("Vault cannot be connected to")
        self._blocks += 1
        delay = min(BLOCK, retry_delay(self._blocks, self.resolved.vault.refresh_interval, self.executor.rnd))
        self._blocked_until = self.executor.now() + delay

    def __repr__(self) -> str:
        return f"Client({self.address!r}, {type(self.resolved.auth).__name__})"
