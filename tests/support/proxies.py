"""Proxies between a client and a real server: a long line, a line that loses answers, a line that is cut."""

from __future__ import annotations

import queue
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Thread
from urllib.parse import urlsplit

from support.loopback import Loopback, read_request


class Proxy:
    """Common part of both kinds.

    Attributes:
        address: address for clients.
        target: address of the real server; may be changed for later connections.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.down = False
        self._lock = Lock()
        self._loopback = Loopback(self._serve)
        self.address = self._loopback.address

    @property
    def connections(self) -> int:
        """Number of accepted connections."""
        return self._loopback.connections

    def close(self) -> None:
        self._loopback.close()

    def _connect(self) -> socket.socket:
        if self.down:
            raise ConnectionResetError("the proxy is down")
        parts = urlsplit(self.target)
        assert parts.hostname
        return socket.create_connection((parts.hostname, parts.port or 80), timeout=60)

    def _serve(self, client: socket.socket) -> None:
        with self._connect() as server:
            self._between(client, server)

    def _between(self, client: socket.socket, server: socket.socket) -> None:
        raise AssertionError("a kind of proxy says what happens in between")


class DelayProxy(Proxy):
    """Adds `seconds` to each round trip; bytes on the way do not queue behind each other."""

    def __init__(self, target: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(target)

    def _between(self, client: socket.socket, server: socket.socket) -> None:
        on_the_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        pumps = [
            Thread(target=self._pump, args=(client, server), daemon=True),
            Thread(target=self._deliver, args=(on_the_way, client), daemon=True),
        ]
        for pump in pumps:
            pump.start()
        try:
            while chunk := server.recv(65536):
                on_the_way.put((time.monotonic() + self.seconds, chunk))
        finally:
            on_the_way.put((time.monotonic() + self.seconds, b""))
            pumps[1].join()
            _hang_up(client, server)
            pumps[0].join()

    def _pump(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while chunk := client.recv(65536):
                server.sendall(chunk)
        except OSError:
            return
        finally:
            _hang_up(server)

    def _deliver(self, on_the_way: queue.SimpleQueue[tuple[float, bytes]], client: socket.socket) -> None:
        while True:
            due, chunk = on_the_way.get()
            self._loopback.closing.wait(max(0.0, due - time.monotonic()))
            if not chunk:
                return
            try:
                client.sendall(chunk)
            except OSError:
                return


class DropReplyProxy(Proxy):
    """Passes every request on, and drops some answers: the server did it, the client gets no answer.

    Attributes:
        losing: number of further answers to drop, to requests whose first line matches `pattern`.
        lost: number of dropped answers.
    """

    def __init__(self, target: str, pattern: str, losing: int) -> None:
        self.losing = losing
        self.lost = 0
        self._pattern = re.compile(pattern)
        super().__init__(target)

    def _between(self, client: socket.socket, server: socket.socket) -> None:
        from_client = from_server = b""
        while True:
            request, from_client = read_request(client, from_client)
            if not request:
                return
            server.sendall(request)
            reply, from_server = read_request(server, from_server)
            if not reply or self._loses(request):
                return
            client.sendall(reply)

    def _loses(self, request: bytes) -> bool:
        with self._lock:
            if self.losing <= 0 or not self._pattern.search(request.split(b"\r\n", 1)[0].decode()):
                return False
            self.losing -= 1
            self.lost += 1
            return True


class HangProxy(Proxy):
    """Passes requests on, but never answers those whose first line matches `pattern`."""

    def __init__(self, target: str, pattern: str) -> None:
        self._pattern = re.compile(pattern)
        super().__init__(target)

    def _between(self, client: socket.socket, server: socket.socket) -> None:
        from_client = from_server = b""
        while True:
            request, from_client = read_request(client, from_client)
            if not request:
                return
            if self._pattern.search(request.split(b"\r\n", 1)[0].decode()):
                self._loopback.closing.wait()
                return
            server.sendall(request)
            reply, from_server = read_request(server, from_server)
            if not reply:
                return
            client.sendall(reply)


def _hang_up(*ends: socket.socket) -> None:
    for end in ends:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue


@contextmanager
def delay_proxy(target: str, seconds: float) -> Iterator[DelayProxy]:
    """Before `target`, a line whose round trip takes `seconds` longer."""
    proxy = DelayProxy(target, seconds)
    try:
        yield proxy
    finally:
        proxy.close()


@contextmanager
def drop_reply_proxy(target: str, pattern: str = "", *, losing: int = 1) -> Iterator[DropReplyProxy]:
    """Before `target`, a line that loses the first `losing` answers to requests whose first line matches."""
    proxy = DropReplyProxy(target, pattern, losing)
    try:
        yield proxy
    finally:
        proxy.close()


@contextmanager
def hang_proxy(target: str, pattern: str) -> Iterator[HangProxy]:
    """Before `target`, a line that swallows requests whose first line matches."""
    proxy = HangProxy(target, pattern)
    try:
        yield proxy
    finally:
        proxy.close()
