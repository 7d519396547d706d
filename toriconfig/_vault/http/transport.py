"""Sending of one request to one address with urllib3."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util import Timeout, make_headers, parse_url

from toriconfig._runtime.deadline import Deadline
from toriconfig._vault.config import Resolved
from toriconfig._vault.http.envelope import parsed_json
from toriconfig._vault.http.failures import failure, misdirected
from toriconfig._vault.http.response import Answer, Failure
from toriconfig._vault.http.tls import SetUpError, TlsContext

LARGEST = 32 * 1024 * 1024
"""Bytes of an answer that are read, at most. Vault has the same limit for requests."""

CONNECT = 1.0
"""Seconds for a connection, at most, if there are other addresses."""


_current = threading.local()


class _Tracked:
    """Connection that stores its socket in the deadline of the request. It sets `deadline.sent` when bytes are sent."""

    sock: Any

    def _new_conn(self) -> socket.socket:
        sock: socket.socket = super()._new_conn()  # type: ignore[misc]
        # TLS takes over the socket and detaches this object; a duplicate still works during the handshake
        tls = isinstance(self, HTTPSConnection)
        _current.deadline.hold(sock.dup() if tls else sock, owned=tls)
        return sock

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        deadline = _current.deadline
        deadline.hold(self.sock)
        if bytes(data[:8]) != b"CONNECT ":  # sent to the proxy, for a tunnel to Vault
            deadline.connecting, deadline.sent = False, True
        super().send(data)  # type: ignore[misc]


class _Http(_Tracked, HTTPConnection):
    pass


class _Https(_Tracked, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http  # pyright: ignore[reportAssignmentType]


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https  # pyright: ignore[reportAssignmentType]

    def _validate_conn(self, conn: Any) -> None:
        """Connect without the warning that urllib3 logs for each request. `tls.py` logs one warning instead."""
        if conn.is_closed:
            conn.connect()


class Transport:
    """The connections of one client. Thread-safe. A forked child needs a new object."""

    def __init__(self, resolved: Resolved) -> None:
        self._resolved = resolved
        self._pools: dict[str, Any] = {}
        self._tls = TlsContext(resolved.tls, resolved.vault.clock.monotonic)

    def send(
        self,
        address: str,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Any,
        deadline: Deadline,
        seconds: float,
    ) -> Answer | Failure:
        """Send a request to one address, and return the answer or the failure.

        If TLS fails before the request is sent, and a certificate file has changed, make a second attempt.

        Args:
            target: path and query, quoted.
            headers: all headers of the request.
            body: a JSON value; None: the request has no body.
            deadline: deadline of the request. During the call, `deadline.cancel` shuts down the socket.
            seconds: maximum seconds for the connection, and maximum seconds of each wait for data.
        """
        if seconds <= 0:
            return Failure("timeout", "no time was left to ask", address, sent=False)
        alone = len(self._resolved.addresses) == 1
        timeout = Timeout(connect=seconds if alone else min(CONNECT, seconds), read=seconds)
        payload = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        outcome = self._attempt(address, method, target, headers, payload, deadline, timeout)
        if isinstance(outcome, Failure) and outcome.kind == "tls" and not outcome.sent and self.renew_tls():
            outcome = self._attempt(address, method, target, headers, payload, deadline, timeout)
        return outcome

    def renew_tls(self) -> bool:
        """Check the certificate files. If a file has changed, use the new files for later connections.

        Return True if a file has changed.
        """
        changed = self._tls.changed(always=True)
        if changed:
            self.close()
        return changed

    def _attempt(
        self,
        address: str,
        method: str,
        target: str,
        headers: Mapping[str, str],
        payload: bytes | None,
        deadline: Deadline,
        timeout: Timeout,
    ) -> Answer | Failure:
        deadline.connecting, deadline.sent = True, False
        _current.deadline = deadline
        try:
            if self._tls.changed():
                self.close()
            response = self._pool(address).urlopen(
                method,
                target,
                body=payload,
                headers=headers,
                retries=False,
                redirect=False,
                timeout=timeout,
                preload_content=False,
                decode_content=False,
            )
            coding = response.headers.get("content-encoding", "identity").strip().lower()
            if coding not in ("", "identity"):
                response.close()  # not read, because a few bytes may decompress to gigabytes
                return Failure("garbage", "answered in an encoding that was not requested", address, sent=True)
            raw = response.read(LARGEST + 1)
            response.release_conn()
        except SetUpError as error:
            return Failure("setup", str(error), address, sent=False)
        except (HTTPError, OSError, ValueError) as error:
            return failure(error, address, deadline, self._resolved.proxy)
        finally:
            _current.deadline = None
            deadline.connecting = False
            deadline.hold(None)
        wrong = misdirected(response.status, raw, address, self._resolved.proxy)
        return wrong or _answer(response.status, raw, response.headers, address)

    def close(self) -> None:
        """Close idle connections. Connections in use are closed when their requests end."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    def drop(self) -> None:
        """In a forked child: close the copies of idle sockets. Takes no lock that a thread of the parent may hold."""
        for pool in self._pools.values():
            for connection in list(getattr(pool.pool, "queue", ())):
                if connection is not None and connection.sock is not None:
                    socket.socket.close(connection.sock)

    def _pool(self, address: str) -> Any:
        pool = self._pools.get(address)
        if pool is None:
            # without a lock, because it reads files and may warn: of two concurrent pools one is used
            pool = self._pools.setdefault(address, self._open(address))
        return pool

    def _open(self, address: str) -> Any:
        size = 2 * self._resolved.vault.prefetch_workers
        if address.startswith("unix://"):
            return _unix_pool(address.removeprefix("unix://"), size)
        url = parse_url(address)
        tls: dict[str, Any] = {}
        if url.scheme == "https":
            tls = {"ssl_context": self._tls.current(), "server_hostname": self._resolved.tls.server_name}
        if self._resolved.proxy is not None:
            return _Proxied(self._resolved.proxy, address, size, tls)
        kind = _HttpsPool if url.scheme == "https" else _HttpPool
        return kind(url.host or "", url.port, maxsize=size, **tls)


