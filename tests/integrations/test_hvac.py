"""`toriconfig.vault.client(settings)`: hvac's client with the login, failover, deadline and errors of the settings."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import hvac
import pytest
from pydantic import BaseModel

from support.faults import refusing_address, silent_server
from toriconfig import ConfigError, MissingCredentialError, Ref, Secret, SettingsConfigDict, Vault, lazy, load, shutdown
from toriconfig.errors import VaultDenied, VaultUnreachable
from toriconfig.testing import Canary, VaultServer, vault_server
from toriconfig.vault import HvacLogin, UserPass, client


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_")
    key: Annotated[Secret[str], Ref("secret/app#key")]


class Plain(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_")
    port: int = 8080


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({"secret/app": {"key": "k3y"}}) as server:
        server.policy("app", {"secret/data/app": ["read"]})
        server.client.sys.enable_auth_method("userpass")
        server.client.auth.userpass.create_or_update_user("ann", "right-pin-1", policies=["app"])
        yield server


@pytest.fixture(autouse=True)
def _sessions_end() -> Iterator[None]:
    yield
    shutdown()


def _environ(server: VaultServer) -> dict[str, str]:
    return {"VAULT_ADDR": server.address, "HOME": "/nonexistent"}


def _in_child(work: Callable[[], str]) -> str:
    """The result of `work` in a forked child."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, work().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as result:
        text = result.read()
    os.waitpid(child, 0)
    return text


LOGINS = [UserPass("ann", "right-pin-1"), HvacLogin("userpass", username="ann", password="right-pin-1")]


@pytest.mark.parametrize("auth", LOGINS, ids=lambda auth: type(auth).__name__)
def test_one_login_serves_the_secrets_and_the_client(server: VaultServer, auth: UserPass | HvacLogin) -> None:
    settings = lazy(App, vault=Vault(auth=auth), environ=_environ(server))
    server.forget_requests()
    made = client(settings)
    assert isinstance(made, hvac.Client)
    assert "k3y" == made.secrets.kv.v2.read_secret_version("app", raise_on_deleted_version=True)["data"]["data"]["key"]
    assert "k3y" == settings.key.get()
    assert made.is_authenticated()
    assert 1 == server.requests("auth/userpass/login/ann")


def test_nothing_is_requested_before_the_first_call(server: VaultServer) -> None:
    settings = load(App, vault=Vault(auth=LOGINS[0]), environ=_environ(server))
    server.forget_requests()
    client(settings)
    assert 0 == server.requests()


def test_settings_without_a_secret_have_a_client_as_they_describe_vault(server: VaultServer, tmp_path: Path) -> None:
    environ = {"APP_VAULT__ADDRESS": server.address, "APP_VAULT__AUTH__METHOD": "userpass"}
    environ |= {"APP_VAULT__AUTH__USERNAME": "ann", "APP_VAULT__AUTH__PASSWORD": "right-pin-1"}
    settings = load(Plain, environ=environ, config_dir=tmp_path)
    assert client(settings).read("secret/data/app")["data"]["data"] == {"key": "k3y"}


