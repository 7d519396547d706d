"""The logins of hvac at a real OpenBao: token, login after a refusal and failover are ours.

The server of the tests has the methods approle, jwt, kubernetes and userpass, and none that calls another service. The
requests of LDAP, Okta and RADIUS are those of userpass at another mount, which is mounted there in their place.
"""

from __future__ import annotations

import inspect
import logging
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import hvac
import pytest
from pydantic import BaseModel

from support.faults import Answer, answering_server, refusing_address
from toriconfig import ConfigError, Ref, Secret, SettingsConfigDict, Vault, health, lazy, load, shutdown
from toriconfig.errors import SecretError, VaultDenied
from toriconfig.testing import Canary, VaultServer, vault_server
from toriconfig.vault import Auth, HvacLogin, Kubernetes, Login, UserPass
from toriconfig.vault.hvac_logins import WAYS

Load = Callable[..., "App"]

SAME = ("ldap", "okta", "radius")
"""Methods with the request of userpass."""


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_")
    key: Annotated[Secret[str], Ref("secret/app#key")]


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({"secret/app": {"key": "k3y"}}) as server:
        server.policy("app", {"secret/data/app": ["read"]})
        for mount in ("userpass", *SAME):
            server.client.sys.enable_auth_method("userpass", path=mount)
            server.client.auth.userpass.create_or_update_user("ann", "right-pin-1", ["app"], mount_point=mount)
        yield server


@pytest.fixture(autouse=True)
def _sessions_end() -> Iterator[None]:
    yield
    shutdown()


@pytest.fixture(name="loaded")
def _loaded(server: VaultServer, tmp_path: Path) -> Load:
    def make(auth: Any, *, address: str = server.address, **options: Any) -> App:
        environ = {"VAULT_ADDR": address, "HOME": str(tmp_path)}
        return load(App, vault=Vault(auth=auth, **options), environ=environ, config_dir=tmp_path)

    return make


def _logins(server: VaultServer, path: str) -> int:
    requests = [one["request"] for one in server.audit() if one.get("type") == "request"]
    return sum(one["path"].startswith(path) for one in requests)


@pytest.mark.parametrize("name", ["userpass", *SAME])
def test_a_program_logs_in_with_user_name_and_password(loaded: Load, name: str) -> None:
    settings = loaded(HvacLogin(name, username="ann", password="right-pin-1"))
    assert "k3y" == settings.key.get()
    assert health(settings).ok


def test_an_approle_and_a_mount_of_its_own(loaded: Load, server: VaultServer) -> None:
    role = server.approle("by-hvac", "app")
    assert "k3y" == loaded(HvacLogin("approle", role_id=role.role_id, secret_id=role.secret_id)).key.get()
    elsewhere = HvacLogin("userpass", username="ann", password="right-pin-1", mount_point="radius")
    assert "k3y" == loaded(elsewhere).key.get()


def test_a_user_name_with_a_space_and_an_at_sign_is_quoted_once(loaded: Load) -> None:
    with answering_server(lambda line: Answer(400, {"errors": ["invalid"]})) as directory:
        with pytest.raises(VaultDenied, match="at auth/ldap/login/ada lovelace@example was refused"):
            loaded(
                HvacLogin("ldap", username="ada lovelace@example", password="x"), address=directory.address
            ).key.get()
        assert ["POST /v1/auth/ldap/login/ada%20lovelace%40example HTTP/1.1"] == directory.requests


