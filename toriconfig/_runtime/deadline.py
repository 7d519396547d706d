"""The budget of one piece of work: until when it may run, and how to cut it short."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

SLICE = 0.05
"""Seconds that the last attempt leaves unused, so that its own error arrives before the deadline does."""


class Deadline:
    """Deadline of one piece of work, and the socket that the work waits on.

    Socket timeouts do not bound name resolution, nor an answer that drips. So whoever waits for the
    work gives up at the deadline by himself, and `cut` wakes the abandoned work where that can be done.

    Attributes:
        at: monotonic seconds.
        connecting: whether a connection is being made just now.
        sent: whether bytes of the request under way may have reached Vault.
    """

    __slots__ = ("_cut", "_now", "_owned", "_socket", "at", "connecting", "sent")

    def __init__(self, at: float, now: Callable[[], float]) -> None:
        self.at = at
        self.connecting = self.sent = False
        self._now = now
        self._socket: Any = None
        self._owned = False
        self._cut = threading.Event()

    def remaining(self) -> float:
        """Seconds left, 0 when none are."""
        return 0.0 if self._cut.is_set() else max(0.0, self.at - self._now())

    def pause(self, seconds: float) -> bool:
        """Wait before another try; False when the budget does not allow it."""
        if seconds + SLICE >= self.remaining():
            return False
        return not self._cut.wait(seconds)

    def hold(self, sock: Any, *, owned: bool = False) -> None:
        """Remember the socket that the work will wait on; an owned one is closed when the next is held."""
        held, was_owned = self._socket, self._owned
        self._socket, self._owned = sock, owned
        if was_owned:
            held.close()
        if self._cut.is_set():
            self.cut()

    def cut(self) -> None:
        """End the work from another thread: the socket it waits on is shut down."""
        import socket

        self._cut.set()
        held = self._socket
        if held is not None:
            try:
                # the plain method: SSLSocket's own would pull the TLS object from under the reader
                socket.socket.shutdown(held, socket.SHUT_RDWR)
            except OSError:
                return
