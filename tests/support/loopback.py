"""A TCP server on 127.0.0.1 whose every connection is served by a function on a thread of its own."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Event, Lock, Thread


class Loopback:
    """Listens until `close`. `serve` gets each connection; an OSError in it ends that connection only.

    Attributes:
        connections: number of accepted ones.
        closing: set by `close`; what `serve` waits on instead of sleeping.
    """

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self.connections = 0
        self.closing = Event()
        self._serve = serve
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = Thread(target=self._accept, name="loopback", daemon=True)
        self._acceptor.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self.closing.is_set():
                    connection.close()
                    return
                self.connections += 1
                self._open.add(connection)
                thread = Thread(target=self._run, args=(connection,), name="loopback-connection", daemon=True)
                self._threads.append(thread)
            thread.start()

    def _run(self, connection: socket.socket) -> None:
        try:
            with connection:
                self._serve(connection)
        except OSError:
            return
        finally:
            with self._lock:
                self._open.discard(connection)

    def close(self) -> None:
        with self._lock:
            self.closing.set()
            still_open = list(self._open)
        for one in (self._listener, *still_open):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self._listener.close()
        self._acceptor.join(5)
        for thread in self._threads:
            thread.join(5)


def read_request(connection: socket.socket, already: bytes = b"") -> tuple[bytes, bytes]:
    """One HTTP message with a Content-Length, whole, and what came after it; (b"", b"") at the end of the stream."""
    data = already
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b"", b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        chunk = connection.recv(65536)
        if not chunk:
            return b"", b""
        body += chunk
    return head + b"\r\n\r\n" + body[:length], body[length:]
