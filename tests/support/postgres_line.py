"""A line to a real PostgreSQL that a test can cut."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Literal

from support.loopback import Loopback

Fate = Literal["pass", "cut", "lose"]
"""What becomes of what a client sends: it passes; it and the connection are cut off; it passes, and the answer is cut."""


class PostgresLine:
    """Forwards bytes both ways.

    Attributes:
        port: port of the listener.
        fate: called with what a client sends; set by the test at any time.
    """

    def __init__(self, host: str, port: int) -> None:
        self.fate: Callable[[bytes], Fate] = lambda sent: "pass"
        self._target = (host, port)
        self._loopback = Loopback(self._serve)
        self.port = self._loopback.port

    def close(self) -> None:
        self._loopback.close()

    def _serve(self, client: socket.socket) -> None:
        with socket.create_connection(self._target, timeout=30) as server:
            answers = Thread(target=_pump, args=(server, client), daemon=True)
            answers.start()
            while sent := client.recv(65536):
                fate = self.fate(sent)
                if fate == "lose":
                    client.shutdown(socket.SHUT_RDWR)  # before the answer can pass
                    server.sendall(sent)
                    server.shutdown(socket.SHUT_WR)
                    answers.join(10)
                    return
                if fate == "cut":
                    break
                server.sendall(sent)
            server.shutdown(socket.SHUT_RDWR)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_RDWR)
    except OSError:
        while True:  # read the server to its end, so that it completes the statement
            try:
                if not source.recv(65536):
                    return
            except OSError:
                return


@contextmanager
def postgres_line(host: str, port: int) -> Iterator[PostgresLine]:
    """A line to the PostgreSQL there."""
    line = PostgresLine(host, port)
    try:
        yield line
    finally:
        line.close()


def once(word: bytes, fate: Fate, *, times: int = 1) -> Callable[[bytes], Fate]:
    """That fate for what holds the word, so many times."""
    left = [times]

    def decide(sent: bytes) -> Fate:
        if word in sent and left[0]:
            left[0] -= 1
            return fate
        return "pass"

    return decide
