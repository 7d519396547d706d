"""Answers that Vault does not write: reported as such at once, and not at a deadline."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import pytest

from support.fake_vault import FakeVault, secret
from support.faults import Answer, answering_server
from toriconfig._inspect.doctor import examine
from toriconfig._vault import Session
from toriconfig._vault.client import Client
from toriconfig._vault.config import VARIABLES
from toriconfig._vault.engines.kv import Mounts
from toriconfig._vault.token import LiveToken
from toriconfig.errors import VaultError, VaultUnreachable
from toriconfig.sources.vault import VaultSource
from toriconfig.testing import FakeClock
from toriconfig.vault import AppRole, Vault

from .conftest import Connect

LEASE: dict[str, Any] = {"lease_id": "l", "lease_duration": 60, "renewable": True, "data": {"username": "u"}}
DEEP = b'{"data": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}"
LISTS = b'{"data": {"k": ' + b"[" * 400 + b"]" * 400 + b"}}"
WRONG: dict[str, list[Any]] = {
    "lease_duration": ["60", "soon", 10**400, 1e300, -1, -0.5, True, [60], {"s": 60}],
    "renewable": ["false", 1, 0, []],
    "lease_id": [7, True, ["l"], {}],
    "auth": ["a", [], {"lease_duration": "1h"}, {"renewable": "yes"}],
}


def _lease(**changed: Any) -> dict[str, Any]:
    return LEASE | changed


@pytest.mark.parametrize("body", [DEEP, LISTS, b'{"data": {"k": NaN}}', b'{"data": {"k": -Infinity}}', b"[" * 100_000])
@pytest.mark.parametrize("path", ["secret/app", "database/creds/app"])
def test_an_answer_that_is_not_vaults_json_is_reported_as_such(connect: Connect, body: bytes, path: str) -> None:
    with answering_server(lambda _: Answer(200, body)) as server:
        session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": "t"})
        with pytest.raises(VaultUnreachable, match="no answer of Vault's: not its JSON"):
            secret(session, path).get()


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in WRONG.items() for value in values],
)
def test_an_envelope_that_vault_does_not_write_is_reported_as_such(connect: Connect, name: str, value: Any) -> None:
    with answering_server(lambda _: Answer(200, _lease(**{name: value}))) as server:
        session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": "t"})
        with pytest.raises(VaultUnreachable, match="no answer of Vault's: its (lease|renew|auth)"):
            secret(session, "database/creds/app").get()


def test_numbers_as_vault_writes_them_are_taken(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    session = fake_vault.session(Vault(clock=fake_clock))
    for lease in (_lease(), _lease(lease_duration=0), _lease(lease_duration=None, renewable=None), _lease(auth=None)):
        fake_vault.answers["database/creds/app"] = partial(_granted, fake_vault, lease)
        assert {"username": "u"} == session.mounts.fetch(*_fetched(session), relogin=False).data  # type: ignore[union-attr]


def _granted(fake_vault: FakeVault, lease: dict[str, Any], method: str, body: Any) -> Any:
    return fake_vault.answer(**lease)


def _fetched(session: Session) -> Any:
    from toriconfig._core.markers import split
    from toriconfig._runtime.deadline import Deadline

    return split("database/creds/app"), Deadline(session.executor.now() + 5, session.executor.now)


@pytest.mark.parametrize("version", [True, "7", -1, 0, 10**400, 1.5, None])
def test_a_version_that_is_no_number_is_no_version(fake_vault: FakeVault, fake_clock: FakeClock, version: Any) -> None:
    metadata = {"version": version, "created_time": "2026-01-01T00:00:00Z"}
    fake_vault.answers["secret/data/a"] = lambda method, body: fake_vault.answer(
        data={"data": {"k": "v"}, "metadata": metadata}
    )
    with pytest.raises(VaultUnreachable, match="not Vault's answer"):
        secret(fake_vault.session(Vault(clock=fake_clock)), "secret/a").get()


@pytest.mark.parametrize("ttl", ["60", 10**400, -5, True, None])
def test_a_countdown_that_is_no_number_is_ignored(fake_vault: FakeVault, fake_clock: FakeClock, ttl: Any) -> None:
    data = {"password": "p", "last_vault_rotation": "2026-01-01T00:00:00Z", "ttl": ttl}
    fake_vault.answers["database/static-creds/app"] = lambda method, body: fake_vault.answer(data=data)
    held = secret(fake_vault.session(Vault(clock=fake_clock)), "database/static-creds/app")
    assert "p" == held.get()["password"]
    assert "fresh" == held.state


@pytest.mark.parametrize("ends", [10**400, "soon", True, -1, None])
def test_a_certificate_with_an_end_that_is_no_time_is_returned(
    fake_vault: FakeVault, fake_clock: FakeClock, ends: Any
) -> None:
    fake_vault.answers["pki/issue/app"] = lambda method, body: fake_vault.answer(
        data={"certificate": "c", "expiration": ends}
    )
    assert (
        "c" == secret(fake_vault.session(Vault(clock=fake_clock)), "pki/issue/app?common_name=x").get()["certificate"]
    )


LOGIN = "auth/approle/login"


@pytest.mark.parametrize("changed", [{"lease_duration": "1h"}, {"lease_duration": -1}, {"renewable": "no"}])
def test_a_login_answer_that_is_not_vaults_is_reported_as_such(
    fake_vault: FakeVault, fake_clock: FakeClock, changed: dict[str, Any]
) -> None:
    auth = {"client_token": "t", "lease_duration": 60, "renewable": True} | changed
    fake_vault.answers[LOGIN] = lambda method, body: fake_vault.answer(auth=auth)
    session = fake_vault.session(Vault(clock=fake_clock, auth=AppRole("r", "s")))
    with pytest.raises(VaultUnreachable, match="no answer of Vault's: its"):
        secret(session, "secret/a").get()


@pytest.mark.parametrize("name", ["ttl", "period", "creation_ttl"])
@pytest.mark.parametrize("value", ["1h", 10**400, -1, True])
def test_the_doctor_reports_a_failed_lookup(connect: Connect, name: str, value: Any) -> None:
    def answer(first: str) -> Answer:
        if "/sys/health" in first:
            return Answer(200, {"initialized": True, "sealed": False}, {"Date": "no date"})
        return Answer(200, {"data": {"ttl": 60, "renewable": False, "policies": 7, name: value}})

    with answering_server(answer) as server:
        session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": "t"})
        found = list(examine(session, ["secret/a"], {}, VARIABLES))
    assert [("unreached", "login")] == [(one.mark, one.subject) for one in found if one.mark != "ok"]
    assert f"its {name} is no number" in found[-1].message


def _explode(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError("hvs.canary")


INTERNAL = r"internal error while a secret was fetched: ZeroDivisionError at test_not_vaults_answer.py:\d+"


def test_an_internal_error_of_a_read_is_reported_at_once(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mounts, "fetch", _explode)
    session = connect({"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "t"}, timeout=300.0)
    with pytest.raises(VaultError, match=INTERNAL):
        secret(session, "secret/a").get()


def test_an_internal_error_after_the_answer_was_claimed_is_reported_at_once(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toriconfig._vault.cached_path import CachedPath

    monkeypatch.setattr(CachedPath, "_record", _explode)
    metadata = {"version": 1, "created_time": "2026-01-01T00:00:00Z"}
    with answering_server(lambda _: Answer(200, {"data": {"data": {"k": "v"}, "metadata": metadata}})) as server:
        session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": "t"}, timeout=300.0)
        with pytest.raises(VaultError, match=INTERNAL):
            secret(session, "secret/a").get()


def test_an_internal_error_of_a_plain_request_is_reported_at_once(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "ask", _explode)
    with pytest.raises(VaultError, match=INTERNAL):
        connect({"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "t"}, timeout=300.0).client.request(
            "GET", "sys/health"
        )


def test_an_internal_error_of_a_login_is_raised_in_all_waiting_readers(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toriconfig._vault.auth.identity.obtain", _explode)
    session = connect({"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "t"}, timeout=300.0)
    for path in ("secret/a", "secret/b"):
        with pytest.raises(VaultError, match=INTERNAL):
            secret(session, path).get()


def test_a_token_whose_renewal_task_fails_is_scheduled_again(
    fake_vault: FakeVault, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    auth = {"client_token": "t", "lease_duration": 60, "renewable": True}
    fake_vault.answers[LOGIN] = lambda method, body: fake_vault.answer(auth=auth)
    fake_vault.answers["auth/token/renew-self"] = lambda method, body: fake_vault.answer(auth=auth)
    fake_vault.put("a", k="v")
    session = fake_vault.session(Vault(clock=fake_clock, auth=AppRole("r", "s")))
    secret(session, "secret/a").get()
    right, calls = LiveToken.due, list[int]()

    def once(token: LiveToken, rnd: Any) -> float:
        calls.append(1)
        return _explode() if len(calls) == 1 else right(token, rnd)

    monkeypatch.setattr(LiveToken, "due", once)
    for _ in range(55):
        fake_clock.advance(1)
        session.executor.scheduler.tick()
    assert 2 <= fake_vault.count("auth/token/renew-self")
    assert 1 == fake_vault.count(LOGIN)


def test_an_internal_error_of_a_renewal_leaves_the_lease_to_the_next_try(
    fake_vault: FakeVault, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_vault.answers["database/creds/app"] = lambda method, body: fake_vault.answer(**LEASE)
    session = fake_vault.session(Vault(clock=fake_clock))
    held = secret(session, "database/creds/app")
    held.get()
    monkeypatch.setattr("toriconfig._vault.renewal.renew", _explode)
    for _ in range(100):
        fake_clock.advance(1)
        session.executor.scheduler.tick()
        assert {"username": "u"} == held.get()
    assert 2 <= fake_vault.count("database/creds/app")


def test_an_internal_error_of_the_eager_layer_uses_no_lower_layer(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mounts, "fetch", _explode)
    session = connect({"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "t"}, timeout=300.0)
    tree = VaultSource(session.path("secret/a"), "secret/a").load()
    assert ["error"] == [problem.severity for problem in tree.problems]
    assert "ZeroDivisionError" in tree.problems[0].message


def test_an_internal_error_of_one_step_of_the_doctor_is_a_finding_and_the_next_step_follows(
    fake_vault: FakeVault, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toriconfig._inspect.doctor import places

    fake_vault.put("b", k="v")
    fake_vault.answers["sys/health"] = lambda method, body: fake_vault.answer(initialized=True, sealed=False)
    fake_vault.answers["auth/token/lookup-self"] = lambda method, body: fake_vault.answer(data={"ttl": 0})
    session = fake_vault.session(Vault(clock=fake_clock))
    right = places._read
    monkeypatch.setattr(
        places, "_read", lambda session, ref: _explode() if "a" in ref.path[-1] else right(session, ref)
    )
    monkeypatch.setattr(
        sys.modules["toriconfig._inspect.doctor.addresses"], "_health", lambda *_: fake_vault.answer(initialized=True)
    )
    found = list(examine(session, ["secret/a", "secret/b"], {}, VARIABLES, fake_clock))
    assert ["error", "ok"] == [one.mark for one in found if one.subject.startswith("secret/")]
