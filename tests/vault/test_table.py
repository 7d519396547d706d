"""The table of Vault's answers in the guide to secrets: each row with the tests that show it."""

from __future__ import annotations

import ast
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from support.fake_vault import FakeVault, broken, denied, refused, sealed, secret, tick, timed_out
from support.faults import Answer, answering_server
from support.leasing import Engine
from toriconfig import Secret, SettingsConfigDict, Vault, load
from toriconfig._core.origin import Origin
from toriconfig._secrets.fallback import Fallback
from toriconfig._secrets.provider import Fixed
from toriconfig._secrets.secret import handle
from toriconfig.errors import (
    MissingCredentialError,
    SecretError,
    VaultDenied,
    VaultNotFound,
    VaultSealed,
    VaultUnreachable,
)
from toriconfig.testing import FakeClock, reset_warnings
from toriconfig.vault import UserPass

TESTS = Path(__file__).parent.parent
PAGE = TESTS.parent / "examples" / "vault" / "README.md"

SHOWN = {
    "not configured": [
        "vault/test_table.py::test_a_lower_layer_is_used_without_a_vault_with_one_warning_per_field",
        "vault/test_settings_on_vault.py::test_a_missing_credential_warns_once_for_32_threads_two_loads_and_a_reload",
    ],
    "unreachable, timeout, 5xx, not Vault's answer": [
        "vault/test_outcomes.py::test_a_cached_value_is_kept_until_stale_for_and_then_the_error_is_reported",
        "vault/test_outcomes.py::test_an_outage_is_one_warning_for_any_number_of_paths",
        "vault/test_table.py::test_a_lower_layer_is_used_after_stale_for_only_if_vault_is_unreachable",
        "vault/test_leases_in_outages.py::test_the_first_failed_renewal_warns_with_the_true_end",
        "vault/test_leases_in_outages.py::test_a_failed_renewal_is_stale_and_has_its_error_while_the_lease_still_runs",
        (
            "vault/test_leases_in_outages.py::"
            "test_credentials_are_used_beyond_their_lease_up_to_stale_for_while_vault_does_not_answer"
        ),
        "vault/test_leases_in_outages.py::test_a_lease_that_cannot_be_renewed_ends_by_itself_and_is_not_used_beyond",
        "vault/test_table.py::test_a_lower_layer_is_used_without_a_cached_value_only_after_some_errors",
        "vault/test_table.py::test_each_error_without_a_cached_value_and_a_lower_layer_has_its_own_type",
    ],
    "sealed": [
        "vault/test_outcomes.py::test_a_cached_value_is_kept_until_stale_for_and_then_the_error_is_reported",
        (
            "vault/test_leases_in_outages.py::"
            "test_credentials_are_used_beyond_their_lease_up_to_stale_for_while_vault_does_not_answer"
        ),
        "vault/test_table.py::test_a_lower_layer_is_used_without_a_cached_value_only_after_some_errors",
        "vault/test_table.py::test_each_error_without_a_cached_value_and_a_lower_layer_has_its_own_type",
    ],
    "403": [
        "vault/test_outcomes.py::test_a_403_leads_to_one_login_and_then_an_error_with_path_and_capability",
        "vault/test_outcomes.py::test_a_cached_value_is_kept_until_stale_for_and_then_the_error_is_reported",
        (
            "vault/test_leases_in_outages.py::"
            "test_a_denied_lease_is_used_to_its_end_and_not_beyond_since_vault_revokes_it_then"
        ),
        "vault/test_table.py::test_a_denied_lease_causes_one_login",
        "vault/test_settings_on_vault.py::test_a_lower_layer_is_not_used_for_a_denied_path",
        "vault/test_table.py::test_each_error_without_a_cached_value_and_a_lower_layer_has_its_own_type",
    ],
    "404, deleted or destroyed": [
        "vault/test_outcomes.py::test_a_missing_secret_is_dropped_after_three_polls_in_a_row_that_agree",
        "vault/test_table.py::test_a_lease_whose_path_is_gone_is_dropped_after_three_tries_that_agree_or_at_its_end",
        ("vault/test_settings_on_vault.py::test_vault_overrides_the_environment_which_is_used_when_vault_has_no_value"),
        "vault/test_table.py::test_each_error_without_a_cached_value_and_a_lower_layer_has_its_own_type",
    ],
    "lease or token revoked": [
        (
            "integrations/test_refused_logins.py::"
            "test_after_a_lease_was_revoked_the_next_connection_logs_in_with_new_credentials"
        ),
        "vault/test_leases_in_outages.py::test_every_handle_drops_a_lease_that_is_gone",
        ("vault/test_leases_in_outages.py::test_a_lease_that_vault_ended_is_not_used_even_if_vault_is_down_later"),
        ("vault/test_leases_in_outages.py::test_credentials_of_a_token_that_vault_has_lost_are_replaced_at_once"),
    ],
}


