"""One real server with persistent storage: a restart keeps its data, leases included."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import hvac

from support.raft import RaftNode
from toriconfig._devserver import wait_for
from toriconfig._devserver.process import Keeper
from toriconfig.testing._server import enable_kv

_PATIENCE = 60.0


class DurableServer:
    """A Raft cluster of one node, unsealed, with KV v2 at `secret/`.

    Attributes:
        up_since: monotonic seconds since which it answers; infinity while it does not.
        token: the root token.
        crashes: the last lines of the process for each time that it ended by itself.
    """

    def __init__(self, keeper: Keeper) -> None:
        self._node = RaftNode(1, keeper)
        self.up_since = float("inf")
        self.crashes: list[str] = []
        self._node.configure([])
        self._node.process.start()
        wait_for(lambda: bool(self._node.seal_status()), timeout=_PATIENCE, what="the node did not answer")
        made = self._node.client("").sys.initialize(1, 1)
        self.token: str = made["root_token"]
        self._key: str = made["keys_base64"][0]
        self.unseal()
        enable_kv(self.client, "secret", version=2)

    @property
    def client(self) -> hvac.Client:
        """A client with the root token."""
        return self._node.client(self.token)

    @property
    def environ(self) -> Mapping[str, str]:
        """Variables that a program needs in its environment."""
        return {"VAULT_ADDR": self._node.address, "VAULT_TOKEN": self.token}

    def kill(self) -> None:
        """End it suddenly."""
        self.up_since = float("inf")
        self._node.process.stop(signal.SIGKILL)

    def start(self) -> None:
        """Start it again after `kill`, and unseal it."""
        self._node.process.start()
        self.unseal()

    def seal(self) -> None:
        """Seal it."""
        self.up_since = float("inf")
        self.client.sys.seal()

    def unseal(self) -> None:
        """Unseal it, and wait until it answers as the leader."""

        def done() -> bool:
            if not self._node.process.is_running:
                self.crashes.append(self._node.process.output()[-2000:])
                self._node.process.start()
            status: dict[str, Any] = self._node.seal_status()
            if status.get("sealed"):
                self._node.client("").sys.submit_unseal_key(self._key)
            return status.get("sealed") is False and self._node.is_leader()

        wait_for(done, timeout=_PATIENCE, what="the node did not unseal", every=0.05)
        self.up_since = time.monotonic()

    def pause(self) -> None:
        """Freeze it."""
        self.up_since = float("inf")
        self._node.process.pause()

    def resume(self) -> None:
        """Resume it after `pause`."""
        self._node.process.resume()
        self.up_since = time.monotonic()

    def close(self) -> None:
        """End it."""
        self._node.close()


@contextmanager
def durable_server() -> Iterator[DurableServer]:
    """One server with persistent storage, removed at the end of the block."""
    keeper = Keeper("toriconfig-durable")
    try:
        server = DurableServer(keeper)
        try:
            yield server
        finally:
            server.close()
    finally:
        keeper.close()
