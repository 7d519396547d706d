"""Logs mask the credentials for Vault as they mask values that are read from Vault."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_vault import secret
from toriconfig._vault.auth.identity import Identity
from toriconfig._vault.auth.masked import FORMER, mask_credentials
from toriconfig._vault.token import LiveToken
from toriconfig.pipeline import MaskingFilter
from toriconfig.pipeline._redact import KEEP, Redactor, _redactor, mask
from toriconfig.testing import FakeClock, VaultServer, vault_server
from toriconfig.vault import AppRole, HvacLogin, Login, Token, UserPass

from .conftest import Connect

PATH = "auth/jwt/login"


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({"secret/app": {"k": "the value of app"}}) as server:
        server.policy("app", {"secret/data/app": ["read"]})
        server.client.sys.enable_auth_method("userpass")
        server.client.auth.userpass.create_or_update_user("ada-the-user", "correct horse", policies=["app"])
        yield server


@pytest.fixture(autouse=True)
def _nothing_registered() -> Iterator[None]:
    _redactor.clear()
    yield
    _redactor.clear()


def tokens() -> set[str]:
    return {one.value for one in gc.get_objects() if isinstance(one, LiveToken) and one.value and not one.replaced}


def masked(text: str) -> bool:
    record = logging.makeLogRecord({"msg": "sent %s", "args": (text,)})
    MaskingFilter().filter(record)
    return text not in record.getMessage()


def test_the_secret_id_and_the_token_of_a_login_are_masked(server: VaultServer, connect: Connect) -> None:
    others = tokens()  # of tests before this one, which the collector has not taken yet
    role = server.approle("app", "app")
    session = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, secret_id=role.secret_id))
    secret(session, "secret/app").get()
    assert masked(role.secret_id)
    assert not masked(role.role_id)
    own = tokens() - others
    assert own
    assert all(map(masked, own))


def test_the_password_of_a_login_is_masked_and_the_user_name_is_not(server: VaultServer, connect: Connect) -> None:
    session = connect({"VAULT_ADDR": server.address}, auth=UserPass("ada-the-user", password="correct horse"))
    secret(session, "secret/app").get()
    assert masked("correct horse")
    assert not masked("ada-the-user")


def by_userpass(client: Any) -> None:
    client.auth.userpass.login("ada-the-user", "correct horse")


HVAC = [HvacLogin("userpass", username="ada-the-user", password="correct horse"), Login(by_userpass)]


@pytest.mark.parametrize("auth", HVAC, ids=lambda auth: type(auth).__name__)
def test_the_password_of_a_login_by_hvac_is_masked_and_the_user_name_is_not(
    server: VaultServer, connect: Connect, auth: HvacLogin | Login
) -> None:
    session = connect({"VAULT_ADDR": server.address}, auth=auth)
    secret(session, "secret/app").get()
    assert masked("correct horse")
    assert not masked("ada-the-user")


def test_names_of_roles_and_of_machines_in_a_login_are_not_masked() -> None:
    names = {"role": "the-role", "subscription_id": "the-subscription", "resource_group_name": "the-group"}
    names |= {"vm_name": "the-machine", "vmss_name": "the-set"}
    mask_credentials(PATH, {**names, "jwt": "the-jwt"})
    assert masked("the-jwt")
    assert not any(map(masked, names.values()))


def test_a_token_that_was_given_is_masked_once_it_is_used(server: VaultServer, connect: Connect) -> None:
    token = server.new_token("app")
    session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": token}, auth=Token())
    assert not masked(token)
    secret(session, "secret/app").get()
    assert masked(token)


def test_credentials_that_are_sent_again_are_registered_once() -> None:
    for _ in range(100):
        mask_credentials(PATH, {"role": "the-role", "secret_id": "the-secret-id", "number": 5})
    assert [None] == _redactor._uses["the-secret-id"]
    assert {"the-secret-id"} == _redactor._uses.keys()


def test_the_last_twenty_credentials_of_one_login_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    monkeypatch.setattr(Redactor, "_clock", property(lambda _: clock.monotonic), raising=False)
    mask_credentials(PATH, {"role": "of-another-login", "jwt": "another-jwt"})
    sent = [f"jwt-number-{number:04}" for number in range(FORMER + 10)]
    for jwt in sent:
        mask_credentials(PATH, {"role": "the-role", "jwt": jwt})
    assert all(map(masked, sent))
    clock.advance(KEEP + 1)
    assert [False] * 10 + [True] * FORMER == list(map(masked, sent))
    assert masked("another-jwt")


def test_tokens_that_were_replaced_are_kept_for_a_while_only(
    server: VaultServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    former, later = server.new_token("app"), server.new_token("app")
    environ = {"VAULT_ADDR": server.address, "VAULT_TOKEN": former}
    clock = FakeClock()
    monkeypatch.setattr(Redactor, "_clock", property(lambda _: clock.monotonic), raising=False)
    session = connect(environ, auth=Token())
    secret(session, "secret/app").get()
    identities = [one for one in gc.get_objects() if isinstance(one, Identity)]
    identity = next(one for one in identities if one._token is not None and one._token.value == former)
    identity._use(LiveToken(later, from_login=False, now=0.0), identity._token)
    assert (True, True) == (masked(former), masked(later))
    clock.advance(KEEP + 1)
    mask("")
    assert (False, True) == (masked(former), masked(later))
