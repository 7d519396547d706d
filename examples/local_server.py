"""Base class of the real servers of examples and tests: a process on a free port of 127.0.0.1."""

from __future__ import annotations

import os
import signal
import socket
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

from toriconfig.testing import Keeper, ServerProcess

_ATTEMPTS = 5


class LocalServer(ABC):
    """A running server. It ends with its `with` statement, or with this process.

    Args:
        timeout: seconds for one start.

    Attributes:
        host, port: where it listens.
        password: of its administrator.

    Raises:
        RuntimeError: it did not come up; the message holds its log.
    """

    title: ClassVar[str]
    """Name of the product, for messages."""
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    last_signal: ClassVar[signal.Signals] = signal.SIGKILL
    """Signal that ends the server when its files are removed."""

    host = "127.0.0.1"
    password: str
    account: int | None = None
    """User id that the server runs as; None: the current user."""

    def __init__(self, *, timeout: float) -> None:
        self._timeout = timeout
        self._keeper = Keeper(self.title.lower(), last_signal=self.last_signal)
        self.directory: Path = self._keeper.directory
        try:
            self._prepare()
            self._first_start()
        except BaseException:
            self.close()
            raise

    @abstractmethod
    def _prepare(self) -> None:
        """Write the files that the server needs at its start, into `directory`."""

    @abstractmethod
    def _command(self) -> list[str]:
        """Return the program and its arguments; `port` is known."""

    @abstractmethod
    def _ready(self) -> str:
        """Return the text in the log of a server that has come up."""

    def _environ(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}

    def _first_start(self) -> None:
        for attempts_left in reversed(range(_ATTEMPTS)):
            self.port = _free_port()
            self._process = ServerProcess(self._command(), self._keeper, self._environ(), user=self.account)
            try:
                self.start()
                return
            except RuntimeError as error:
                if not attempts_left or "in use" not in str(error):
                    raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def start(self) -> None:
        """Start it on its port, with what it held at `stop`.

        Raises:
            RuntimeError: it did not come up; the message holds its log.
        """
        self._process.start()
        end = time.monotonic() + self._timeout
        while self._ready() not in self._process.output():
            if not self._process.is_running or time.monotonic() > end:
                self._process.stop(signal.SIGKILL)
                raise RuntimeError(f"{self.title} did not come up:\n{self._process.output()}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it, and every session with it; connections are refused until `start`."""
        self._process.stop(self.stop_signal)

    def pause(self) -> None:
        """Suspend it: it accepts connections, and does not answer."""
        self._process.pause()

    def resume(self) -> None:
        """Continue it after `pause`."""
        self._process.resume()

    def output(self) -> str:
        """Return its log since its start."""
        return self._process.output()

    def close(self) -> None:
        """End it and remove its files. A second call does nothing."""
        if hasattr(self, "_process"):
            self._process.stop(self.last_signal)
        self._keeper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.host}:{self.port})"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LocalServer.host, 0))
        port: int = probe.getsockname()[1]
        return port
