"""KV v1 and v2, pinned, deleted, nested, by a token that may read nothing else; and paths that are not KV."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.fake_vault import secret
from toriconfig._core.markers import ParsedReference
from toriconfig._devserver import wait_for
from toriconfig._runtime.deadline import Deadline
from toriconfig.errors import VaultDenied, VaultNotFound, VaultUnreachable
from toriconfig.testing import VaultServer, vault_server

from .conftest import Connect


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server() as server:
        server.mount_kv("old", version=1)
        server.mount_kv("team/deep/kv", version=2)
        server.mount_kv("team/old", version=1)
        yield server


@pytest.mark.parametrize(
    ("path", "seen", "version"),
    [
        ("secret/app", "secret/data/app", 1),
        ("secret/a/b/c", "secret/data/a/b/c", 1),
        ("secret/creds/x", "secret/data/creds/x", 1),
        ("team/deep/kv/app", "team/deep/kv/data/app", 1),
        ("old/app", "old/app", None),
        ("team/old/a/b", "team/old/a/b", None),
    ],
)
def test_a_token_that_may_read_one_path_reads_it_from_any_engine(
    server: VaultServer, connect: Connect, path: str, seen: str, version: int | None
) -> None:
    server.put(path, {"k": path, "n": 1})
    name = server.policy(path.replace("/", "-"), {seen: ["read"]})
    session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": server.new_token(name)})
    held = secret(session, path)
    assert {"k": path, "n": 1} == held.get()
    assert version == held.version
    assert f"vault {path}" + (" v1" if version else "") == str(held.origin)


def test_reading_a_v2_secret_costs_one_request_and_no_look_up_of_mounts(server: VaultServer, connect: Connect) -> None:
    server.put("secret/cheap", {"k": "v"})
    token = server.new_token(server.policy("cheap", {"secret/data/cheap": ["read"]}))
    secret(connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": token}), "secret/cheap").get()
    assert 1 == server.requests(path="secret/data/cheap", operation="read")
    assert 0 == server.requests(path="sys/internal/ui/mounts/secret/cheap", operation="read")


def test_the_kind_of_a_mount_is_looked_up_once(server: VaultServer, connect: Connect) -> None:
    session = connect(server.environ)
    server.forget_requests()
    for name in "abc":
        server.put(f"old/{name}", {"k": name})
        secret(session, f"old/{name}").get()
    assert 1 == server.requests(path="sys/internal/ui/mounts/old/*", operation="read")


def test_a_mount_that_is_moved_to_version_2_is_noticed(server: VaultServer, connect: Connect) -> None:
    server.mount_kv("moving", version=1)
    server.put("moving/app", {"k": "one"})
    session = connect(server.environ, refresh_interval=0.1)
    held = secret(session, "moving/app")
    assert {"k": "one"} == held.get()
    server.client.sys.tune_mount_configuration("moving", options={"version": "2"})
    wait_for(lambda: held.version == 1, timeout=20, what="version 2 was not noticed")
    assert {"k": "one"} == held.get()


def test_a_mount_that_is_replaced_by_one_of_version_1_or_by_one_below_it_is_noticed(
    server: VaultServer, connect: Connect
) -> None:
    sys = server.client.sys
    server.mount_kv("replaced", version=2)
    server.put("replaced/app", {"k": "two"})
    session = connect(server.environ, refresh_interval=0.1)
    held = secret(session, "replaced/app")
    assert {"k": "two"} == held.get()
    sys.disable_secrets_engine("replaced")
    server.mount_kv("replaced", version=1)
    server.put("replaced/app", {"k": "one"})
    wait_for(lambda: held.get(None) == {"k": "one"}, timeout=20, what="version 1 was not noticed")
    sys.disable_secrets_engine("replaced")
    server.mount_kv("replaced/below", version=2)
    server.put("replaced/below/app", {"k": "deep"})
    assert {"k": "deep"} == secret(session, "replaced/below/app").get()


def test_a_mount_is_not_checked_again_for_each_missing_path(server: VaultServer, connect: Connect) -> None:
    server.put("secret/there", {"k": "v"})
    session = connect(server.environ)
    secret(session, "secret/there").get()
    server.forget_requests()
    for _ in range(3):
        absent = session.mounts.fetch(
            ParsedReference("secret/absent"), Deadline(session.executor.now() + 5, session.executor.now), relogin=False
        )
        assert isinstance(absent, VaultNotFound)
    assert 3 == server.requests(path="secret/data/absent", operation="read")
    assert 1 == server.requests(path="sys/internal/ui/mounts/secret/absent", operation="read")


@pytest.mark.parametrize(
    "beside",
    [{"k": "wrong"}, {"data": {"k": "wrong"}, "metadata": {"owner": "us"}}, {"data": {"k": "wrong"}, "metadata": {}}],
)
def test_a_data_key_in_kv_version_1_is_not_taken_for_version_2(
    server: VaultServer, connect: Connect, beside: dict[str, object]
) -> None:
    server.put("old/beside", {"k": "right"})
    server.put("old/data/beside", beside)
    assert {"k": "right"} == secret(connect(server.environ), "old/beside").get()


def test_a_pinned_version_is_read_and_stays(server: VaultServer, connect: Connect) -> None:
    server.put("secret/pin", {"k": "one"})
    server.put("secret/pin", {"k": "two"})
    session = connect(server.environ)
    assert {"k": "one"} == secret(session, "secret/pin", 1).get()
    assert {"k": "two"} == secret(session, "secret/pin").get()
    assert "secret/pin?version=1" == session.path("secret/pin", 1).reference


@pytest.mark.parametrize("folder", ["issue", "creds"])
def test_a_pinned_version_is_read_from_any_path(server: VaultServer, connect: Connect, folder: str) -> None:
    path = f"secret/{folder}/tracker"
    for text in ("one", "two"):
        server.put(path, {"k": text})
    assert {"k": "one"} == secret(connect(server.environ), f"{path}?version=1").get()


@pytest.mark.parametrize("query", ["version=1", "common_name=tori.internal"])
@pytest.mark.parametrize("mount", ["old", "secret"])
def test_a_read_never_writes_into_an_engine_that_stores_requests(
    server: VaultServer, connect: Connect, mount: str, query: str
) -> None:
    path = f"{mount}/issue/kept"
    server.put(path, {"k": "v"})
    server.forget_requests()
    secret(connect(server.environ), f"{path}?{query}").get(None)
    assert 0 == server.requests(operation="update") + server.requests(operation="create")
    assert {"k": "v"} == server.get(path)


def test_a_version_of_an_engine_without_versions_is_named(server: VaultServer, connect: Connect) -> None:
    server.put("old/pin", {"k": "v"})
    with pytest.raises(VaultNotFound, match="old/pin has no versions"):
        secret(connect(server.environ), "old/pin", 3).get()


def test_deleted_destroyed_and_never_written_are_distinguished(server: VaultServer, connect: Connect) -> None:
    session = connect(server.environ)
    server.put("secret/gone", {"k": "v"})
    server.delete("secret/gone")
    with pytest.raises(VaultNotFound, match="version 1 of secret/gone was deleted"):
        secret(session, "secret/gone").get()
    server.put("secret/broken", {"k": "v"})
    server.client.secrets.kv.v2.destroy_secret_versions("broken", [1], mount_point="secret")
    with pytest.raises(VaultNotFound, match="version 1 of secret/broken was destroyed"):
        secret(session, "secret/broken").get()
    with pytest.raises(VaultNotFound, match="holds nothing at secret/never"):
        secret(session, "secret/never").get()


def test_the_error_of_a_pinned_version_does_not_affect_the_path(server: VaultServer, connect: Connect) -> None:
    for text in ("one", "two"):
        server.put("secret/pinned", {"k": text})
    session = connect(server.environ)
    with pytest.raises(VaultNotFound, match="Vault holds no version 3 of secret/pinned"):
        secret(session, "secret/pinned?version=3").get()
    for version, undone, remedy in [(1, "destroy", ""), (2, "delete", ", or undelete it")]:
        server.client.adapter.post(f"/v1/secret/{undone}/pinned", json={"versions": [version]})
        with pytest.raises(VaultNotFound, match=f"version {version} of secret/pinned was {undone}") as caught:
            secret(session, f"secret/pinned?version={version}").get()
        assert f"name another version{remedy}" == caught.value.help


@pytest.mark.parametrize(
    ("path", "kind", "says"),
    [
        ("nowhere/x", VaultNotFound, "no secrets engine is mounted at nowhere/x"),
        ("secret/data/app", VaultNotFound, "write the logical path: secret/app"),
        ("sys/health", VaultUnreachable, "not Vault's answer"),
        ("database/creds/x", VaultNotFound, "no secrets engine is mounted at database/creds/x"),
    ],
)
def test_a_path_that_is_no_secret_is_named(
    server: VaultServer, connect: Connect, path: str, kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=says):
        secret(connect(server.environ), path).get()


def test_a_path_that_a_policy_forbids_is_denied_by_the_name_that_the_policy_needs(
    server: VaultServer, connect: Connect
) -> None:
    server.put("secret/hidden", {"k": "v"})
    session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": server.new_token()})
    with pytest.raises(VaultDenied, match='"read" on secret/data/hidden') as caught:
        secret(session, "secret/hidden").get()
    assert 403 == caught.value.status


@pytest.mark.parametrize("path", ["secret/../sys/x", "secret//x", "/secret/x", "secret/x?y", "secret/a%2fb", ""])
def test_a_path_that_could_mean_another_is_never_sent(connect: Connect, path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        connect({"VAULT_ADDR": "http://127.0.0.1:1"}).path(path)


def test_a_namespace_keeps_secrets_apart(server: VaultServer, connect: Connect) -> None:
    root = server.client
    root.sys.create_namespace("team-a")
    session = connect(server.environ, namespace="team-a")
    session.client.request("POST", "sys/mounts/kv", {"type": "kv", "options": {"version": "1"}})
    session.client.request("POST", "kv/x", {"k": "inside"})
    assert {"k": "inside"} == secret(session, "kv/x").get()
    with pytest.raises(VaultNotFound, match="no secrets engine is mounted at kv/x"):
        secret(connect(server.environ), "kv/x").get()
    with pytest.raises(VaultNotFound, match="team-z"):
        secret(connect(server.environ, namespace="team-z"), "kv/x").get()
