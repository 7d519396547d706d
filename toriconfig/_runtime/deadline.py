"""Deadline of one request, with a method to cancel the request from another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

SLICE = 0.05
"""Seconds that the last attempt leaves unused, so that its own error comes before the deadline."""


class Deadline:
    """Deadline of one request, and the socket that the request waits on.

    At the deadline, another thread calls `cancel`, which shuts the socket down. A socket timeout is not enough,
    because it limits neither name resolution nor an answer that arrives in small pieces.

    Attributes:
        at: the deadline, in monotonic seconds.
        connecting: True while a connection is being made.
        sent: True if bytes of the request may have reached the server.
    """

    __slots__ = ("_cancelled", "_now", "_owned", "_socket", "at", "connecting", "sent")

    def __init__(self, at: float, now: Callable[[], float]) -> None:
        self.at = at
        self.connecting = self.sent = False
        self._now = now
        self._socket: Any = None
        self._owned = False
        self._cancelled = threading.Event()

    def remaining(self) -> float:
        """Number of seconds until the deadline; 0 after the deadline and after `cancel`."""
        return 0.0 if self._cancelled.is_set() else max(0.0, self.at - self._now())

    def pause(self, seconds: float) -> bool:
        """Wait `seconds`, and return True. Return False as soon as `cancel` is called.

        If too little time would be left for another attempt, return False at once.
        """
        if seconds + SLICE >= self.remaining():
            return False
        return not self._cancelled.wait(seconds)

    def hold(self, sock: Any, *, owned: bool = False) -> None:
        """Set the socket that the request waits on. If `cancel` was called, shut the socket down.

        Args:
            sock: the socket.
            owned: True: this deadline closes `sock` when another socket is set.
        """
        held, was_owned = self._socket, self._owned
        self._socket, self._owned = sock, owned
        if was_owned:
            held.close()
        if self._cancelled.is_set():
            self.cancel()

    def cancel(self) -> None:
        """End the request by shutting down its socket. Any thread can call this method."""
        import socket

        self._cancelled.set()
        held = self._socket
        if held is not None:
            try:
                # not the method of SSLSocket, which would remove the TLS object while the reader uses it
                socket.socket.shutdown(held, socket.SHUT_RDWR)
            except OSError:
                return
