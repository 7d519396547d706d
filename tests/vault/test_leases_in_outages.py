"""Leased credentials while Vault does not answer: used until Vault has ended them, and reported as stale."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from support.fake_vault import FakeVault, broken, denied, refused, sealed, secret, tick, timed_out
from support.leasing import Engine
from toriconfig._secrets.provider import Reading
from toriconfig._vault import Session
from toriconfig._vault.http.response import Answer
from toriconfig._vault.http.translate import is_outage
from toriconfig.errors import VaultDenied, VaultError, VaultSealed, VaultUnreachable
from toriconfig.testing import FakeClock
from toriconfig.vault import UserPass, Vault

PATH = "database/creds/app"
HOUR = 3600.0
OUTAGES = pytest.mark.parametrize("fail", [refused, timed_out, sealed, broken])


@pytest.fixture(name="engine")
def _engine(fake_vault: FakeVault, fake_clock: FakeClock) -> Engine:
    return Engine(fake_vault, fake_clock)


def session_of(engine: Engine, **options: Any) -> Session:
    return engine.vault.session(Vault(clock=engine.clock, auth=UserPass("u", "p"), **options))


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "toriconfig.vault"]


@OUTAGES
def test_the_first_failed_renewal_warns_with_the_true_end(
    engine: Engine, caplog: pytest.LogCaptureFixture, fail: Any
) -> None:
    session = session_of(engine)
    held = secret(session, PATH)
    held.get()
    engine.vault.fails[""] = fail
    with caplog.at_level(logging.WARNING, "toriconfig.vault"):
        tick(session, engine.clock, 0.7 * HOUR, step=5)
    (line,) = warnings(caplog)
    left = re.search(r"end in (\d+) s, at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", line)
    assert left is not None, line
    failed_at = HOUR - float(left[1])
    assert 0.08 * HOUR <= failed_at <= 0.69 * HOUR  # when the first renewal was due
    assert "up to 3600 s while Vault does not answer" in line


@OUTAGES
def test_a_failed_renewal_is_stale_and_has_its_error_while_the_lease_still_runs(engine: Engine, fail: Any) -> None:
    session = session_of(engine)
    held, cached = secret(session, PATH), session.path(PATH)
    held.get()
    engine.vault.fails[""] = fail
    tick(session, engine.clock, 0.7 * HOUR, step=5)
    assert (held.state, type(cached.error)) == ("stale", VaultSealed if fail is sealed else VaultUnreachable)
    assert held.get()["username"] == "u0"
    engine.vault.fails.clear()
    tick(session, engine.clock, 0.3 * HOUR, step=5)
    assert (held.state, cached.error) == ("fresh", None)


@OUTAGES
def test_credentials_are_used_beyond_their_lease_up_to_stale_for_while_vault_does_not_answer(
    engine: Engine, fail: Any
) -> None:
    session = session_of(engine, stale_for=600.0)
    held = secret(session, PATH)
    held.get()
    engine.vault.fails[""] = fail
    tick(session, engine.clock, HOUR + 590, step=5)
    assert (held.get()["username"], held.state) == ("u0", "stale")
    tick(session, engine.clock, 20, step=5)
    with pytest.raises(VaultError):
        held.get()
    assert held.state == "missing"


def test_credentials_beyond_their_lease_are_replaced_as_soon_as_vault_answers_another_path(engine: Engine) -> None:
    session = session_of(engine)
    held, plain = secret(session, PATH), secret(session, "secret/a")
    held.get()
    plain.get()
    engine.vault.fails[""] = refused
    tick(session, engine.clock, 1.2 * HOUR, step=5)
    assert held.get()["username"] == "u0"
    engine.vault.fails.clear()
    while plain.state != "fresh":
        tick(session, engine.clock, 1)
    assert held.get()["username"] == "u1"


@pytest.mark.parametrize("answer", [denied, lambda address: Answer(400, {"errors": ["unknown role"]}, {}, address)])
def test_an_expired_value_is_not_used_after_any_answer_of_vault(engine: Engine, answer: Any) -> None:
    session = session_of(engine)
    held = secret(session, PATH)
    held.get()
    engine.vault.fails[""] = refused
    tick(session, engine.clock, 1.2 * HOUR, step=5)
    assert held.get()["username"] == "u0"
    engine.vault.fails[""] = answer
    tick(session, engine.clock, 120, step=5)
    with pytest.raises(VaultError):
        held.get()


@pytest.mark.parametrize(("status", "outage"), [(429, False), (412, False), (500, True), (503, True), (None, True)])
def test_a_rate_limit_is_no_outage_and_a_failing_vault_is_one(status: int | None, outage: bool) -> None:
    assert is_outage(VaultUnreachable("", status=status)) is outage


def test_a_denied_lease_is_used_to_its_end_and_not_beyond_since_vault_revokes_it_then(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    session = session_of(engine)
    held = secret(session, PATH)
    held.get()
    engine.vault.answers[PATH] = lambda method, body: denied("")
    engine.vault.answers["sys/leases/renew"] = lambda method, body: denied("")
    with caplog.at_level(logging.WARNING, "toriconfig.vault"):
        tick(session, engine.clock, HOUR - 5, step=5)
    assert held.get()["username"] == "u0"
    assert any("the credentials in memory end in" in line for line in warnings(caplog))
    assert not any("used for up to" in line for line in warnings(caplog))
    tick(session, engine.clock, 10)
    with pytest.raises(VaultDenied):
        held.get()


def test_a_policy_that_forbids_renewals_causes_one_warning_and_no_other_cost(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    session = session_of(engine)
    held = secret(session, PATH)
    held.get()
    engine.vault.answers["sys/leases/renew"] = lambda method, body: denied("")
    with caplog.at_level(logging.WARNING, "toriconfig.vault"):
        for _ in range(5 * 12):
            tick(session, engine.clock, 300, step=5)
            assert engine.works(held.get()["username"])
    (line,) = warnings(caplog)
    assert "sys/leases/renew" in line


def test_a_lease_that_vault_ended_is_not_used_even_if_vault_is_down_later(engine: Engine) -> None:
    session = session_of(engine)
    held = secret(session, PATH)
    held.get()

    def gone(method: str, body: Any) -> Any:
        engine.vault.fails[""] = refused
        return engine.vault.answer(status=400, errors=["lease not found"])

    engine.vault.answers["sys/leases/renew"] = gone
    tick(session, engine.clock, 0.7 * HOUR, step=5)
    with pytest.raises(VaultUnreachable):
        held.get()


def test_every_handle_drops_a_lease_that_is_gone(engine: Engine) -> None:
    session = session_of(engine)
    cached = session.path(PATH)
    told: list[tuple[Reading | None, Reading | None]] = []
    secret(session, PATH).get()
    cached.subscribe(lambda old, new: told.append((old, new)))
    engine.vault.answers["sys/leases/renew"] = lambda *_: engine.vault.answer(status=400, errors=["lease not found"])
    engine.vault.answers[PATH] = lambda *_: broken("")
    tick(session, engine.clock, 0.7 * HOUR, step=5)
    assert told[0][0] is told[0][1] is not None


@pytest.mark.parametrize("leave", ["shutdown", "fork"])
def test_revoked_values_and_values_of_the_parent_are_not_used_in_an_outage(engine: Engine, leave: str) -> None:
    session = session_of(engine)
    held = secret(session, PATH)
    held.get()
    engine.vault.fails[""] = refused
    tick(session, engine.clock, 0.7 * HOUR, step=5)
    if leave == "fork":
        session.path(PATH).after_fork(share=False)
    else:
        for token in session.client.identity.release_tokens():
            assert token.ends < engine.clock.monotonic()
        session.path(PATH).rest()
    with pytest.raises(VaultUnreachable):
        held.get()


def test_credentials_of_a_token_that_vault_has_lost_are_replaced_at_once(engine: Engine) -> None:
    session = session_of(engine)
    held, plain = secret(session, PATH), secret(session, "secret/a")
    held.get()
    plain.get()
    tokens = iter(["t", "t2"])
    known = {"t2"}

    def login(method: str, body: Any) -> Any:
        return engine.vault.answer(auth={"client_token": "t2", "lease_duration": 3600, "renewable": True})

    def lookup(method: str, body: Any) -> Any:
        return denied("") if next(tokens) not in known else engine.vault.answer(data={"ttl": 3600})

    engine.vault.answers["auth/userpass/login/u"] = login
    engine.vault.answers["auth/token/lookup-self"] = lookup
    versioned = engine.vault.answer(data={"data": {"k": "v"}, "metadata": {"version": 1, "created_time": "x"}})
    answers = iter([denied("")])
    engine.vault.answers["secret/data/a"] = lambda *_: next(answers, versioned)
    tick(session, engine.clock, 130)
    assert held.get()["username"] == "u1"
    assert plain.get() == {"k": "v"}


def test_a_refused_lease_is_requested_at_once_even_after_a_failed_connection(
    engine: Engine,
) -> None:
    session = session_of(engine)
    held, cached = secret(session, PATH), session.path(PATH)
    held.get()
    engine.vault.fails[""] = refused
    tick(session, engine.clock, 0.7 * HOUR, step=5)
    cached.refresh()  # it is still down: requests of the next moments fail at once
    engine.vault.fails.clear()
    engine.clock.advance(2.1)
    cached.refresh()
    assert held.get()["username"] == "u1"


def test_a_lease_that_cannot_be_renewed_ends_by_itself_and_is_not_used_beyond(engine: Engine) -> None:
    data = {"security_token": "t"}
    engine.vault.answers["aws/sts/app"] = lambda *_: engine.vault.answer(
        lease_id="aws/sts/app/1", lease_duration=3600, renewable=False, data=data
    )
    session = session_of(engine)
    held = secret(session, "aws/sts/app")
    held.get()
    engine.vault.fails[""] = refused
    tick(session, engine.clock, HOUR - 5, step=5)
    assert held.get() == data
    tick(session, engine.clock, 10)
    with pytest.raises(VaultUnreachable):
        held.get()


def test_the_warning_and_health_report_that_the_token_ends_before_the_lease(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    def login(method: str, body: Any) -> Any:
        return engine.vault.answer(auth={"client_token": "t", "lease_duration": 1200, "renewable": True})

    engine.vault.answers["auth/userpass/login/u"] = login
    session = session_of(engine)
    held = secret(session, PATH)
    held.get()
    end = engine.clock.time() + 1200
    engine.vault.fails[""] = refused
    with caplog.at_level(logging.WARNING, "toriconfig.vault"):
        tick(session, engine.clock, 1150, step=5)
        held.get()
    (line,) = warnings(caplog)
    assert "2026-01-01 00:20:00 UTC" in line
    assert held.expires_at == pytest.approx(end, abs=1)
