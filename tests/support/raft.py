"""Three real servers as one Raft cluster on the loopback."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import hvac
import hvac.exceptions

from toriconfig._devserver import find_binary, free_ports, wait_for
from toriconfig._devserver.process import Keeper, ServerProcess
from toriconfig.testing._audit import AuditLog
from toriconfig.testing._server import enable_kv

_CONFIG = """
disable_mlock = true
ui = false
api_addr = "http://127.0.0.1:{port}"
cluster_addr = "https://127.0.0.1:{cluster_port}"
storage "raft" {{
  path = "{data}"
  node_id = "{name}"
  performance_multiplier = 1
  {joins}
}}
listener "tcp" {{
  address = "127.0.0.1:{port}"
  cluster_address = "127.0.0.1:{cluster_port}"
  tls_disable = true
}}
audit "file" "main" {{ options {{ file_path = "{audit}" }} }}
"""
_PATIENCE = 60.0


class RaftNode:
    """One server of the cluster.

    Attributes:
        name: `n1`, `n2` or `n3`.
        address: its URL.
    """

    def __init__(self, number: int, keeper: Keeper) -> None:
        self.name = f"n{number}"
        self.port = free_ports(2)
        self.address = f"http://127.0.0.1:{self.port}"
        self.directory = keeper.directory / self.name
        self.directory.mkdir()
        self._keeper = keeper
        self._client = hvac.Client(url=self.address, timeout=5)
        self._client.session.trust_env = False
        self._configured: ServerProcess | None = None

    def configure(self, others: list[RaftNode]) -> None:
        joins = "\n  ".join(f'retry_join {{ leader_api_addr = "{other.address}" }}' for other in others)
        data = self.directory / "data"
        data.mkdir()
        config = self.directory / "node.hcl"
        config.write_text(
            _CONFIG.format(
                port=self.port,
                cluster_port=self.port + 1,
                data=data,
                name=self.name,
                joins=joins,
                audit=self._keeper.directory / "audit.jsonl",
            )
        )
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("VAULT_", "BAO_"))}
        command = [find_binary(), "server", f"-config={config}"]
        self._configured = ServerProcess(command, self._keeper, {**kept, "HOME": str(self.directory)}, log=self.name)

    @property
    def process(self) -> ServerProcess:
        assert self._configured
        return self._configured

    def client(self, token: str) -> hvac.Client:
        """A client of this node; sessions are shared, the caller closes nothing."""
        self._client.token = token
        return self._client

    def seal_status(self) -> dict[str, Any]:
        """`sys/seal-status`, or {} while the node does not answer."""
        try:
            status: dict[str, Any] = self._client.sys.read_seal_status()
        except Exception:  # noqa: BLE001 - whatever it is, the node is not up yet
            return {}
        return status

    def is_leader(self) -> bool:
        """True if the node reports that it is the leader."""
        try:
            return bool(self._client.sys.read_leader_status().get("is_self"))
        except Exception:  # noqa: BLE001 - a node that does not answer does not lead
            return False

    def close(self) -> None:
        if self._configured:
            self._configured.stop(signal.SIGKILL)
        self._client.session.close()


class RaftCluster:
    """Three nodes, unsealed, all voters, KV v2 at `secret/`.

    Attributes:
        nodes: in order of their names.
        token: the root token.
        audit: log of all requests; all nodes append to the same file, line by line.
    """

    def __init__(self, keeper: Keeper) -> None:
        self.audit = AuditLog(keeper.directory / "audit.jsonl")
        self.nodes = [RaftNode(number, keeper) for number in (1, 2, 3)]
        try:
            self._form()
        except BaseException:
            self.close()
            raise

    def _form(self) -> None:
        for node in self.nodes:
            node.configure([other for other in self.nodes if other is not node])
            node.process.start()
        first = self.nodes[0]
        wait_for(lambda: bool(first.seal_status()), timeout=_PATIENCE, what="the first node did not answer")
        made = first.client("").sys.initialize(1, 1)
        self.token: str = made["root_token"]
        self._key: str = made["keys_base64"][0]
        self.unseal(first)
        # A follower may vote once it has been stable for this long; the default is ten seconds.
        self.client.write_data("sys/storage/raft/autopilot/configuration", data={"server_stabilization_time": "1s"})
        for node in self.nodes[1:]:
            self.unseal(node)
        wait_for(lambda: self.voters() == 3, timeout=_PATIENCE, what="not all nodes may vote", every=0.2)
        enable_kv(self.client, "secret", version=2)

    def close(self) -> None:
        for node in self.nodes:
            node.close()

    @property
    def environ(self) -> Mapping[str, str]:
        """Variables that a program needs in its environment; the addresses separated by commas."""
        return {"VAULT_ADDR": ",".join(node.address for node in self.nodes), "VAULT_TOKEN": self.token}

    @property
    def client(self) -> hvac.Client:
        """A client of the leader with the root token."""
        return self.leader().client(self.token)

    def leader(self) -> RaftNode:
        """The leader; waits until there is one."""
        found: list[RaftNode] = []

        def look() -> bool:
            found[:] = [node for node in self.nodes if node.process.is_running and node.is_leader()]
            return len(found) == 1

        wait_for(look, timeout=_PATIENCE, what="no node came to lead", every=0.05)
        return found[0]

    def voters(self) -> int:
        """Number of nodes that may vote; a new follower may not for some seconds."""
        answer = self.client.sys.read_raft_config()
        return sum(bool(server["voter"]) for server in answer["data"]["config"]["servers"])

    def kill(self, node: RaftNode) -> None:
        """End a node suddenly."""
        node.process.stop(signal.SIGKILL)

    def start(self, node: RaftNode) -> None:
        """Start a node again after `kill`, and unseal it; it has kept its data."""
        node.process.start()
        self.unseal(node)

    def unseal(self, node: RaftNode) -> None:
        """Unseal a node as soon as it has joined; one that ended by itself, its port taken for a while, is started again."""

        def done() -> bool:
            if not node.process.is_running:
                node.process.start()
            status = node.seal_status()
            if status.get("initialized") and status.get("sealed"):
                try:
                    node.client("").sys.submit_unseal_key(self._key)
                except hvac.exceptions.VaultError:
                    return False  # it has joined, and not yet got what the key opens
                status = node.seal_status()
            return status.get("sealed") is False

        wait_for(done, timeout=_PATIENCE, what=f"{node.name} did not unseal", every=0.1)


@contextmanager
def raft_cluster() -> Iterator[RaftCluster]:
    """Three nodes that have elected a leader; about ten seconds until all may vote."""
    keeper = Keeper("toriconfig-raft")
    try:
        cluster = RaftCluster(keeper)
        try:
            yield cluster
        finally:
            cluster.close()
    finally:
        keeper.close()