def test_a_password_in_a_file_is_read_at_each_login(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("right-pin-1\n")
    assert "k3y" == loaded(HvacLogin("userpass", username="ann", password_file=str(tmp_path / "pw"))).key.get()


def test_a_function_gives_the_password_of_each_login(loaded: Load) -> None:
    given = iter(["right-pin-1", "right-pin-1"])
    settings = loaded(HvacLogin("userpass", username="ann", password=lambda: next(given)))
    assert "k3y" == settings.key.get()
    assert ["right-pin-1"] == list(given)


def test_a_revoked_token_is_replaced_by_a_new_login(loaded: Load, server: VaultServer) -> None:
    settings = loaded(HvacLogin("ldap", username="ann", password="right-pin-1"), refresh_interval=0.05)
    assert "k3y" == settings.key.get()
    before = _logins(server, "auth/ldap/login/ann")
    server.client.sys.revoke_prefix("auth/ldap/login")
    server.put("secret/app", {"key": "n3w"})
    try:
        session = _session(settings)
        assert 200 == session.client.request("GET", "secret/data/app").status
        assert before + 1 == _logins(server, "auth/ldap/login/ann")
    finally:
        server.put("secret/app", {"key": "k3y"})


def test_the_next_address_is_tried_when_the_first_refuses_connections(loaded: Load, server: VaultServer) -> None:
    addresses = f"{refusing_address()},{server.address}"
    settings = loaded(HvacLogin("userpass", username="ann", password="right-pin-1"), address=addresses)
    assert "k3y" == settings.key.get()


def test_the_token_of_a_login_is_revoked_at_shutdown(loaded: Load, server: VaultServer) -> None:
    settings = loaded(HvacLogin("userpass", username="ann", password="right-pin-1"))
    settings.key.get()
    token = _session(settings).client.identity.current.value
    shutdown()
    with pytest.raises(hvac.exceptions.Forbidden):
        hvac.Client(server.address, token).auth.token.lookup_self()


def test_a_refused_login_is_not_repeated_and_shows_no_credential(
    loaded: Load, server: VaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    canary = Canary()
    login = HvacLogin("ldap", username="ann", password=canary.secret)
    before = _logins(server, "auth/ldap/login/ann")
    with canary.watch(), caplog.at_level(logging.DEBUG):
        for number in range(3):  # each a session of its own, which shares only what was refused
            with pytest.raises(VaultDenied, match="the login") as caught:
                loaded(login, refresh_interval=50.0 + number).key.get()
            canary.absent_from(caught.value)
    assert before + 1 == _logins(server, "auth/ldap/login/ann")
    canary.absent_from(caplog.text)


def test_a_refused_login_is_named_with_its_path_and_its_remedy(loaded: Load) -> None:
    with pytest.raises(VaultDenied, match="login by ldap at auth/ldap/login/ann was refused with 400") as caught:
        loaded(HvacLogin("ldap", username="ann", password="wrong-1")).key.get()
    assert "look at the role" in caught.value.help
    assert 400 == caught.value.status


@pytest.mark.parametrize(
    ("login", "remedy", "lockout"),
    [
        (HvacLogin("github", token="t0ken"), "auth/github? (`mount_point=`)", False),
        (HvacLogin("gcp", role="app", jwt="a.b.c", mount_point="cloud/gcp"), "auth/cloud/gcp? (`mount_point=`)", False),
        (HvacLogin("jwt", role="app", jwt="a.b.c"), "auth/jwt? (`path=`)", False),
        (HvacLogin("okta", username="ann", password="p", mount_point="login"), "auth/login? (`mount_point=`)", False),
        (HvacLogin("ldap", username="ann", password="p", mount_point="ad"), "auth/ad? (`mount_point=`)", True),
        (
            Login(lambda client: client.auth.userpass.login("ann", "p", mount_point="up")),
            "auth/up? (`mount_point=`)",
            True,
        ),
        (Login(lambda client: client.auth.github.login("t0ken")), "auth/github? (`mount_point=`)", False),
        (UserPass("ann", "p", mount="team/people"), "auth/team/people? (`mount=`)", True),
        (Kubernetes("app", jwt_file=__file__), "auth/kubernetes? (`mount=`)", False),
    ],
    ids=lambda one: one if isinstance(one, str) else type(one).__name__,
)
def test_a_method_that_is_not_enabled_is_the_first_remedy_of_a_403(
    loaded: Load, login: Auth, remedy: str, lockout: bool
) -> None:
    with pytest.raises(VaultDenied, match="was refused with 403: permission denied") as caught:
        loaded(login).key.get()
    assert caught.value.help.startswith(f"is the login method enabled at {remedy}")
    assert lockout is ("locked" in caught.value.help)


@pytest.mark.parametrize("username", ["..", "a/../b", "%2e%2e", "a\nb"])
def test_a_user_name_that_could_mean_another_path_is_not_sent(loaded: Load, server: VaultServer, username: str) -> None:
    before = len(server.audit())
    with pytest.raises(SecretError, match="the path holds"):
        loaded(HvacLogin("userpass", username=username, password="x")).key.get()
    assert before == len(server.audit())


def test_a_function_that_raises_is_named_without_its_text(loaded: Load) -> None:
    canary = Canary()

    def broken() -> str:
        raise RuntimeError(canary.secret)

    with pytest.raises(VaultDenied, match="`password` of the login raised RuntimeError") as caught:
        loaded(HvacLogin("userpass", username="ann", password=broken)).key.get()
    canary.absent_from(caught.value)


def test_no_credential_is_printed() -> None:
    canary = Canary()
    names = {"approle": "secret_id", "aws": "secret_key", "aws-ec2": "pkcs7", "github": "token", "jwt": "jwt"}
    for name, way in WAYS.items():
        secret = names.get(name, "password" if "password" in way.required else "jwt")
        needed = dict.fromkeys(way.required.split(), "x") | {secret: canary.secret}
        needed |= {"access_key": canary.secret} if name == "aws" else {}
        login = HvacLogin(name, **needed)
        canary.absent_from(repr(login), repr(Vault(auth=login)), str(login))


def test_a_credential_is_not_pickled_and_a_file_is() -> None:
    canary = Canary()
    with pytest.raises(TypeError, match=r"auth\.credentials") as caught:
        pickle.dumps(lazy(App, vault=Vault(auth=HvacLogin("ldap", username="ann", password=canary.secret))))
    canary.absent_from(caught.value)
    login = HvacLogin("ldap", username="ann", password_file="/run/pw")
    assert login == pickle.loads(pickle.dumps(login))
    assert pickle.dumps(lazy(App, vault=Vault(auth=login)))


@pytest.mark.parametrize("method", sorted({"ldap", "aws", "github", "okta"}))
def test_a_settings_file_and_a_variable_cannot_choose_a_login_of_hvac(tmp_path: Path, method: str) -> None:
    (tmp_path / "app.yaml").write_text(f"vault: {{auth: {{method: {method}, username: eve}}}}\n")
    with pytest.raises(ConfigError, match="is given in code"):
        load(App, environ={}, config_dir=tmp_path, offline=True)
    (tmp_path / "app.yaml").unlink()
    with pytest.raises(ConfigError, match="is given in code"):
        load(App, environ={"APP_VAULT__AUTH__METHOD": method}, config_dir=tmp_path, offline=True)


@pytest.mark.parametrize("field", ["credentials", "shown", "name"])
def test_a_settings_file_cannot_give_arguments_of_a_login_of_hvac(tmp_path: Path, field: str) -> None:
    (tmp_path / "app.yaml").write_text(f"vault: {{auth: {{{field}: eve}}}}\n")
    with pytest.raises(ConfigError):
        load(App, environ={}, config_dir=tmp_path, vault=Vault(auth=HvacLogin("aws")), offline=True)


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("ldpa", {}, "unknown login method 'ldpa', did you mean 'ldap'"),
        ("cert", {}, r"use `TLSCertificate\(...\)` instead"),
        ("ldap", {"username": "a", "pasword": "x"}, "unknown argument `pasword`, did you mean 'password'"),
        ("ldap", {"username": "a"}, "`password` is missing: give `password` or `password_file`"),
        ("ldap", {"username": "a", "password": "x", "password_file": "y"}, "not both"),
        ("ldap", {"username": "a", "password": ""}, "`password` is to be text"),
        ("ldap", {"username": "a", "password": 5}, "`password` is to be text"),
        ("ldap", {"username": "a", "password_file": lambda: "x"}, "`password_file` is to be the path of a file"),
        ("ldap", {"username": "a", "password": "x", "use_token": "x"}, "unknown argument `use_token`"),
        ("aws", {"access_key": "x"}, "give `access_key` and `secret_key`, or none"),
    ],
)
def test_a_wrong_login_is_refused_when_it_is_made(name: str, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        HvacLogin(name, **arguments)


def test_a_wrong_login_shows_no_credential() -> None:
    canary = Canary()
    wrong: list[dict[str, Any]] = [
        {"username": "a", "pasword": canary.secret},
        {"username": "a", "password": [canary.secret]},
        {"password": canary.secret},
        {"username": "a", "password": canary.secret, "password_file": canary.secret},
    ]
    for arguments in wrong:
        with pytest.raises(ValueError, match=r"HvacLogin\('ldap'\)") as caught:
            HvacLogin("ldap", **arguments)
        canary.absent_from(caught.value)


@pytest.mark.parametrize("name", sorted(WAYS))
def test_the_arguments_are_those_of_hvacs_own_function(name: str) -> None:
    way, client = WAYS[name], hvac.Client()
    function = getattr(getattr(client.auth, name.partition("-")[0]), way.function)
    theirs = inspect.signature(function).parameters
    ours = {*way.required.split(), *way.optional.split()} - {"resource", "client_id"}
    assert set(theirs) - {"use_token"} == ours
    needed = {one for one, parameter in theirs.items() if parameter.default is inspect.Parameter.empty}
    from_the_cloud = {"access_key", "secret_key"} if name == "aws" else {"jwt"} if name in ("gcp", "azure") else set()
    assert needed - from_the_cloud <= set(way.required.split())


def test_every_login_method_of_hvac_is_listed_or_has_its_own_class() -> None:
    client = hvac.Client()
    theirs = {
        one.__name__.lower()
        for one in client.auth.implemented_classes
        if any("login" in function for function in vars(one)) or any("login" in function for function in dir(one))
    }
    assert theirs <= {*WAYS, "cert", "token"}


def test_hvac_is_not_imported_to_describe_a_login() -> None:
    code = (
        "import sys; from toriconfig.vault import AppRole, Vault\n"
        "assert 'toriconfig.vault.hvac_logins' not in sys.modules and 'toriconfig.errors' not in sys.modules\n"
        "from toriconfig.vault import HvacLogin, Login\n"
        "Vault(auth=HvacLogin('ldap', username='a', password='b')); Vault(auth=Login(print))\n"
        "assert 'hvac' not in sys.modules and 'requests' not in sys.modules and 'urllib3' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def _session(settings: App) -> Any:
    from toriconfig._load.snapshot import snapshot_of

    snapshot = snapshot_of(settings)
    assert snapshot is not None
    return snapshot.session
