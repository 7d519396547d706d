"""A receiver of webhooks on the loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any


class Receiver:
    """Keeps each request; answers with `status`, or not at all while `hangs`.

    Attributes:
        requests: path, headers and body of each request.
        closing: set at the end; releases requests that hang.
    """

    def __init__(self, *, status: int = 204, hangs: bool = False) -> None:
        self.status, self.hangs = status, hangs
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.closing = Event()
        self.address = ""

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.requests]

    def signed_with(self, key: bytes) -> bool:
        """True if every request has the signature that Standard Webhooks defines."""
        for _, headers, body in self.requests:
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            if headers["webhook-signature"] != f"v1,{expected}":
                return False
        return bool(self.requests)


@contextmanager
def receiver(
    *, status: int = 204, hangs: bool = False, certificate: tuple[Path, Path] | None = None
) -> Iterator[Receiver]:
    """A receiver; with a certificate for localhost and its key by https."""
    found = Receiver(status=status, hangs=hangs)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            if found.hangs:
                found.closing.wait(60)
                return
            self.send_response(found.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.address = f"http://127.0.0.1:{server.server_port}"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        found.address = f"https://localhost:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
