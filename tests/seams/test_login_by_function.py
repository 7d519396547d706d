"""A login by a function that gets an `hvac.Client`, at a real OpenBao; its errors are named and show no secret."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import hvac
import pytest
from pydantic import BaseModel

from support.fake_vault import FakeVault, secret, tick
from toriconfig import Ref, Secret, SettingsConfigDict, Vault, lazy, load, shutdown
from toriconfig.errors import SecretError, VaultDenied, VaultUnreachable
from toriconfig.testing import Canary, FakeClock, VaultServer, vault_server
from toriconfig.vault import Login

LogIn = Callable[[Any], object]
Load = Callable[..., "App"]


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app")
    key: Annotated[Secret[str], Ref("secret/app#key")]


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({"secret/app": {"key": "k3y"}}) as server:
        server.policy("app", {"secret/data/app": ["read"], "auth/token/create": ["update"]})
        server.client.sys.enable_auth_method("userpass")
        server.client.auth.userpass.create_or_update_user("ann", "right-pin-1", policies=["app"])
        yield server


@pytest.fixture(name="fake_vault")
def _fake_vault(fake_clock: FakeClock) -> FakeVault:
    return FakeVault(fake_clock)


@pytest.fixture(autouse=True)
def _sessions_end() -> Iterator[None]:
    yield
    shutdown()


@pytest.fixture(name="loaded")
def _loaded(server: VaultServer, tmp_path: Path) -> Load:
    def make(log_in: LogIn, **options: Any) -> App:
        environ = {"VAULT_ADDR": server.address, "HOME": str(tmp_path)}
        return load(App, vault=Vault(auth=Login(log_in), **options), environ=environ, config_dir=tmp_path)

    return make


def test_a_function_logs_in_with_hvacs_client(loaded: Load) -> None:
    given: list[Any] = []

    def log_in(client: hvac.Client) -> None:
        given.append(client)
        client.auth.userpass.login("ann", "right-pin-1")

    assert "k3y" == loaded(log_in).key.get()
    assert isinstance(given[0], hvac.Client)


def test_the_token_of_a_function_is_renewed_and_replaced_at_its_end(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    auth = {"client_token": "s.1", "lease_duration": 60, "renewable": True}
    short = {**auth, "lease_duration": 5}
    fake_vault.put("app", k="v")
    fake_vault.answers["auth/ldap/login/ann"] = lambda method, body: fake_vault.answer(auth=auth)
    fake_vault.answers["auth/token/renew-self"] = lambda method, body: fake_vault.answer(auth=auth)
    login = Login(lambda client: client.auth.ldap.login("ann", "right-pin-1"))
    session = fake_vault.session(Vault(auth=login, clock=fake_clock))
    held = secret(session, "secret/app")
    held.get()
    tick(session, fake_clock, 100)
    assert 2 <= fake_vault.count("auth/token/renew-self")
    assert 1 == fake_vault.count("auth/ldap/login/ann")
    fake_vault.answers["auth/token/renew-self"] = lambda method, body: fake_vault.answer(auth=short)  # its maximum
    tick(session, fake_clock, 60)
    assert 2 <= fake_vault.count("auth/ldap/login/ann")
    assert {"k": "v"} == held.get()


def test_the_answer_counts_even_if_hvac_was_not_to_use_its_token(loaded: Load) -> None:
    settings = loaded(lambda client: client.auth.userpass.login("ann", "right-pin-1", use_token=False))
    assert "k3y" == settings.key.get()


def test_a_token_that_the_function_sets_is_used_and_never_revoked(loaded: Load, server: VaultServer) -> None:
    token = server.new_token("app")

    def log_in(client: hvac.Client) -> None:
        client.token = token

    assert "k3y" == loaded(log_in).key.get()
    shutdown()
    assert hvac.Client(server.address, token).auth.token.lookup_self()


def test_the_last_token_of_several_requests_is_used(loaded: Load, server: VaultServer) -> None:
    def log_in(client: hvac.Client) -> None:
        client.auth.userpass.login("ann", "right-pin-1")
        client.token = client.auth.token.create(policies=["app"], ttl="5m")["auth"]["client_token"]

    settings = loaded(log_in)
    assert "k3y" == settings.key.get()
    from toriconfig._load.snapshot import snapshot_of

    snapshot = snapshot_of(settings)
    assert snapshot is not None
    assert 300.0 == snapshot.session.client.identity.current.duration


def test_a_function_may_try_a_second_login_after_a_refused_one(loaded: Load) -> None:
    def log_in(client: hvac.Client) -> None:
        try:
            client.auth.userpass.login("ann", "an-older-pin")
        except hvac.exceptions.InvalidRequest:
            client.auth.userpass.login("ann", "right-pin-1")

    assert "k3y" == loaded(log_in).key.get()


def test_a_refused_login_is_not_sent_again(loaded: Load, server: VaultServer) -> None:
    canary = Canary()
    server.forget_requests()
    for number in range(3):
        with pytest.raises(VaultDenied, match="login by log_in at auth/userpass/login/ann|was refused") as caught:
            loaded(_by(canary.secret), refresh_interval=50.0 + number).key.get()
        canary.absent_from(caught.value)
    assert 1 == server.requests("auth/userpass/login/ann")


@pytest.mark.parametrize("kind", [KeyError, SystemExit, KeyboardInterrupt])
def test_an_exception_is_named_by_its_type_and_place_and_not_by_its_text(
    loaded: Load, kind: type[BaseException]
) -> None:
    canary = Canary()

    def log_in(client: hvac.Client) -> None:
        raise kind(canary.secret)

    says = rf"log_in raised {kind.__name__} at test_login_by_function\.py:\d+"
    with pytest.raises(VaultDenied, match=says) as caught:
        loaded(log_in).key.get()
    canary.absent_from(caught.value)


@pytest.mark.parametrize(
    ("log_in", "kind"),
    [
        (lambda client: client.auth.userpass.login("ann"), "TypeError"),
        (lambda client: client.auth_userpass("ann", "x"), "AttributeError"),
    ],
)
def test_a_wrong_call_of_hvac_is_named_by_its_place_in_the_program(loaded: Load, log_in: LogIn, kind: str) -> None:
    with pytest.raises(VaultDenied, match=f"raised {kind} at test_login_by_function"):
        loaded(log_in).key.get()


def test_a_function_that_does_not_log_in_is_named(loaded: Load) -> None:
    with pytest.raises(VaultDenied, match="the login by forgot brought no token"):
        loaded(_named("forgot")).key.get()


@pytest.mark.parametrize("token", ["tok\nen", "tok\u2713en"])
def test_a_token_that_no_header_can_hold_is_refused_and_not_shown(loaded: Load, token: str) -> None:
    def log_in(client: hvac.Client) -> None:
        client.token = token

    with pytest.raises(VaultDenied, match="is not one line of ASCII") as caught:
        loaded(log_in).key.get()
    assert token not in str(caught.value)


def test_a_function_that_hangs_ends_the_read_at_its_deadline(loaded: Load) -> None:
    go = threading.Event()
    try:
        with pytest.raises(VaultUnreachable, match="no answer within 0.3 s"):
            loaded(lambda client: go.wait(30), timeout=0.3).key.get()
    finally:
        go.set()


def test_a_request_after_the_time_of_the_login_is_not_sent(loaded: Load, server: VaultServer) -> None:
    kept: list[Any] = []

    def log_in(client: hvac.Client) -> None:
        kept.append(client)
        client.auth.userpass.login("ann", "right-pin-1")

    settings = loaded(log_in, timeout=0.5)
    assert "k3y" == settings.key.get()
    server.forget_requests()
    threading.Event().wait(0.6)  # the time of the login is that of the system
    with pytest.raises(SecretError):
        kept[0].read("secret/data/app")
    assert 0 == server.requests("secret/data/app")


def test_a_function_is_neither_printed_nor_pickled() -> None:
    canary = Canary()
    login = Login(_by(canary.secret))
    canary.absent_from(repr(login), repr(Vault(auth=login)))
    with pytest.raises(TypeError, match=r"auth\.log_in"):
        pickle.dumps(lazy(App, vault=Vault(auth=login)))


async def _coroutine(client: Any) -> None: ...


@dataclass
class _Unhashable:
    password: str = "x"

    def __call__(self, client: Any) -> None: ...


@pytest.mark.parametrize(
    "wrong", ["auth/ldap", None, _coroutine, _Unhashable()], ids=lambda wrong: type(wrong).__name__
)
def test_a_login_that_is_not_a_function_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="expected a function"):
        Login(wrong)


def _by(password: str) -> LogIn:
    def log_in(client: hvac.Client) -> None:
        client.auth.userpass.login("ann", password)

    return log_in


def _named(name: str) -> LogIn:
    def function(client: hvac.Client) -> None: ...

    function.__name__ = name
    return function
