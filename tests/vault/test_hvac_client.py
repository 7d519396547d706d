"""`hvac_client` returns hvac's own client over our transport: its API, our login and our errors."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterator

import hvac
import pytest

from support.faults import refusing_address
from toriconfig._vault.adapter import hvac_client
from toriconfig.errors import VaultDenied, VaultError, VaultNotFound, VaultUnreachable
from toriconfig.testing import Canary, VaultServer, vault_server
from toriconfig.vault import AppRole

from .conftest import Connect


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({"secret/app": {"k": "v"}}) as server:
        yield server


def test_the_client_reads_writes_and_lists_as_hvac_does(server: VaultServer, connect: Connect) -> None:
    client = hvac_client(connect(server.environ).client)
    assert isinstance(client, hvac.Client)
    client.secrets.kv.v2.create_or_update_secret("made", {"k": 1}, cas=0)
    answer = client.secrets.kv.v2.read_secret_version("made", raise_on_deleted_version=True)
    assert {"k": 1} == answer["data"]["data"]
    assert {"app", "made"} <= set(client.secrets.kv.v2.list_secrets("")["data"]["keys"])
    assert client.sys.read_health_status(method="GET")["sealed"] is False
    assert 204 == client.secrets.kv.v2.delete_metadata_and_all_versions("made").status_code
    assert client.read("secret/data/nothing") is None


def test_a_path_that_hvac_quotes_is_not_quoted_again(server: VaultServer, connect: Connect) -> None:
    client = hvac_client(connect(server.environ).client)
    client.secrets.kv.v2.create_or_update_secret("a b@c", {"k": 1})
    assert {"k": 1} == server.get("secret/a b@c")
    assert {"k": 1} == client.read("secret/data/a b@c?version=1")["data"]["data"]


def test_a_path_that_could_mean_another_is_not_sent(server: VaultServer, connect: Connect) -> None:
    client = hvac_client(connect(server.environ).client)
    server.forget_requests()
    for path in ("secret/data/../../sys/health", "secret/data/%2e%2e/app"):
        with pytest.raises(VaultError, match="the path holds"):
            client.read(path)
    assert 0 == server.requests()


def test_a_namespace_that_the_adapter_names_is_used(server: VaultServer, connect: Connect) -> None:
    client = hvac_client(connect(server.environ).client)
    client.write("sys/namespaces/team")
    client.adapter.namespace = "team"
    assert "secret/" not in client.sys.list_mounted_secrets_engines()["data"]


def test_an_error_has_no_frame_of_ours_with_the_written_value(server: VaultServer, connect: Connect) -> None:
    canary = Canary()
    client = hvac_client(connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": server.new_token()}).client)
    with pytest.raises(VaultDenied) as caught:
        client.adapter.post("/v1/secret/data/app", json={"data": {"k": canary.secret}})
    frames = [one for one, _ in traceback.walk_tb(caught.value.__traceback__)]
    ours = [one for one in frames if one.f_globals["__name__"].startswith("toriconfig")]
    assert not [one for one in ours if canary.secret in repr(one.f_locals)]
    assert canary.secret not in str(caught.value)


def test_the_client_is_logged_in_as_the_session_is(server: VaultServer, connect: Connect) -> None:
    role = server.approle("client", server.policy("client", {"secret/data/app": ["read"]}))
    session = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, role.secret_id))
    assert {"k": "v"} == hvac_client(session.client).read("secret/data/app")["data"]["data"]


def test_errors_of_the_client_are_both_ours_and_hvacs_with_status_and_request(
    server: VaultServer, connect: Connect
) -> None:
    client = hvac_client(connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": server.new_token()}).client)
    with pytest.raises(hvac.exceptions.Forbidden, match='"read" on secret/data/app'):
        client.read("secret/data/app")
    with pytest.raises(VaultDenied, match='"read" on secret/data/app') as denied:
        client.read("secret/data/app")
    assert 403 == denied.value.status
    assert VaultDenied is type(pickle.loads(pickle.dumps(denied.value)))
    root = hvac_client(connect(server.environ).client)
    for kind in (VaultError, hvac.exceptions.InvalidRequest):
        with pytest.raises(kind, match="check-and-set parameter did not match"):
            root.secrets.kv.v2.create_or_update_secret("app", {"k": 1}, cas=0)
    with pytest.raises(VaultNotFound):
        root.secrets.kv.v2.read_secret_metadata("nothing")
    with pytest.raises(VaultUnreachable):
        hvac_client(connect({"VAULT_ADDR": refusing_address(), "VAULT_TOKEN": "t"}).client).sys.read_health_status(
            method="GET"
        )


def test_a_wrapping_token_can_be_opened_with_it(server: VaultServer, connect: Connect) -> None:
    client = hvac_client(connect(server.environ).client)
    wrapped = client.read("secret/data/app", wrap_ttl="60s")["wrap_info"]["token"]
    client.token = wrapped
    assert {"k": "v"} == client.sys.unwrap()["data"]["data"]
    client.token = None
    assert {"k": "v"} == client.read("secret/data/app")["data"]["data"]
