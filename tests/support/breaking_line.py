"""A line to a real Vault on which a test has single requests refused, lost or cut."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from support.loopback import Loopback, read_request

Fault = str
"""`403`, `500`: that answer, and Vault never gets the request; `lost`: Vault does it, and the answer is cut off; `cut`:
neither; `done, and: TEXT`: Vault does it, and the answer is that text; "": nothing happens."""

_INSTEAD = "done, and: "

_HOP = {"transfer-encoding", "connection", "content-length"}


class BreakingLine:
    """Forwards each request to Vault, with the fault that `fault` returns for it.

    Attributes:
        address: for `VAULT_ADDR`.
        fault: called with method and path, such as `("POST", "secret/data/app")`; set by the test at any time.
        seen: method and path of each request.
    """

    def __init__(self, target: str) -> None:
        self.seen: list[tuple[str, str]] = []
        self.fault: Callable[[str, str], Fault] = lambda method, path: ""
        self._target = urlsplit(target).netloc
        self._loopback = Loopback(self._serve)
        self.address = self._loopback.address

    def close(self) -> None:
        self._loopback.close()

    def _serve(self, connection: socket.socket) -> None:
        rest = b""
        while True:
            request, rest = read_request(connection, rest)
            if not request:
                return
            head, _, body = request.partition(b"\r\n\r\n")
            first, *lines = head.decode().split("\r\n")
            method, target, _ = first.split(" ")
            path = urlsplit(target).path.removeprefix("/v1/")
            self.seen.append((method, path))
            fault = self.fault(method, path)
            if fault in ("403", "500"):
                connection.sendall(_message(int(fault), json.dumps({"errors": [f"answer {fault}"]}).encode()))
                continue
            if fault == "cut":
                return
            answer = self._forward(method, target, lines, body)
            if fault == "lost":
                return
            if fault.startswith(_INSTEAD):
                answer = _message(200, fault.removeprefix(_INSTEAD).encode())
            connection.sendall(answer)

    def _forward(self, method: str, target: str, lines: list[str], body: bytes) -> bytes:
        headers = dict(line.split(": ", 1) for line in lines)
        upstream = http.client.HTTPConnection(self._target, timeout=30)
        try:
            upstream.request(method, target, body or None, headers)
            answer = upstream.getresponse()
            return _message(answer.status, answer.read(), dict(answer.getheaders()))
        finally:
            upstream.close()


def _message(status: int, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    given = {name: value for name, value in (headers or {}).items() if name.lower() not in _HOP}
    lines = [f"HTTP/1.1 {status} Because", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


@contextmanager
def breaking_line(target: str) -> Iterator[BreakingLine]:
    """A line to the Vault at that address."""
    line = BreakingLine(target)
    try:
        yield line
    finally:
        line.close()


def from_write(number: int, fault: Fault, *paths: str, times: int = 10**6) -> Callable[[str, str], Fault]:
    """The fault for the writes to these paths, from that one on, counted from 1."""
    count = [0]

    def decide(method: str, path: str) -> Fault:
        if method not in ("POST", "PUT", "PATCH") or path not in paths:
            return ""
        count[0] += 1
        return fault if number <= count[0] < number + times else ""

    return decide