def rows() -> list[str]:
    table = re.search(r"^\| Vault's answer \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE.read_text(encoding="utf-8"), re.M)
    assert table is not None
    return [line.split("|")[1].strip() for line in table[1].splitlines()]


def test_each_line_of_the_table_has_its_tests() -> None:
    assert rows() == list(SHOWN)


@pytest.mark.parametrize("name", sorted({name for names in SHOWN.values() for name in names}))
def test_the_tests_of_the_table_are_there(name: str) -> None:
    file, _, function = name.partition("::")
    tree = ast.parse((TESTS / file).read_text())
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def absent(address: str) -> Any:
    return FakeVault(FakeClock()).answer(address, 404)


OUTCOMES = [
    pytest.param(refused, VaultUnreachable, "lower", id="refused"),
    pytest.param(timed_out, VaultUnreachable, "lower", id="timeout"),
    pytest.param(broken, VaultUnreachable, "lower", id="500"),
    pytest.param(sealed, VaultSealed, None, id="sealed"),
    pytest.param(denied, VaultDenied, None, id="403"),
    pytest.param(absent, VaultNotFound, "lower", id="404"),
]


def over_a_lower_layer(fake_vault: FakeVault, clock: FakeClock, told: list[SecretError | None]) -> tuple[Any, Any]:
    session = fake_vault.session(Vault(clock=clock))
    lower = Fixed("lower", Origin("env", "LOWER"))
    return session, handle(Fallback(session.path("secret/a"), lower, told.append), None, "key")


@pytest.mark.parametrize(("fail", "kind", "value"), OUTCOMES)
def test_a_lower_layer_is_used_without_a_cached_value_only_after_some_errors(
    fake_vault: FakeVault, fake_clock: FakeClock, fail: Any, kind: type[SecretError], value: str | None
) -> None:
    told: list[SecretError | None] = []
    fake_vault.fails[""] = fail
    _, held = over_a_lower_layer(fake_vault, fake_clock, told)
    for _ in range(3):
        assert held.get(None) == value
    if value is None:
        with pytest.raises(kind):
            held.get()
    assert [type(one) for one in told] == ([] if value is None else [kind])


@pytest.mark.parametrize(("fail", "kind", "value"), OUTCOMES[:-1])
def test_a_lower_layer_is_used_after_stale_for_only_if_vault_is_unreachable(
    fake_vault: FakeVault, fake_clock: FakeClock, fail: Any, kind: type[SecretError], value: str | None
) -> None:
    fake_vault.put("a", k="cached")
    session, held = over_a_lower_layer(fake_vault, fake_clock, [])
    held.get()
    fake_vault.fails[""] = fail
    tick(session, fake_clock, 3500, step=10)
    assert held.get() == {"k": "cached"}
    tick(session, fake_clock, 200, step=10)
    assert held.get(None) == value


def test_a_lower_layer_is_used_without_a_vault_with_one_warning_per_field(caplog: pytest.LogCaptureFixture) -> None:
    class Bare(BaseModel):
        model_config = SettingsConfigDict(env_prefix="TABLE_", vault_path="secret/table")

        key: Secret[str]
        other: Secret[str]
        none: Secret[str]

    reset_warnings()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            settings = load(Bare, environ={"TABLE_KEY": "lower", "TABLE_OTHER": "lower"})
            assert [settings.key.get(), settings.other.get()] == ["lower", "lower"]
            with pytest.raises(MissingCredentialError):
                settings.none.get()
    lines = [record.getMessage() for record in caplog.records]
    assert [sum(f"`{name}`" in line for line in lines) for name in ("key", "other", "none")] == [1, 1, 1]


class Needy(BaseModel):
    model_config = SettingsConfigDict(vault_path="secret/table")

    key: Secret[str]


@pytest.mark.parametrize(
    ("status", "body", "kind", "named"),
    [
        (500, {"errors": ["internal"]}, VaultUnreachable, "500"),
        (200, b"<html>", VaultUnreachable, "answer"),
        (503, {"errors": ["Vault is sealed"]}, VaultSealed, "unseal"),
        (403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}, VaultDenied, '"read" on secret/data/table'),
        (404, {"errors": []}, VaultNotFound, "secret/table"),
    ],
)
def test_each_error_without_a_cached_value_and_a_lower_layer_has_its_own_type(
    status: int, body: Any, kind: type[SecretError], named: str
) -> None:
    with answering_server(lambda _: Answer(status, body)) as front:
        environ = {"VAULT_ADDR": front.address, "VAULT_TOKEN": "t"}
        with pytest.raises(kind, match=re.escape(named)) as caught:
            load(Needy, environ=environ, vault=Vault(timeout=0.5)).key.get()
    assert caught.value.path == "key"


def test_a_denied_lease_causes_one_login(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    engine = Engine(fake_vault, fake_clock)
    session = fake_vault.session(Vault(clock=fake_clock, auth=UserPass("u", "p")))
    held = secret(session, "database/creds/app")
    held.get()
    fake_vault.answers["database/creds/app"] = lambda *_: denied("")
    fake_vault.answers["sys/leases/renew"] = lambda *_: fake_vault.answer(status=400, errors=["past the max TTL"])
    before = fake_vault.count("auth/userpass/login/u")
    tick(session, fake_clock, 3590, step=5)
    assert engine.works(held.get()["username"])
    assert fake_vault.count("auth/userpass/login/u") - before <= 1


def test_a_lease_whose_path_is_gone_is_dropped_after_three_tries_that_agree_or_at_its_end(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    Engine(fake_vault, fake_clock)
    session = fake_vault.session(Vault(clock=fake_clock, auth=UserPass("u", "p")))
    held, cached = secret(session, "database/creds/app"), session.path("database/creds/app")
    held.get()
    fake_vault.answers["database/creds/app"] = lambda *_: absent("")
    fake_vault.answers["sys/leases/renew"] = lambda *_: fake_vault.answer(status=400, errors=["past the max TTL"])
    for tries in (1, 2):
        fake_clock.advance(2)
        cached.ask()
        assert cached._attempts.absent == tries
        assert held.get()["username"] == "u0"
    cached.ask()
    with pytest.raises(VaultNotFound):
        held.get()
