"""Through an agent or proxy on this host, over TCP and over its unix socket, without a token."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.fake_vault import secret
from support.faults import refusing_address
from toriconfig._devserver import find_binary
from toriconfig.errors import VaultUnreachable
from toriconfig.testing import Keeper, ServerProcess, VaultServer, vault_server
from toriconfig.vault import Agent

from .conftest import Connect


@pytest.fixture(name="agent", scope="module")
def _agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[VaultServer, str, str]]:
    folder = tmp_path_factory.mktemp("agent")
    with vault_server({"secret/app": {"k": "v"}}) as server:
        role = server.approle("agent", server.policy("app", {"secret/data/app": ["read"]}))
        (folder / "role").write_text(role.role_id)
        (folder / "secret").write_text(role.secret_id)
        address, socket = refusing_address(), str(folder / "a.sock")
        (folder / "proxy.hcl").write_text(
            f"""
            vault {{ address = "{server.address}" }}
            auto_auth {{ method "approle" {{ config = {{
                role_id_file_path = "{folder}/role" secret_id_file_path = "{folder}/secret"
                remove_secret_id_file_after_reading = false }} }} }}
            api_proxy {{ use_auto_auth_token = true }}
            listener "tcp" {{ address = "{address.removeprefix("http://")}" tls_disable = true require_request_header = true }}
            listener "unix" {{ address = "{socket}" tls_disable = true }}
        """.replace(" secret_id_file_path", "\nsecret_id_file_path")
            .replace(" tls_disable", "\ntls_disable")
            .replace(" require_request", "\nrequire_request")
        )
        keeper = Keeper("agent")
        environ = {"HOME": str(folder), "PATH": os.environ.get("PATH", os.defpath)}
        process = ServerProcess([find_binary(), "proxy", f"-config={folder}/proxy.hcl"], keeper, environ)
        try:
            process.start()
            end = time.monotonic() + 20
            while not Path(socket).exists() and time.monotonic() < end:
                time.sleep(0.02)
            assert Path(socket).exists(), process.output()
            while "renewed auth token" not in process.output() and time.monotonic() < end:
                time.sleep(0.02)
            yield server, address, socket
        finally:
            process.stop(signal.SIGTERM)
            keeper.close()


def test_an_agent_is_reached_over_tcp_over_the_socket_and_by_the_variable(
    agent: tuple[VaultServer, str, str], connect: Connect
) -> None:
    _, address, socket = agent
    for auth in (Agent(address=address), Agent(socket=socket)):
        assert {"k": "v"} == secret(connect({}, auth=auth), "secret/app").get()
    for where in (address, f"unix://{socket}"):
        assert {"k": "v"} == secret(connect({"VAULT_AGENT_ADDR": where}), "secret/app").get()


def test_a_socket_that_is_not_there_is_named(connect: Connect) -> None:
    with pytest.raises(VaultUnreachable, match=r"unix:///nonexistent.sock cannot be connected to: No such file"):
        secret(connect({}, auth=Agent(socket="/nonexistent.sock")), "secret/app").get()
