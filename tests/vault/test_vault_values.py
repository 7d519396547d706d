"""`Vault` and the login methods, as values; the variables of the Vault tools; sessions shared by equal settings."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import pytest

from toriconfig import _vault
from toriconfig._load.vault_options import auth_from, vault_from
from toriconfig._vault.resolve import resolve
from toriconfig.testing import FakeClock
from toriconfig.vault import (
    JWT,
    METHODS,
    Agent,
    AppRole,
    Auth,
    Kubernetes,
    TLSCertificate,
    Token,
    UserPass,
    Vault,
)

COPIES: list[Callable[[Vault], Vault]] = [
    replace,
    copy.copy,
    copy.deepcopy,
    lambda vault: pickle.loads(pickle.dumps(vault)),
]

WRONG: list[tuple[type[Any], dict[str, Any], str]] = [
    (Vault, {"address": "vault:8200"}, r"Vault\.address: expected http://host:port"),
    (Vault, {"address": "ftp://vault"}, r"Vault\.address"),
    (Vault, {"address": "https://"}, r"Vault\.address"),
    (Vault, {"address": "https://vault:x"}, r"Vault\.address: expected https://host:port"),
    (Vault, {"address": "https://vault/v1"}, r"Vault\.address: omit the trailing /v1"),
    (Vault, {"address": "https://vault/a/../b"}, r"Vault\.address: after the host, the path holds a `\.` or"),
    (Vault, {"address": "https://vault/a%2fb"}, r"Vault\.address: after the host, the path holds"),
    (Vault, {"address": " , ,"}, r"Vault\.address: expected http://host:port"),
    (Vault, {"address": "https://:8200"}, r"Vault\.address: expected https://host:port"),
    (Vault, {"address": "https://vault:99999"}, r"Vault\.address: expected https://host:port"),
    (Vault, {"proxy": "proxy:3128"}, r"Vault\.proxy: expected http://host:port"),
    (Vault, {"proxy": "ftp://proxy:3128"}, r"Vault\.proxy: expected http://host:port"),
    (Vault, {"proxy": "socks5://proxy:1080"}, r"Vault\.proxy: a SOCKS proxy is not supported"),
    (Vault, {"proxy": "http://"}, r"Vault\.proxy: expected http://host:port"),
    (Vault, {"proxy": "http://user@/x"}, r"Vault\.proxy: expected http://host:port"),
    (Vault, {"address": "https://a:8200,nonsense"}, r"Vault\.address"),
    (Vault, {"address": "unix://relative"}, r"Vault\.address: expected unix:///absolute"),
    (Vault, {"timeout": 0}, r"Vault\.timeout: expected a number above 0 to 300"),
    (Vault, {"timeout": "5"}, r"Vault\.timeout"),
    (Vault, {"timeout": float("nan")}, r"Vault\.timeout"),
    (Vault, {"refresh_interval": 0.01}, r"Vault\.refresh_interval: expected a number from 0\.05 to 86400"),
    (Vault, {"stale_for": -1}, r"Vault\.stale_for"),
    (Vault, {"overlap": True}, r"Vault\.overlap"),
    (Vault, {"prefetch_workers": 65}, r"Vault\.prefetch_workers: expected a number from 1 to 64"),
    (Vault, {"prefetch_workers": 1.5}, r"Vault\.prefetch_workers: expected a whole number"),
    (Vault, {"verify": 1}, r"Vault\.verify: expected true or false"),
    (Vault, {"verify": "no"}, r"Vault\.verify: expected true or false"),
    (Vault, {"namespace": "a/../b"}, r"Vault\.namespace"),
    (Vault, {"client_key": "k"}, r"Vault\.client_key: needs `client_cert`"),
    (Vault, {"auth": "token"}, r"Vault\.auth: expected one of Token"),
    (Token, {"token": "a", "file": "b"}, r"Token: give `token` or `file`, not both"),
    (Token, {"token": "a\nb"}, r"Token\.token: expected a line of text"),
    (Token, {"wrapped": "hunter2"}, r"Token\.wrapped: expected true or false$"),
    (AppRole, {"role_id": "r", "secret_id": "s", "wrapped": "hunter2"}, r"AppRole\.wrapped: expected true or false$"),
    (AppRole, {"role_id": ""}, r"AppRole\.role_id"),
    (AppRole, {"role_id": "r", "wrapped": True}, r"AppRole: `wrapped` needs `secret_id`"),
    (AppRole, {"role_id": "r", "creation_path": "x"}, r"AppRole: `creation_path` needs `wrapped=True`"),
    (AppRole, {"role_id": "r", "mount": "../sys"}, r"AppRole\.mount"),
    (Kubernetes, {"role": None}, r"Kubernetes\.role is missing"),
    (JWT, {"role": "r"}, r"JWT: give `jwt` or `jwt_file`"),
    (UserPass, {"username": "a/../b", "password": "p"}, r"UserPass\.username"),
    (UserPass, {"username": "u"}, r"UserPass: give `password` or `password_file`"),
    (TLSCertificate, {"key": "k"}, r"TLSCertificate: `key` needs `cert`"),
    (Agent, {"address": "http://x", "socket": "/y"}, r"Agent: give `address` or `socket`, not both"),
]


@pytest.mark.parametrize(("kind", "fields", "says"), WRONG)
def test_invalid_fields_are_refused_by_name(kind: type[Any], fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        kind(**fields)


def test_an_address_with_a_credential_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="log in with `auth`") as caught:
        Vault(address="https://ann:hunter2@vault:8200")
    assert "hunter2" not in str(caught.value)


def test_no_repr_shows_a_credential() -> None:
    auths: list[Auth] = [Token("hunter2"), AppRole("r", "hunter2"), JWT(jwt="hunter2"), UserPass("u", "hunter2")]
    for auth in auths:
        assert "hunter2" not in repr(Vault(auth=auth, proxy="http://u:hunter2@p"))


def test_values_are_equal_and_hash_by_their_fields_and_clocks_by_identity() -> None:
    clock = FakeClock()
    assert Vault(auth=Token("a"), clock=clock) == Vault(auth=Token("a"), clock=clock)
    assert hash(Vault(address="http://a")) == hash(Vault(address="http://a"))
    assert Vault() != Vault(clock=FakeClock())
    assert Vault(auth=Token("a")) != Vault(auth=Token("b"))


@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_of_any_kind_is_equal(copied: Callable[[Vault], Vault]) -> None:
    vault = Vault("http://v", auth=Token("a"), overlap=5.0)
    assert vault == copied(vault)


def test_a_login_is_built_from_names_and_texts() -> None:
    assert AppRole("r", "s", wrapped=True) == auth_from(
        "approle", {"ROLE_ID": "r", "secret_id": "s", "wrapped": "true"}
    )
    assert Kubernetes("app") == auth_from("Kubernetes", {"ROLE": "app"})
    assert Vault(timeout=2.5, prefetch_workers=4, auth=Token("t")) == vault_from(
        {"TIMEOUT": "2.5", "prefetch_workers": "4", "AUTH": {"METHOD": "token", "TOKEN": "t"}}
    )


@pytest.mark.parametrize(
    ("method", "options", "says"),
    [
        ("aprole", {}, "unknown login method 'aprole', did you mean 'approle'"),
        ("approle", {"rol_id": "x"}, "AppRole: unknown field 'rol_id', did you mean 'role_id'"),
        ("approle", {"role_id": "x", "wrapped": "perhaps"}, r"AppRole\.wrapped: expected true or false"),
    ],
)
def test_near_misses_are_reported(method: str, options: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        auth_from(method, options)


def test_the_error_of_a_login_without_a_method_lists_the_methods() -> None:
    for name, methods in [("role_id", "approle"), ("role", "kubernetes, jwt, cert"), ("username", "userpass")]:
        with pytest.raises(ValueError, match=f"`method` is missing, and `{name}` is a field of {methods}$"):
            vault_from({"auth": {name: "x"}})
    assert Token("t") == vault_from({"auth": {"token": "t"}}).auth


def test_every_method_has_a_name() -> None:
    assert {"token", "approle", "kubernetes", "jwt", "userpass", "cert", "agent"} == set(METHODS)


@pytest.mark.parametrize(
    ("environ", "name", "value"),
    [
        ({"VAULT_ADDR": "http://a, https://b:1/"}, "addresses", ("http://a", "https://b:1")),
        ({"VAULT_ADDR": "https://v/vault/"}, "addresses", ("https://v/vault",)),
        ({"VAULT_ADDR": "HTTPS://v:8200//a//b"}, "addresses", ("https://v:8200/a/b",)),
        ({"VAULT_ADDR": " https://a:1 ,, https://b:1/,\n"}, "addresses", ("https://a:1", "https://b:1")),
        ({"VAULT_ADDR": "Http://v,http://v/"}, "addresses", ("http://v",)),
        ({"VAULT_ADDR": "http://[::1]:8200/x"}, "addresses", ("http://[::1]:8200/x",)),
        ({"VAULT_ADDR": "http://v", "VAULT_PROXY_ADDR": " HTTP://u:p@p:3128/ "}, "proxy", "http://u:p@p:3128"),
        ({"VAULT_ADDR": "http://v", "BAO_ADDR": "http://b"}, "addresses", ("http://b",)),
        ({"VAULT_ADDR": "http://v", "VAULT_AGENT_ADDR": "unix:///run/a.sock"}, "addresses", ("unix:///run/a.sock",)),
        ({"VAULT_ADDR": "http://v", "VAULT_AGENT_ADDR": "http://a"}, "auth", Agent()),
        ({"VAULT_ADDR": "http://v", "VAULT_NAMESPACE": "a/b/"}, "namespace", "a/b"),
        ({"VAULT_ADDR": "http://v", "VAULT_NAMESPACE": "/"}, "namespace", ""),
        ({"VAULT_ADDR": "http://v", "VAULT_CLIENT_TIMEOUT": "1m30s"}, "timeout", 90.0),
        ({"VAULT_ADDR": "http://v", "VAULT_CLIENT_TIMEOUT": "7"}, "timeout", 7.0),
        ({"VAULT_ADDR": "http://v", "VAULT_PROXY_ADDR": "http://p"}, "proxy", "http://p"),
        ({"VAULT_ADDR": "http://v", "HTTPS_PROXY": "http://p"}, "proxy", None),
    ],
)
def test_the_variables_of_the_vault_tools_are_read(environ: Mapping[str, str], name: str, value: object) -> None:
    assert value == getattr(resolve(Vault(), environ), name)


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize(("vault", "seconds"), [(Vault("http://v", None, None, 5.0), 5.0), (Vault("http://v"), 7.0)])
def test_an_explicit_default_overrides_a_variable(
    vault: Vault, seconds: float, copied: Callable[[Vault], Vault]
) -> None:
    found = resolve(copied(vault), {"VAULT_CLIENT_TIMEOUT": "7"})
    assert found is not None
    assert seconds == found.timeout


def test_a_copy_that_replaces_a_field_sets_no_other_field() -> None:
    vault = replace(Vault("http://v", overlap=30.0), timeout=5.0)
    assert {"address", "overlap", "timeout", "clock"} == {one.name for one in fields(Vault) if vault.says(one.name)}


def test_certificates_are_verified_if_code_requires_it() -> None:
    found = resolve(Vault("https://v", verify=True), {"VAULT_SKIP_VERIFY": "true"})
    assert found is not None
    assert found.tls.verify


def test_tls_variables_are_read_and_overridden_by_explicit_fields() -> None:
    names = ("CACERT", "CAPATH", "CLIENT_CERT", "CLIENT_KEY", "TLS_SERVER_NAME")
    environ = {"VAULT_ADDR": "https://v", **{f"VAULT_{name}": name.lower() for name in names}}
    found = resolve(Vault(), {**environ, "VAULT_SKIP_VERIFY": "true"})
    assert found is not None
    assert ("cacert", "capath", "client_cert", "client_key", "tls_server_name", False) == (
        found.tls.ca_cert,
        found.tls.ca_path,
        found.tls.cert,
        found.tls.key,
        found.tls.server_name,
        found.tls.verify,
    )
    said = resolve(Vault(ca_cert="mine", client_cert="c", tls_server_name="n"), environ)
    assert said is not None
    assert ("mine", None, "c", None, "n", True) == (
        said.tls.ca_cert,
        said.tls.ca_path,
        said.tls.cert,
        said.tls.key,
        said.tls.server_name,
        said.tls.verify,
    )


@pytest.mark.parametrize("environ", [{}, {"VAULT_ADDR": ""}, {"VAULT_TOKEN": "t"}])
def test_without_an_address_there_is_no_session(environ: Mapping[str, str]) -> None:
    assert _vault.connect(Vault(), environ) is None


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"VAULT_ADDR": "http://u:p@v"}, "VAULT_ADDR"),
        ({"VAULT_ADDR": "http://v", "VAULT_NAMESPACE": "a//b"}, "VAULT_NAMESPACE"),
        ({"VAULT_ADDR": "http://v", "VAULT_CLIENT_TIMEOUT": "soon"}, "VAULT_CLIENT_TIMEOUT"),
    ],
)
def test_an_invalid_variable_is_named(environ: Mapping[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        _vault.connect(Vault(), environ)


def test_equal_settings_share_a_session_and_cells_by_path() -> None:
    environ = {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "a"}
    one, two = _vault.connect(Vault(), environ), _vault.connect(Vault(), dict(environ))
    other = _vault.connect(Vault(), {**environ, "VAULT_TOKEN": "b"})
    assert one is not None
    assert one is two
    assert one is not other
    assert one.path("secret/a") is one.path("secret/a")
    assert one.path("secret/a") is not one.path("secret/a", 1)


def test_connecting_costs_no_client_library_no_thread_and_no_socket() -> None:
    program = """if True:
        import sys, threading
        from toriconfig import _vault
        from toriconfig.vault import Vault
        sys.addaudithook(lambda event, _: event.startswith("socket.") and sys.exit(f"opened a socket: {event}"))
        session = _vault.connect(Vault(), {"VAULT_ADDR": "https://vault.example:8200", "VAULT_TOKEN": "t"})
        session.path("secret/a")
        heavy = {"hvac", "requests", "urllib3", "cachetools", "pydantic", "asyncio", "ssl", "logging"} & set(sys.modules)
        sys.exit(f"{heavy} {threading.active_count()}" if heavy or threading.active_count() > 1 else 0)
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert 0 == done.returncode, done.stderr
