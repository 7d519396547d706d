"""A custom login method: a frozen dataclass with a secret field, against the real server."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import BaseModel

from support.faults import Answer, answering_server
from toriconfig import Ref, Secret, SettingsConfigDict, Vault, health, lazy, load, override, shutdown
from toriconfig.errors import SecretError, VaultDenied
from toriconfig.testing import Canary, VaultServer, vault_server
from toriconfig.vault import PINNED, SECRET, TUNING, LoginAnswer, LoginMethod, LoginRequest, LoginTools


@dataclass(frozen=True)
class Badge(LoginMethod):
    """The login by a badge: user name and a password, which may stand in a file; sent as for userpass."""

    method: ClassVar[str] = "badge"
    locks: ClassVar[bool] = True
    owner: str = field(metadata=TUNING)
    pin: str | None = field(default=None, metadata=SECRET)
    pin_file: str | None = field(default=None, metadata=PINNED)

    def request(self, tools: LoginTools) -> LoginRequest:
        return LoginRequest(
            f"auth/userpass/login/{self.owner}", {"password": tools.either(self.pin, self.pin_file, "the pin")}
        )


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app")
    key: Annotated[Secret[str], Ref("secret/app#key")]


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server() as server:
        server.put("secret/app", {"key": "k3y"})
        server.client.sys.create_or_update_policy("app", 'path "secret/data/app" { capabilities = ["read"] }')
        server.client.sys.enable_auth_method("userpass")
        server.client.auth.userpass.create_or_update_user("ann", "right-pin-1", policies=["app"])
        yield server


@pytest.fixture(autouse=True)
def _sessions_end() -> Iterator[None]:
    yield
    shutdown()


@pytest.fixture(name="loaded")
def _loaded(server: VaultServer, tmp_path: Path) -> Callable[..., App]:
    def make(auth: Any, **options: Any) -> App:
        environ = {"VAULT_ADDR": server.address, "HOME": str(tmp_path)}
        return load(App, vault=Vault(auth=auth, **options), environ=environ, config_dir=tmp_path)

    return make


def test_a_program_logs_in_by_its_own_method(loaded: Callable[..., App]) -> None:
    settings = loaded(Badge("ann", pin="right-pin-1"))
    assert "k3y" == settings.key.get()
    assert health(settings).ok


@dataclass(frozen=True)
class Machine(LoginMethod):
    """A login with the identity that a service of the machine gives, by hvac."""

    method: ClassVar[str] = "machine"
    locks: ClassVar[bool] = False

    def request(self, tools: LoginTools) -> LoginAnswer:
        service = tools.variable("IDENTITY_SERVICE")
        pin = tools.fetch(f"{service}/pin", "the pin", headers={"Metadata": "true"})
        return tools.log_in(lambda client: client.auth.userpass.login("ann", pin), name="machine", locks=False)


@dataclass(frozen=True)
class Handed(LoginMethod):
    """A login that another program has sent; this one gets its answer."""

    method: ClassVar[str] = "handed"
    answer: tuple[tuple[str, Any], ...] = field(metadata=SECRET)

    def request(self, tools: LoginTools) -> LoginAnswer:
        return LoginAnswer(dict(self.answer))


def test_a_custom_method_calls_a_service_of_the_machine_and_logs_in_by_hvac(
    server: VaultServer, tmp_path: Path
) -> None:
    with answering_server(lambda line: Answer(200, b"right-pin-1\n")) as service:
        environ = {"VAULT_ADDR": server.address, "IDENTITY_SERVICE": service.address}
        settings = load(App, vault=Vault(auth=Machine()), environ=environ, config_dir=tmp_path)
        assert "k3y" == settings.key.get()
        assert ["GET /pin HTTP/1.1"] == service.requests


def test_a_custom_method_returns_an_answer_that_shows_no_token(loaded: Callable[..., App], server: VaultServer) -> None:
    auth = server.client.auth.userpass.login("ann", "right-pin-1", use_token=False)["auth"]
    given = tuple((name, auth[name]) for name in ("client_token", "lease_duration", "renewable"))
    assert "k3y" == loaded(Handed(given)).key.get()
    assert auth["client_token"] not in repr(LoginAnswer(auth)) + repr(Handed(given))


def test_an_answer_without_a_token_is_named(loaded: Callable[..., App]) -> None:
    with pytest.raises(VaultDenied, match="the login by handed brought no token"):
        loaded(Handed(())).key.get()


def test_a_credential_in_a_file_is_read_at_each_login(loaded: Callable[..., App], tmp_path: Path) -> None:
    (tmp_path / "pin").write_text("right-pin-1\n")
    assert "k3y" == loaded(Badge("ann", pin_file=str(tmp_path / "pin"))).key.get()


def test_a_file_that_is_not_there_is_named_with_its_remedy(loaded: Callable[..., App], tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="the pin for Vault cannot be read from") as caught:
        loaded(Badge("ann", pin_file=str(tmp_path / "none"))).key.get()
    assert "correct the path" in caught.value.help


def test_a_refused_login_shows_no_credential_and_is_not_repeated(
    loaded: Callable[..., App], server: VaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    canary = Canary()
    login = Badge("ann", pin=canary.secret)
    canary.absent_from(repr(login))
    canary.absent_from(repr(Vault(auth=login)))
    before = len(server.audit())
    with caplog.at_level(logging.DEBUG):
        for number in range(3):  # each a session of its own, which shares only what was refused
            with pytest.raises(VaultDenied) as caught:
                loaded(login, refresh_interval=50.0 + number).key.get()
            canary.absent_from(caught.value)
    requests = [one for one in server.audit()[before:] if one.get("type") == "request"]
    assert 1 == sum("login/ann" in one["request"]["path"] for one in requests)
    canary.absent_from(caplog.text)


def test_a_secret_field_is_not_pickled() -> None:
    canary = Canary()
    with pytest.raises(TypeError, match=r"auth\.pin") as caught:
        pickle.dumps(lazy(App, vault=Vault(auth=Badge("ann", pin=canary.secret))))
    canary.absent_from(caught.value)
    assert pickle.dumps(lazy(App, vault=Vault(auth=Badge("ann", pin_file="/run/pin"))))


def test_a_login_that_returns_no_request_is_refused_by_name(loaded: Callable[..., App]) -> None:
    @dataclass(frozen=True)
    class Broken(LoginMethod):
        method: ClassVar[str] = "broken"

        def request(self, tools: LoginTools) -> Any:
            return {"path": "auth/x/login"}

    with pytest.raises(SecretError, match=r"Broken\.request\(\) returned no LoginRequest"):
        loaded(Broken()).key.get()


@pytest.mark.parametrize("path", ["../sys/seal", "auth//login", "", "auth/%2e%2e/sys"])
def test_a_login_at_a_path_that_could_mean_another_is_not_sent(loaded: Callable[..., App], path: str) -> None:
    @dataclass(frozen=True)
    class Astray(LoginMethod):
        method: ClassVar[str] = "astray"

        def request(self, tools: LoginTools) -> LoginRequest:
            return LoginRequest(path, {})

    with pytest.raises(SecretError, match=r"Astray\.request\(\) named no path"):
        loaded(Astray()).key.get()


def test_a_login_that_raises_ends_the_read_at_once_and_names_the_type(loaded: Callable[..., App]) -> None:
    canary = Canary()

    @dataclass(frozen=True)
    class Raising(LoginMethod):
        method: ClassVar[str] = "raising"

        def request(self, tools: LoginTools) -> LoginRequest:
            raise KeyError(canary.secret)

    with pytest.raises(SecretError, match="KeyError") as caught:
        loaded(Raising()).key.get()
    canary.absent_from(caught.value)


def test_a_login_method_without_a_request_cannot_be_made() -> None:
    @dataclass(frozen=True)
    class Silent(LoginMethod):
        method: ClassVar[str] = "silent"

    silent: Any = Silent
    with pytest.raises(TypeError, match="request"):
        silent()


def test_a_class_that_is_not_a_frozen_dataclass_is_refused() -> None:
    class Plain(LoginMethod):
        method: ClassVar[str] = "plain"

        def request(self, tools: LoginTools) -> LoginRequest:
            return LoginRequest("auth/ldap/login", {})

    @dataclass
    class Mutable(LoginMethod):
        method: ClassVar[str] = "mutable"

        def request(self, tools: LoginTools) -> LoginRequest:
            return LoginRequest("auth/ldap/login", {})

    for login in (Plain(), Mutable()):
        with pytest.raises(ValueError, match="frozen dataclass"):
            Vault(auth=login)


def test_an_override_of_settings_keeps_the_login(loaded: Callable[..., App], server: VaultServer) -> None:
    settings = lazy(App, vault=Vault(auth=Badge("ann", pin="right-pin-1")), environ={"VAULT_ADDR": server.address})
    with override(settings, {}):
        assert "k3y" == settings.key.get()
