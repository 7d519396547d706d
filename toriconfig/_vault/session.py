"""A session: how one Vault is asked by one process, as one identity."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from toriconfig._core.markers import Place, Ref, check_path
from toriconfig._runtime.deadline import Call
from toriconfig._runtime.scheduler import Scheduler, scheduler_for
from toriconfig._runtime.single_flight import Failed, Flight, Work
from toriconfig._runtime.workers import DEMAND, POLL, Workers
from toriconfig._vault.auth.identity import Identity
from toriconfig._vault.cached_path import Cell
from toriconfig._vault.config import Resolved
from toriconfig._vault.engines.kv import Mounts, mints
from toriconfig._vault.http.failover import Route, warn_http
from toriconfig._vault.http.response import Answer, Failure
from toriconfig._vault.http.translate import error_of, timed_out
from toriconfig._vault.outages import Outages
from toriconfig._vault.timing import retry_delay
from toriconfig.errors import SecretError, VaultUnreachable
from toriconfig.pipeline._memory_lock import MemoryLock

if TYPE_CHECKING:
    import hvac

    from toriconfig._vault.http.transport import Transport

CATCH_UP = 10.0
"""Seconds after an own write during which reads, and check-and-set writes, insist on seeing it, whichever node answers."""

LINGER = 60.0
"""Seconds, at most, for which what was read stays though nobody holds it any more, and after which, without readers, a
session is logged out: the next task of a worker brings its own settings, and need not log in and read anew.
"""

BLOCK = 5.0
"""Seconds during which, at most, everything is answered at once after no address could be connected to."""


class Session:
    """One Vault, asked as one identity; safe from any thread.

    Args:
        resolved: where and how.
        environ: where the token is looked up at each use.
        transport: makes what sends one request to one address; for tests and simulations.
        workers: what does the waiting; for tests and simulations.
    """

    def __init__(
        self,
        resolved: Resolved,
        environ: Mapping[str, str],
        *,
        transport: Callable[[Resolved], Transport] | None = None,
        workers: Workers | None = None,
    ) -> None:
        vault = resolved.vault
        self.resolved = resolved
        self.vault = vault
        self.environ = environ
        self.now = vault.clock.monotonic
        self.scheduler: Scheduler = scheduler_for(vault.clock)
        self.workers = workers or Workers(vault.prefetch_workers, "toriconfig-vault")
        self.error: SecretError | None = None
        self._make_transport = transport
        self._cells: WeakValueDictionary[Place, Cell] = WeakValueDictionary()
        self._recent: deque[Cell] = deque(maxlen=64)
        self._begin()

    def _begin(self) -> None:
        """Create the state that each process needs for itself."""
        # its own: the program's `random` may be seeded, and children must not share what comes next
        self.rnd = random.Random().random  # noqa: S311  (jitter, no secret)
        self._lock = MemoryLock()
        self._transport: Transport | None = None
        self._route = Route(self.resolved.addresses)
        self._written: tuple[str, float] | None = None
        self.outages = Outages(self)
        self._blocked_until = 0.0
        self._blocks = 0
        self._asked = self.now()
        self._kept = False
        self.mounts = Mounts(self)
        self.identity = Identity(self)

    @property
    def address(self) -> str:
        """The address that is asked first now."""
        return self._route.address

    def cell(self, path: str, version: int | None = None) -> Cell:
        """The cache of one path, shared by all who ask for it; no I/O.

        Args:
            path: the logical one.
            version: of a KV v2 secret; None: the newest.

        Raises:
            ValueError: the path could be read as another one.
        """
        check_path(path)
        return self._cell(Place(path, None, version))

    def at(self, ref: Ref) -> Cell:
        """The cache of the path that a reference names, whatever key of it; no I/O."""
        return self._cell(ref.place.replaced(key=None))

    def _cell(self, place: Place) -> Cell:
        with self._lock:
            cell = self._cells.get(place)
            if cell is None:
                cell = self._cells[place] = Cell(self, place)
            self._recent.append(cell)
            return cell

    def cells(self) -> list[Cell]:
        """The cells that somebody holds."""
        with self._lock:
            return list(self._cells.values())

    def client(self) -> hvac.Client:
        """An `hvac.Client` that asks through this session: its login, failover, deadline and errors."""
        from toriconfig._vault.adapter import client

        return client(self)

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
        """Ask Vault and wait for the answer, at most `timeout` in all.

        Args:
            method: GET, LIST, POST, PUT, PATCH or DELETE.
            path: without `/v1/`.
            body: a JSON value, or None.
            query: parameters of the query.
            headers: further ones.
            token: instead of the session's; "": none.
            timeout: seconds; None: the session's.
            repeatable: whether asking twice does no harm; None: reads that mint nothing.
            check: whether an error status raises; without, its answer is returned.

        Raises:
            VaultError: there was no answer, or, with `check`, an error; the subclass says which.
        """
        if repeatable is None:
            repeatable = method in ("GET", "LIST", "HEAD") and not mints(path)
        outcome: list[Answer | SecretError] = []

        def work(flight: Flight) -> None:
            answer = self.ask(
                flight.call,
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
        """Have `work` done by a worker; `failed` is told when it raises, and (None) when its deadline ends it."""
        flight = self.flight(failed, timeout)
        self.send(flight, priority, work, failed)
        return flight

    def flight(self, failed: Failed | None = None, timeout: float | None = None) -> Flight:
        """Build the flight for `send`; uses memory alone, so the flight can be made and waited for under a lock."""
        call = Call(self.now() + (self.resolved.timeout if timeout is None else timeout), self.now)

        def on_expiry(flight: Flight) -> None:
            job = flight.job
            if job is not None:
                self.workers.abandon(job)
            connecting = call.connecting
            call.cut()
            if connecting:
                self._block(timed_out("", self.resolved.timeout))
            if failed is not None:
                failed(None)

        return Flight(call, on_expiry)

    def send(self, flight: Flight, priority: int, work: Work, failed: Failed | None) -> None:
        """Hand a flight to the workers; never called under a lock, since a thread may have to be started."""
        if priority == DEMAND:
            self._asked = self.now()
        self._keep()
        job = self.workers.submit(priority, lambda: flight.carry(work, failed))
        if not flight.ended:
            flight.job = job
            self.scheduler.at(flight.call.deadline, flight.expire)

    def ask(
        self,
        call: Call,
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
        """As `request`, on a worker and within its budget; errors are returned.

        Args:
            relogin: whether a 403 may be met with a new login; else only the truth is found out.
        """
        if self.now() < self._blocked_until and self.error is not None:
            return self.error
        if token is not None:
            return self._judged(
                self.exchange(call, method, path, body, token, query, headers, repeatable), method, path, check
            )
        live = self.identity.token(call)
        if isinstance(live, SecretError):
            return live
        outcome = self.exchange(call, method, path, body, live.value, query, headers, repeatable)
        if isinstance(outcome, Answer) and outcome.status == 403:
            other = self.identity.after_denial(live, outcome, call, method, path, relogin=relogin)
            if isinstance(other, SecretError):
                return other
            live = other
            outcome = self.exchange(call, method, path, body, live.value, query, headers, repeatable)
        answer = self._judged(outcome, method, path, check)
        if not isinstance(answer, SecretError):
            answer.token = live
            if answer.status < 300:
                self.identity.used(live, leased=bool(answer.body.get("lease_id")))
        return answer

    def exchange(
        self,
        call: Call,
        method: str,
        path: str,
        body: Any,
        token: str,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Answer | Failure:
        """One request as that token, with failover; no login, no judgement."""
        transport = self._transport or self._open()
        sent = {"X-Vault-Request": "true"}
        if token:
            sent["X-Vault-Token"] = token
        if self.resolved.namespace:
            sent["X-Vault-Namespace"] = self.resolved.namespace
        if body is not None:
            sent["Content-Type"] = "application/json"
        written = self._written
        if written is not None and self.now() < written[1]:
            sent["X-Vault-Index"], sent["X-Vault-Inconsistent"] = written[0], "forward-active-node"
        if headers:
            sent.update(headers)
        outcome = self._route.exchange(transport, method, path, sent, body, call, query=query, repeatable=repeatable)
        if isinstance(outcome, Failure):
            if not outcome.sent:
                self._block(error_of(outcome, method, path))
            return outcome
        self._blocks, self._blocked_until = 0, 0.0
        if method != "GET" and outcome.status < 300 and not path.startswith(("auth/", "sys/")):
            index = outcome.headers.get("x-vault-index")
            if index:
                self._written = (index, self.now() + CATCH_UP)
        return outcome

    def forget_failures(self) -> None:
        """Have the next request sent though requests and logins have failed just now: somebody asks for it."""
        self._blocked_until = 0.0
        self.identity.forget_failures()

    def succeeded(self, cell: Cell) -> None:
        """A cell was confirmed."""
        self.error = None
        self.outages.succeeded(cell)

    def after_fork(self) -> None:
        """In a forked child: no shared socket, no shared token, no thread; locks may be held by nobody alive."""
        transport, identity = self._transport, self.identity
        self._begin()
        self.workers.reset()
        if transport is not None:
            transport.drop()
        share = bool(self.vault.share_after_fork)
        self.identity.inherit(identity, share=share)
        for cell in list(self._cells.values()):
            cell.after_fork(share=share)

    def tidy(self) -> None:
        """Let go of what nobody holds; when nobody reads through this session then, log out."""
        self._recent.clear()
        if not self._cells and self._transport is not None:
            self.workers.submit(POLL, self._leave)

    def _leave(self) -> None:
        call = Call(self.now() + self.resolved.timeout, self.now)
        for token in self.identity.surrender():
            self.identity.revoke(token, call)
        if not self._cells:
            self.workers.dismiss(drop=False)
            self._transport = None  # closed when the last request is done with it: somebody may just have come back

    def close(self, call: Call) -> None:
        """Stop polling, revoke the tokens that were obtained here; all starts afresh when somebody reads again."""
        revoked = self.identity.surrender()
        for cell in self.cells():
            cell.rest()
        for token in revoked:
            self.identity.revoke(token, call)
        self.workers.dismiss()
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def _keep(self) -> None:
        """Have the scheduler hold this session, so that it can still log out when all else has let go of it."""
        if not self._kept:
            self._kept = True
            self.scheduler.at(self.now() + LINGER, self._review)

    def _review(self) -> None:
        self._kept = False
        self._recent.clear()
        if self._cells or self.now() < self._asked + LINGER:
            self._keep()
        else:
            self.tidy()

    def _open(self) -> Transport:
        if self._make_transport is None:
            from toriconfig._vault.http.transport import Transport

            self._make_transport = Transport
        made = self._make_transport(self.resolved)  # not under the lock
        with self._lock:
            transport = self._transport = self._transport or made
        warn_http(self.resolved.addresses)
        return transport

    def _judged(self, outcome: Answer | Failure, method: str, path: str, check: bool) -> Answer | SecretError:
        error = error_of(outcome, method, path, namespace=self.resolved.namespace)
        if isinstance(outcome, Answer) and (error is None or not check):
            return outcome
        return error or VaultUnreachable("Vault cannot be asked", reference=path)

    def _block(self, error: SecretError | None) -> None:
        """No address could be connected to: whoever asks within the next moments is told so at once."""
        self.error = error or VaultUnreachable("Vault cannot be connected to")
        self._blocks += 1
        delay = min(BLOCK, retry_delay(self._blocks, self.vault.refresh_interval, self.rnd))
        self._blocked_until = self.now() + delay

    def __repr__(self) -> str:
        return f"Session({self.address!r}, {type(self.resolved.auth).__name__})"
