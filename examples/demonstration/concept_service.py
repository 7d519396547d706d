"""A service that says what a text is about, to those who have the API key: the current one or the one before."""

from __future__ import annotations

import hmac
import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ConceptServer(ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1.

    Attributes:
        accepted: how many requests came with the current key, and how many with the one before.
        refused: how many came with none of the two.
    """

    daemon_threads = True

    def __init__(self, key: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.accepted = Counter[str]()
        self.refused = 0
        self._keys: tuple[str, ...] = (key,)
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"

    def rotate(self, key: str) -> None:
        """Accept `key` from now on, and besides it only the one that was current until now."""
        self._keys = (key, self._keys[0])

    def admit(self, authorization: str) -> bool:
        """True if a request with that header is answered; counted."""
        given = authorization.removeprefix("Bearer ").encode()
        names = ("current", "previous")
        name = next(
            (n for n, key in zip(names, self._keys, strict=False) if hmac.compare_digest(given, key.encode())), ""
        )
        with self._lock:
            if name:
                self.accepted[name] += 1
            else:
                self.refused += 1
        return bool(name)


class _Handler(BaseHTTPRequestHandler):
    server: ConceptServer

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.server.admit(self.headers.get("Authorization", "")):
            self.send_error(401)
            return
        body = json.dumps({"concepts": _concepts(**json.loads(asked))}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        """Say nothing: the counts are in the report."""


def _concepts(texts: Sequence[str], at_most: int, without: Sequence[str]) -> list[list[str]]:
    """The longer words of each text, most frequent first, as long as they are among the `at_most` of all texts."""
    common = set(without)
    counts = [Counter(word for word in text.lower().split() if len(word) > 4 and word not in common) for text in texts]
    kept = {word for word, _ in sum(counts, Counter[str]()).most_common(at_most)}
    return [[word for word, _ in count.most_common(8) if word in kept] for count in counts]


@contextmanager
def concept_service(key: str) -> Iterator[ConceptServer]:
    """A running service that accepts `key`, gone at the end of the block."""
    with ConceptServer(key) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
