"""Servers that misbehave on purpose, each the way real ones do."""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from support.loopback import Loopback, read_request


@dataclass
class FaultyServer:
    """Address of a faulty server, and its requests.

    Attributes:
        address: such as `http://127.0.0.1:40000`.
        requests: the first line of each request, in order of arrival.
    """

    address: str
    requests: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; a body that is not bytes is sent as JSON."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        lines = [f"HTTP/1.1 {self.status} Because", f"Content-Length: {len(body)}"]
        if not isinstance(self.body, bytes):
            lines.append("Content-Type: application/json")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


@contextmanager
def answering_server(answer: Callable[[str], Answer]) -> Iterator[FaultyServer]:
    """Answers each request with the result of `answer` for its first line, such as `GET /v1/secret/data/x HTTP/1.1`."""

    def serve(connection: socket.socket) -> None:
        rest = b""
        while True:
            request, rest = read_request(connection, rest)
            if not request:
                return
            first = request.split(b"\r\n", 1)[0].decode()
            told.requests.append(first)
            connection.sendall(answer(first).encoded())

    with _listening(serve) as (told, _):
        yield told


@contextmanager
def garbage_server(garbage: bytes = b"\x00\xff" * 64) -> Iterator[FaultyServer]:
    """Answers every request with the same bytes, and closes."""

    def serve(connection: socket.socket) -> None:
        request, _ = read_request(connection)
        told.requests.append(request.split(b"\r\n", 1)[0].decode())
        connection.sendall(garbage)

    with _listening(serve) as (told, _):
        yield told


@contextmanager
def dripping_server(*, every: float = 0.05, start: bytes | None = None) -> Iterator[FaultyServer]:
    """Sends `start` (default: the head of a long JSON answer), then single bytes at intervals, without end.

    No single wait is long, so a socket's timeout never fires.
    """
    head = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{"data":'

    def serve(connection: socket.socket) -> None:
        request, _ = read_request(connection)
        told.requests.append(request.split(b"\r\n", 1)[0].decode())
        connection.sendall(head if start is None else start)
        while not loopback.closing.wait(every):
            connection.sendall(b" ")

    with _listening(serve) as (told, loopback):
        yield told


@contextmanager
def silent_server() -> Iterator[FaultyServer]:
    """Accepts, reads, and never answers."""

    def serve(connection: socket.socket) -> None:
        request, _ = read_request(connection)
        told.requests.append(request.split(b"\r\n", 1)[0].decode())
        loopback.closing.wait()

    with _listening(serve) as (told, loopback):
        yield told


@contextmanager
def black_hole() -> Iterator[FaultyServer]:
    """A port that never completes a connection: its backlog is full and no process accepts."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        place = listener.getsockname()
        waiting: list[socket.socket] = []
        try:
            while True:
                one = socket.socket()
                waiting.append(one)
                one.settimeout(0.2)
                try:
                    one.connect(place)
                except TimeoutError:
                    break
            yield FaultyServer(f"http://127.0.0.1:{place[1]}")
        finally:
            for one in waiting:
                one.close()


def refusing_address() -> str:
    """An address of 127.0.0.1 at which no server listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = probe.getsockname()
    with socket.socket() as client:
        assert client.connect_ex(place) == errno.ECONNREFUSED
    return f"http://127.0.0.1:{place[1]}"


@contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[tuple[FaultyServer, Loopback]]:
    loopback = Loopback(serve)
    try:
        yield FaultyServer(loopback.address), loopback
    finally:
        loopback.close()