def test_a_model_that_was_not_loaded_has_a_client_by_the_environment(
    server: VaultServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Bare(BaseModel):
        port: int

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VAULT_ADDR", server.address)
    monkeypatch.setenv("VAULT_TOKEN", server.token)
    assert client(Bare(port=1)).read("secret/data/app")


def test_a_revoked_token_is_replaced(server: VaultServer) -> None:
    made = client(load(App, vault=Vault(auth=LOGINS[0]), environ=_environ(server)))
    assert made.read("secret/data/app")
    server.client.sys.revoke_prefix("auth/userpass/login")
    assert made.read("secret/data/app")


def test_the_next_address_is_used(server: VaultServer) -> None:
    environ = {**_environ(server), "VAULT_ADDR": f"{refusing_address()},{server.address}"}
    assert client(load(App, vault=Vault(auth=LOGINS[0]), environ=environ)).read("secret/data/app")


def test_a_call_to_a_vault_that_does_not_answer_ends_at_its_deadline() -> None:
    with silent_server() as silent:
        environ = {"VAULT_ADDR": silent.address, "VAULT_TOKEN": "t"}
        made = client(load(App, vault=Vault(timeout=0.3), environ=environ))
        with pytest.raises(VaultUnreachable):
            made.read("secret/data/app")


def test_an_error_is_of_toriconfig_and_of_hvac_and_shows_nothing_that_was_sent(server: VaultServer) -> None:
    canary = Canary()
    made = client(load(App, vault=Vault(auth=LOGINS[0]), environ=_environ(server)))
    with pytest.raises(VaultDenied, match='"update" on secret/data/app') as caught:
        made.secrets.kv.v2.create_or_update_secret("app", {"key": canary.secret})
    assert isinstance(caught.value, hvac.exceptions.Forbidden)
    assert canary.secret not in str(caught.value) + repr(caught.value)


def test_a_client_with_a_refused_login_is_not_authenticated(server: VaultServer) -> None:
    made = client(load(App, vault=Vault(auth=UserPass("ann", "wrong")), environ=_environ(server)))
    assert not made.is_authenticated()


def test_an_assigned_token_is_used_until_it_is_removed(server: VaultServer) -> None:
    made = client(load(App, vault=Vault(auth=LOGINS[0]), environ=_environ(server)))
    made.token = server.token
    assert made.sys.list_auth_methods()
    made.token = None
    with pytest.raises(VaultDenied):
        made.sys.list_auth_methods()


def test_it_can_be_used_from_many_threads(server: VaultServer) -> None:
    made = client(load(App, vault=Vault(auth=LOGINS[0]), environ=_environ(server)))
    server.forget_requests()
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(made.read("secret/data/app"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 8 == len([one for one in found if one])
    assert 1 == server.requests("auth/userpass/login/ann")


def test_its_token_is_revoked_at_shutdown_after_the_settings_were_collected(server: VaultServer) -> None:
    made = client(load(Plain, vault=Vault(auth=LOGINS[0]), environ=_environ(server)))
    gc.collect()
    token = made.lookup_token()["data"]["id"]
    shutdown()
    with pytest.raises(hvac.exceptions.Forbidden):
        hvac.Client(server.address, token).auth.token.lookup_self()


def test_a_forked_child_logs_in_by_itself(server: VaultServer) -> None:
    made = client(load(Plain, vault=Vault(auth=LOGINS[0]), environ=_environ(server)))
    mine = made.lookup_token()["data"]["id"]
    theirs = _in_child(lambda: made.lookup_token()["data"]["id"])
    assert theirs not in ("", mine)
    assert mine == made.lookup_token()["data"]["id"]


def test_without_an_address_the_remedy_is_named(tmp_path: Path) -> None:
    for schema in (App, Plain):
        with pytest.raises(MissingCredentialError, match="set VAULT_ADDR"):
            client(load(schema, environ={"APP_KEY": "x"}, config_dir=tmp_path))


def test_settings_that_were_loaded_offline_have_no_client(server: VaultServer) -> None:
    with pytest.raises(MissingCredentialError, match="loaded offline"):
        client(load(Plain, environ=_environ(server), offline=True))


def test_settings_without_the_layer_of_vault_have_no_client(server: VaultServer) -> None:
    with pytest.raises(MissingCredentialError, match="no layer `vault`"):
        client(load(Plain, environ=_environ(server), layers=("env", "code")))


def test_a_wrong_description_of_vault_is_named() -> None:
    with pytest.raises(ConfigError, match="VAULT_ADDR"):
        client(load(Plain, environ={"VAULT_ADDR": "no address"}))


def test_an_object_that_is_not_settings_is_refused() -> None:
    with pytest.raises(TypeError, match="expected settings"):
        client({"port": 1})


def test_hvac_is_imported_only_by_the_call() -> None:
    code = (
        "import sys; from toriconfig.vault import client\n"
        "assert not {'hvac', 'requests', 'toriconfig.integrations', 'toriconfig._api'} & set(sys.modules)"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("VAULT_", "BAO_"))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
