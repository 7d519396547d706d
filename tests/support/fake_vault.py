"""A Vault in memory behind the session's own transport, and workers that work at once: no thread, no socket, no wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from toriconfig._core.clock import Clock
from toriconfig._core.markers import Ref
from toriconfig._runtime.deadline import Deadline
from toriconfig._runtime.workers import Job, Workers
from toriconfig._secrets.secret import Secret, handle
from toriconfig._vault.config import Resolved
from toriconfig._vault.http.response import Answer, Failure
from toriconfig._vault.resolve import resolve
from toriconfig._vault.session import Session
from toriconfig.testing import FakeClock
from toriconfig.vault import Vault

Outcome = Answer | Failure


class FakeVault:
    """KV v2 at `secret/`, certificates at `pki/`, leased credentials at `database/creds/`, and failures on demand.

    Attributes:
        fails: what every request ends with instead, by address; "" stands for all addresses.
        asked: method, path and headers of each request that arrived, oldest first.
        answers: own answers by path, called with the method and the body.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.fails: dict[str, Callable[[str], Outcome]] = {}
        self.asked: list[tuple[str, str, str, dict[str, str]]] = []
        self.answers: dict[str, Callable[[str, Any], Outcome]] = {}
        self._secrets: dict[str, list[dict[str, Any]]] = {}

    def put(self, path: str, **data: Any) -> None:
        """A new version of `secret/<path>`."""
        self._secrets.setdefault(path, []).append(data)

    def delete(self, path: str) -> None:
        """All versions of it."""
        self._secrets.pop(path)

    def count(self, path: str) -> int:
        """Number of requests for a path."""
        return sum(asked == path for _, _, asked, _ in self.asked)

    def session(self, vault: Vault, environ: Mapping[str, str] | None = None) -> Session:
        """A session that uses this Vault."""
        resolved = resolve(vault, environ or {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "t"})
        assert resolved is not None
        session = Session(resolved, environ or {"VAULT_TOKEN": "t"}, transport=self._connect, workers=AtOnce())
        session.executor.rnd = lambda: 0.5
        return session

    def _connect(self, resolved: Resolved) -> Any:
        return self

    def send(
        self,
        address: str,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Any,
        deadline: Deadline,
        seconds: float,
    ) -> Outcome:
        url = urlsplit(target)
        path = url.path.removeprefix("/v1/")
        self.asked.append((address, method, path, dict(headers)))
        deadline.sent = True
        fail = self.fails.get(address) or self.fails.get("")
        if fail is not None:
            return fail(address)
        own = self.answers.get(path)
        if own is not None:
            return own(method, body)
        if path == "auth/token/lookup-self":
            return self.answer(address, data={"ttl": 0, "renewable": False})
        if path.startswith("secret/data/"):
            return self._versioned(address, path.removeprefix("secret/data/"), parse_qs(url.query))
        if path.startswith("sys/internal/ui/mounts/secret/"):
            return self.answer(address, data={"path": "secret/", "type": "kv", "options": {"version": "2"}})
        if path.startswith("sys/internal/ui/mounts/pki/"):
            return self.answer(address, data={"path": "pki/", "type": "pki"})
        return self.answer(address, 404)

    def _versioned(self, address: str, path: str, query: dict[str, list[str]]) -> Outcome:
        versions = self._secrets.get(path)
        if not versions:
            return self.answer(address, 404)
        number = int(query.get("version", [str(len(versions))])[0])
        metadata = {"version": number, "created_time": "2026-01-01T00:00:00Z"}
        return self.answer(address, data={"data": versions[number - 1], "metadata": metadata})

    def answer(
        self, address: str = "", status: int = 200, headers: Mapping[str, str] | None = None, **body: Any
    ) -> Answer:
        """An answer of Vault's."""
        return Answer(status, {"errors": []} | body if status >= 400 else body, headers or {}, address)

    def drop(self) -> None:
        """Nothing to close."""

    close = drop

    def renew_tls(self) -> bool:
        """There is no TLS."""
        return False


class AtOnce(Workers):
    """Workers that run a task before `submit` returns."""

    def __init__(self) -> None:
        super().__init__(1, "at-once")

    def submit(self, priority: int, run: Callable[[], Any]) -> Job:
        job = Job(run)
        run()
        return job


def refused(address: str) -> Failure:
    return Failure("refused", "cannot be connected to: Connection refused", address, sent=False)


def timed_out(address: str) -> Failure:
    return Failure("timeout", "did not answer in time", address, sent=True)


def sealed(address: str) -> Answer:
    return Answer(503, {"errors": ["Vault is sealed"]}, {}, address)


def denied(address: str) -> Answer:
    return Answer(403, {"errors": ["permission denied"]}, {}, address)


def broken(address: str) -> Answer:
    return Answer(500, {"errors": ["internal error"]}, {}, address)


def secret(session: Session, path: str, version: int | None = None) -> Secret[Any]:
    """A handle on all keys of a path."""
    return handle(session.provider(Ref(path)) if version is None else session.path(path, version), None, "")


def tick(session: Session, clock: FakeClock, seconds: float, step: float = 1.0) -> None:
    """Advance the clock in small steps, and run the due entries of the scheduler."""
    end = clock.monotonic() + seconds
    while clock.monotonic() < end:
        clock.advance(min(step, end - clock.monotonic()))
        session.executor.scheduler.tick()
