"""A new field of `Vault` or of a login method is a secret until declared otherwise: masked, not from files, not pickled."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from support.loading import problems
from toriconfig import Secret, SettingsConfigDict, Vault, lazy
from toriconfig._core.trust import file_may_set, secrets_in
from toriconfig.testing import Canary
from toriconfig.vault import METHODS, TUNING, AppRole, Kubernetes, LoginMethod, LoginRequest, LoginTools, Token


class App(BaseModel):
    model_config = SettingsConfigDict(env_prefix="T_", env_nested_delimiter="__", env_file=".env")
    key: Secret[str] | None = None


@dataclass(frozen=True)
class Ldap(LoginMethod):
    """A custom login method, with a field without a declared trust."""

    method: ClassVar[str] = "ldap"
    username: str = field(metadata={"secret": False, "file": True})
    server: str | None = field(default=None, metadata={"secret": False})
    bind: str | None = None

    def request(self, tools: LoginTools) -> LoginRequest:
        return LoginRequest("auth/ldap/login", {})


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(METHODS, "ldap", Ldap)


def refused(*texts: str, **given: Any) -> list[str]:
    found = problems(App, *texts, **given)
    return [one.path for one in found if "may not come from a file" in str(one)]


def test_a_new_field_of_a_login_is_refused_in_a_file() -> None:
    assert ["vault.auth.bind"] == refused("vault: {auth: {method: ldap, username: u, bind: x}}")


@dataclass(frozen=True)
class Open(Ldap):
    """A login method whose field of the same name is for files."""

    method: ClassVar[str] = "open"
    bind: str | None = field(default=None, metadata={"secret": False, "file": True})


@pytest.mark.parametrize(
    "spelt", ["method: open, METHOD: ldap", "METHOD: open, method: ldap", "Method: ldap, method: open"]
)
def test_a_method_in_two_spellings_permits_no_field(spelt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "open", Open)
    assert [] == refused("vault: {auth: {method: open, username: u, bind: x}}")
    assert ["vault.auth.bind"] == refused(f"vault: {{auth: {{{spelt}, username: u, bind: x}}}}")


def test_a_method_in_a_second_file_and_spelling_permits_no_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "open", Open)
    files = ["vault: {auth: {method: open, username: u, bind: x}}", "vault: {auth: {METHOD: ldap}}"]
    assert ["vault.auth.bind"] == refused(*files)


def test_a_new_field_of_a_login_is_refused_in_an_env_file() -> None:
    Path(".env").write_text("T_VAULT__AUTH__METHOD=ldap\nT_VAULT__AUTH__USERNAME=u\nT_VAULT__AUTH__BIND=x\n")
    assert ["vault.auth.bind"] == refused()


def test_a_field_that_is_free_of_secrets_is_refused_in_a_file_until_it_is_declared_for_files() -> None:
    assert ["vault.auth.server"] == refused("vault: {auth: {method: ldap, username: u, server: s}}")
    assert [] == refused("vault: {auth: {method: ldap, username: u}}")


def test_a_new_field_of_a_login_is_taken_from_variables_and_by_permission_from_files() -> None:
    environ = {"T_VAULT__AUTH__METHOD": "ldap", "T_VAULT__AUTH__USERNAME": "u", "T_VAULT__AUTH__BIND": "x"}
    assert [] == refused(environ=environ)
    text = "vault: {auth: {method: ldap, username: u, bind: x}}"
    assert [] == refused(text, vault=Vault(allow_file_address=True))


def test_a_new_field_of_a_login_is_masked() -> None:
    canary = Canary()
    login: Any = Ldap("ann", bind=canary.secret)
    assert "Ldap(username='ann', server=None, bind='**********')" == repr(login).rpartition("<locals>.")[2]
    assert not canary.found_in(repr(login))


def test_a_new_field_of_a_login_is_masked_in_the_vault_that_holds_it() -> None:
    @dataclass(frozen=True)
    class Plain(LoginMethod):
        method: ClassVar[str] = "plain"
        bind: str

        def __repr__(self) -> str:
            return f"Plain({self.bind!r})"

        def request(self, tools: LoginTools) -> LoginRequest:
            return LoginRequest("auth/ldap/login", {})

    canary = Canary()
    assert not canary.found_in(repr(Vault(auth=Plain(canary.secret))))


def test_a_new_field_of_a_login_is_not_pickled() -> None:
    canary = Canary()
    login: Any = Ldap("ann", bind=canary.secret)
    with pytest.raises(TypeError, match=r"a credential in `auth\.bind`") as caught:
        pickle.dumps(lazy(App, vault=Vault(auth=login)))
    canary.absent_from(caught.value)


@dataclass(frozen=True)
class Signed(LoginMethod):
    """A login that keeps a secret beside its fields."""

    method: ClassVar[str] = "signed"
    username: str = field(metadata=TUNING)

    @cached_property
    def signature(self) -> str:
        return Canary().secret

    def request(self, tools: LoginTools) -> LoginRequest:
        del tools
        return LoginRequest("auth/signed/login", {"signature": self.signature})


def test_attributes_of_a_login_beside_its_fields_are_not_pickled() -> None:
    login = Signed("ann")
    assert pickle.dumps(lazy(App, vault=Vault(auth=login)))
    signature = login.signature
    with pytest.raises(TypeError, match=r"a credential in `auth\.signature`") as caught:
        pickle.dumps(lazy(App, vault=Vault(auth=login)))
    assert signature not in str(caught.value)


def test_a_login_without_a_credential_is_pickled() -> None:
    login: Any = Ldap("ann", server="s")
    assert pickle.dumps(lazy(App, vault=Vault(auth=login)))


def test_a_url_with_a_login_counts_as_a_credential_in_any_field() -> None:
    canary = Canary()
    login: Any = Ldap("ann", server=f"ldaps://ann:{canary.secret}@host")
    canary.absent_from(repr(login))
    assert ["auth.server"] == list(secrets_in(Vault(auth=login)))


def test_a_new_field_of_the_connection_is_a_secret_too() -> None:
    @dataclass(frozen=True, eq=False)
    class Wider(Vault):
        pin: str | None = None

    canary = Canary()
    wider = Wider(pin=canary.secret)
    canary.absent_from(repr(wider))
    assert (["pin"], False) == (list(secrets_in(wider)), file_may_set(Wider, "pin"))


@pytest.mark.parametrize("kind", [Vault, *METHODS.values()])
def test_every_field_of_vault_and_of_our_logins_declares_its_secrecy(kind: type[Any]) -> None:
    assert [] == [one.name for one in fields(kind) if "secret" not in one.metadata]


@pytest.mark.parametrize(
    ("kind", "free"),
    [
        (
            Vault,
            {"auth", "timeout", "refresh_interval", "stale_for", "overlap", "prefetch_workers", "share_after_fork"},
        ),
        (AppRole, {"role_id"}),
        (Kubernetes, {"role"}),
        (Token, set()),
    ],
)
def test_a_file_may_set_these_fields_and_no_other(kind: type[Any], free: set[str]) -> None:
    assert free == {one.name for one in fields(kind) if file_may_set(kind, one.name)}
