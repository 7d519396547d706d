"""An answer in a content encoding that was not asked for is refused before a byte of it is decompressed."""

from __future__ import annotations

import gzip
import json
import socket
import tomllib
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.loopback import Loopback
from toriconfig import VaultUnreachable
from toriconfig._vault.session import Session

BOMB = gzip.compress(b"0" * (256 << 20), 9)
ANSWER = json.dumps({"initialized": True, "sealed": False}).encode()
CODED = {
    "gzip": BOMB,
    "GZIP": BOMB,
    "x-gzip": BOMB,
    "gzip, gzip": gzip.compress(BOMB),
    "deflate": zlib.compress(b"0" * (64 << 20)),
    "br": b"\x00",
    "zstd": b"\x28\xb5\x2f\xfd",
    "identity, gzip": BOMB,
    "unheard-of": ANSWER,
}
Connect = Callable[..., Session]


class Coding:
    """A server whose every answer has this encoding and this body.

    Attributes:
        name: the value of `Content-Encoding`; None: no such header.
        asked: what it was last sent.
    """

    def __init__(self) -> None:
        self.name: str | None = None
        self.body = ANSWER
        self.asked = b""
        self.loopback = Loopback(self._serve)

    def _serve(self, connection: socket.socket) -> None:
        while asked := connection.recv(65536):
            self.asked = asked
            coding = f"Content-Encoding: {self.name}\r\n" if self.name is not None else ""
            head = f"HTTP/1.1 200 OK\r\n{coding}Content-Length: {len(self.body)}\r\n\r\n"
            connection.sendall(head.encode() + self.body)


@pytest.fixture(name="server")
def _server() -> Iterator[Coding]:
    server = Coding()
    yield server
    server.loopback.close()


def session(connect: Connect, server: Coding) -> Session:
    return connect({"VAULT_ADDR": server.loopback.address, "VAULT_TOKEN": "t"}, timeout=20.0)


@pytest.mark.parametrize("coding", CODED)
def test_an_encoding_that_was_not_requested_is_refused_and_costs_no_memory(
    coding: str, server: Coding, connect: Connect
) -> None:
    server.name, server.body = coding, CODED[coding]
    asking = session(connect, server)
    tracemalloc.start()
    try:
        with pytest.raises(VaultUnreachable, match="answered in an encoding that was not requested"):
            asking.client.request("GET", "sys/health", token="")
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("coding", [None, "identity", "Identity", ""])
def test_an_answer_as_it_is_is_read(coding: str | None, server: Coding, connect: Connect) -> None:
    server.name = coding
    assert session(connect, server).client.request("GET", "sys/health", token="").body["initialized"] is True


def test_no_encoding_is_requested(server: Coding, connect: Connect) -> None:
    session(connect, server).client.request("GET", "sys/health", token="")
    offered = [line for line in server.asked.lower().splitlines() if line.startswith(b"accept-encoding:")]
    assert set(offered) <= {b"accept-encoding: identity"}


def test_the_urllib3_that_decompresses_without_bound_is_not_accepted() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert "urllib3>=2.6,<3" in project["dependencies"]