class _Proxied:
    """Connections to one address through a proxy."""

    def __init__(self, proxy: str, address: str, size: int, tls: dict[str, Any]) -> None:
        url, own = parse_url(address), parse_url(proxy)
        self._origin = f"{url.scheme}://{url.netloc}"
        login = None if own.auth is None else make_headers(proxy_basic_auth=unquote(own.auth))
        origin = f"{own.scheme}://{own.netloc}"
        self._manager = urllib3.ProxyManager(origin, maxsize=size, proxy_headers=login, **tls)
        self._manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
        self._connections = self._manager.connection_from_url(self._origin)

    @property
    def pool(self) -> Any:
        """The queue of idle connections."""
        return self._connections.pool

    def urlopen(self, method: str, target: str, **rest: Any) -> Any:
        return self._manager.urlopen(method, self._origin + target, **rest)

    def close(self) -> None:
        self._manager.clear()


def _unix_pool(path: str, size: int) -> HTTPConnectionPool:
    class Connection(_Http):
        def _new_conn(self) -> socket.socket:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.settimeout(self.timeout if isinstance(self.timeout, (int, float)) else None)
            _current.deadline.hold(sock)
            try:
                sock.connect(path)
            except OSError as error:
                sock.close()
                raise NewConnectionError(self, f"{error.strerror}") from None
            return sock

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection  # pyright: ignore[reportAssignmentType]

    return Pool("localhost", maxsize=size)


def _answer(status: int, raw: bytes, headers: Mapping[str, str], address: str) -> Answer | Failure:
    if len(raw) > LARGEST:
        return Failure("garbage", f"answered with more than {LARGEST >> 20} MiB", address, sent=True)
    body: Any = {}
    if raw:
        try:
            body = parsed_json(raw)
        except ValueError:
            body = None
    if not isinstance(body, dict):
        if 200 <= status < 300 or status in (403, 404):
            return Failure("garbage", "gave no answer of Vault's: not its JSON", address, sent=True)
        body = {}
    return Answer(status, body, {name.lower(): value for name, value in headers.items()}, address)
