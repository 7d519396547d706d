"""A wrapping token as `VAULT_TOKEN`, and a namespace of its own for the login, at a real OpenBao."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import hvac
import pytest
from pydantic import BaseModel

from support.fake_vault import secret
from toriconfig import Ref, Secret, SettingsConfigDict, load
from toriconfig._vault import shutdown
from toriconfig._vault.adapter import hvac_client
from toriconfig.errors import VaultDenied, VaultNotFound
from toriconfig.testing import VaultServer, vault_server
from toriconfig.vault import AppRole, HvacLogin, Login, Token, UserPass

from .conftest import Connect


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({"secret/app": {"k": "v"}}) as server:
        server.policy("app", {"secret/data/app": ["read"]})
        server.client.sys.enable_auth_method("userpass")
        for namespace in ("team", "other"):
            server.client.write(f"sys/namespaces/{namespace}")
        team = hvac.Client(server.address, server.token, namespace="team")
        team.sys.enable_auth_method("userpass")
        team.auth.userpass.create_or_update_user("ann", "right-pin-1", policies=["app"])
        team.sys.create_or_update_policy("app", 'path "secret/data/app" { capabilities = ["read"] }')
        team.sys.enable_secrets_engine("kv", "secret", options={"version": "2"})
        team.secrets.kv.v2.create_or_update_secret("app", {"k": "team"})
        server.client.auth.userpass.create_or_update_user("bob", "right-pin-1", policies=["up"])
        server.policy("up", {"team/secret/data/app": ["read"]})
        yield server


def _wrapped(server: VaultServer, **given: Any) -> str:
    token: str = server.client.auth.token.create(policies=["app"], wrap_ttl="60s", **given)["wrap_info"]["token"]
    return token


def test_a_wrapping_token_in_the_variable_is_opened_once(server: VaultServer, connect: Connect) -> None:
    environ = {"VAULT_ADDR": server.address, "VAULT_TOKEN": _wrapped(server)}
    server.forget_requests()
    for number in range(3):
        session = connect(environ, auth=Token(wrapped=True), refresh_interval=50.0 + number)
        assert {"k": "v"} == secret(session, "secret/app").get()
    assert 1 == server.requests("sys/wrapping/unwrap")


def test_a_variable_declares_that_the_token_is_wrapped(server: VaultServer, tmp_path: Path) -> None:
    class App(BaseModel):
        model_config = SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__")
        key: Annotated[Secret[str], Ref("secret/app#k")]

    environ = {"VAULT_ADDR": server.address, "VAULT_TOKEN": _wrapped(server), "APP_VAULT__AUTH__WRAPPED": "true"}
    assert "v" == load(App, environ=environ, config_dir=tmp_path).key.get()
    shutdown()


def test_an_undeclared_wrapping_token_is_refused_with_the_remedy(server: VaultServer, connect: Connect) -> None:
    session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": _wrapped(server)})
    with pytest.raises(VaultDenied) as caught:
        secret(session, "secret/app").get()
    assert "`Token(wrapped=True)`" in caught.value.help


def test_the_wrapped_token_of_a_login_and_of_a_file_is_opened(
    server: VaultServer, connect: Connect, tmp_path: Path
) -> None:
    role = server.approle("wraps", "app")
    login = {"role_id": role.role_id, "secret_id": role.secret_id}
    made = server.client.adapter.post("/v1/auth/approle/login", json=login, wrap_ttl="60s")["wrap_info"]["token"]
    (tmp_path / "sink").write_text(made + "\n")
    session = connect({"VAULT_ADDR": server.address}, auth=Token(file=str(tmp_path / "sink"), wrapped=True))
    assert {"k": "v"} == secret(session, "secret/app").get()


def test_a_token_that_was_wrapped_for_the_program_is_not_revoked_at_shutdown(
    server: VaultServer, connect: Connect
) -> None:
    session = connect({"VAULT_ADDR": server.address}, auth=Token(_wrapped(server), wrapped=True))
    secret(session, "secret/app").get()
    assert session.client.identity.current is not None
    value = session.client.identity.current.value
    shutdown()
    assert hvac.Client(server.address, value).auth.token.lookup_self()


def test_a_new_wrapping_token_is_opened_when_the_token_has_ended(
    server: VaultServer, connect: Connect, tmp_path: Path
) -> None:
    sink = tmp_path / "sink"
    sink.write_text(_wrapped(server))
    session = connect({"VAULT_ADDR": server.address}, auth=Token(file=str(sink), wrapped=True))
    assert 200 == session.client.request("GET", "secret/data/app").status
    assert session.client.identity.current is not None
    server.client.auth.token.revoke(session.client.identity.current.value)
    sink.write_text(_wrapped(server))
    assert 200 == session.client.request("GET", "secret/data/app").status


def test_a_wrapping_token_that_was_used_is_refused_with_the_alarm(server: VaultServer, connect: Connect) -> None:
    wrapping = _wrapped(server)
    server.client.sys.unwrap(wrapping)
    session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": wrapping}, auth=Token(wrapped=True))
    with pytest.raises(VaultDenied, match="wrapped token was used already or has ended") as caught:
        secret(session, "secret/app").get()
    assert "possible tampering" in caught.value.help
    assert wrapping not in str(caught.value)


@pytest.mark.parametrize("creation_path", [None, "auth/token/create/app"])
def test_a_wrapping_token_made_elsewhere_is_not_opened(
    server: VaultServer, connect: Connect, creation_path: str | None
) -> None:
    if creation_path is None:
        forged = server.client.adapter.post("/v1/sys/wrapping/wrap", json={"x": "y"}, wrap_ttl="60s")
        wrapping = forged["wrap_info"]["token"]
    else:
        wrapping = _wrapped(server)
    session = connect({"VAULT_ADDR": server.address}, auth=Token(wrapping, wrapped=True, creation_path=creation_path))
    with pytest.raises(VaultDenied, match="the wrapped token was made at"):
        secret(session, "secret/app").get()
    assert server.client.sys.unwrap(wrapping)  # it was not consumed


def test_a_creation_path_needs_a_wrapped_token() -> None:
    with pytest.raises(ValueError, match="needs `wrapped=True`"):
        Token("t", creation_path="auth/token/create")


LOGINS = [
    UserPass("bob", "right-pin-1"),
    HvacLogin("userpass", username="bob", password="right-pin-1"),
    Login(lambda client: client.auth.userpass.login("bob", "right-pin-1")),
]


@pytest.mark.parametrize("auth", LOGINS, ids=lambda auth: type(auth).__name__)
def test_a_login_of_the_root_namespace_reads_in_another_one(
    server: VaultServer, connect: Connect, auth: UserPass | HvacLogin | Login
) -> None:
    session = connect({"VAULT_ADDR": server.address}, auth=auth, namespace="team", login_namespace="/")
    assert {"k": "team"} == secret(session, "secret/app").get()
    assert session.client.identity.current is not None
    assert 200 == session.client.request("POST", "auth/token/renew-self", {}).status


@pytest.mark.parametrize("auth", LOGINS, ids=lambda auth: type(auth).__name__)
def test_without_a_namespace_of_its_own_the_login_is_sent_to_that_of_the_secrets(
    server: VaultServer, connect: Connect, auth: UserPass | HvacLogin | Login
) -> None:
    session = connect({"VAULT_ADDR": server.address}, auth=auth, namespace="team")
    with pytest.raises((VaultDenied, VaultNotFound)):
        secret(session, "secret/app").get()


def test_a_login_of_another_namespace_is_used_in_the_root_namespace(server: VaultServer, connect: Connect) -> None:
    auth = UserPass("ann", "right-pin-1")
    session = connect({"VAULT_ADDR": server.address}, auth=auth, login_namespace="team")
    assert 200 == session.client.request("GET", "team/secret/data/app").status


def _reads(client: hvac.Client) -> None:
    client.token = "t"
    client.secrets.kv.v2.read_secret_version("app", raise_on_deleted_version=True)


def _chooses(client: hvac.Client) -> None:
    client.adapter.namespace = "missing/deep"
    client.auth.userpass.login("bob", "right-pin-1")


UNKNOWN: dict[str, tuple[Any, dict[str, str], str, str]] = {
    "a password": (LOGINS[0], {"login_namespace": "missing"}, "missing", "`vault.login_namespace`"),
    "hvac": (LOGINS[1], {"login_namespace": "/missing/"}, "missing", "`vault.login_namespace`"),
    "a function": (LOGINS[2], {"login_namespace": "team/missing"}, "team/missing", "`vault.login_namespace`"),
    "a function that reads": (Login(_reads), {"login_namespace": "missing"}, "missing", "`vault.login_namespace`"),
    "a function that chooses": (Login(_chooses), {"namespace": "team"}, "missing/deep", "the function that logs in"),
    "a wrapped token": (Token("t", wrapped=True), {"login_namespace": "missing"}, "missing", "`vault.login_namespace`"),
    "a wrapped secret id": (
        AppRole("r", "t", wrapped=True),
        {"namespace": "team", "login_namespace": "missing"},
        "missing",
        "`vault.login_namespace`",
    ),
    "hvac in that of the secrets": (LOGINS[1], {"namespace": "missing"}, "missing", "VAULT_NAMESPACE"),
    "a wrapped token in that of the secrets": (
        Token("t", wrapped=True),
        {"namespace": "missing"},
        "missing",
        "VAULT_NAMESPACE",
    ),
    "a token": (Token("root"), {"namespace": "missing"}, "missing", "VAULT_NAMESPACE"),
}


@pytest.mark.parametrize(("auth", "namespaces", "name", "setting"), UNKNOWN.values(), ids=UNKNOWN)
def test_a_namespace_that_does_not_exist_is_named_with_its_setting(
    server: VaultServer, connect: Connect, auth: Any, namespaces: dict[str, str], name: str, setting: str
) -> None:
    session = connect({"VAULT_ADDR": server.address}, auth=auth, **namespaces)
    with pytest.raises(VaultNotFound) as caught:
        secret(session, "secret/app").get()
    assert f"Vault does not know the namespace {name}, or it is sealed" == caught.value.message
    assert f"look at {setting}" == caught.value.help


def test_a_request_of_the_client_names_the_namespace_that_it_chose(server: VaultServer, connect: Connect) -> None:
    session = connect({"VAULT_ADDR": server.address}, auth=Token(server.token), namespace="team")
    client = hvac_client(session.client)
    client.adapter.namespace = "missing"
    with pytest.raises(VaultNotFound, match="Vault does not know the namespace missing, or"):
        client.secrets.kv.v2.read_secret_version("app", raise_on_deleted_version=True)
    with pytest.raises(VaultNotFound, match="Vault does not know the namespace missing, or"):
        session.client.request("GET", "secret/data/app", headers={"X-Vault-Namespace": "missing"})


def test_the_namespace_of_a_login_is_named_when_it_is_refused(server: VaultServer, connect: Connect) -> None:
    auth = AppRole("nobody", "x")
    server.approle("somebody", "app")
    session = connect({"VAULT_ADDR": server.address}, auth=auth, namespace="team", login_namespace="/")
    with pytest.raises(VaultDenied) as caught:
        secret(session, "secret/app").get()
    assert "the login was sent to the root namespace" in caught.value.help
    assert caught.value.help.endswith("look at `vault.login_namespace`")


def test_a_function_may_choose_the_namespace_of_its_login(server: VaultServer, connect: Connect) -> None:
    def log_in(client: hvac.Client) -> None:
        client.adapter.namespace = "team"
        client.auth.userpass.login("ann", "right-pin-1")

    session = connect({"VAULT_ADDR": server.address}, auth=Login(log_in), namespace="team", login_namespace="other")
    assert {"k": "team"} == secret(session, "secret/app").get()
