"""A machine that sleeps and a wall clock that is set: the schedule follows the monotonic clock in both cases."""

from __future__ import annotations

import pytest

from support.fake_vault import FakeVault, refused, secret, tick
from support.leasing import Engine
from toriconfig._secrets.provider import Reading
from toriconfig._vault import Session
from toriconfig.errors import VaultUnreachable
from toriconfig.testing import FakeClock
from toriconfig.vault import UserPass, Vault

DAY = 86_400.0


@pytest.fixture(name="engine")
def _engine(fake_vault: FakeVault, fake_clock: FakeClock) -> Engine:
    return Engine(fake_vault, fake_clock)


def _session(engine: Engine) -> Session:
    return engine.vault.session(Vault(clock=engine.clock, auth=UserPass("u", "p")))


def _counts(vault: FakeVault) -> dict[str, int]:
    paths = sorted({path for _, _, path, _ in vault.asked})
    return {path: vault.count(path) for path in paths}


@pytest.mark.parametrize("steps", [[DAY], [-DAY], [10 * 365 * DAY, -20 * 365 * DAY], [3600, -3600, 3600, -3600]])
def test_a_wall_clock_that_is_set_changes_no_request_and_no_state(steps: list[float]) -> None:
    asked, states = [], []
    for wall in ([0.0] * len(steps), steps):
        clock = FakeClock()
        engine = Engine(FakeVault(clock), clock)
        session = _session(engine)
        handles = [secret(session, path) for path in ("secret/a", "database/creds/app")]
        for held in handles:
            held.get()
        for step in wall:
            clock.step(step)
            tick(session, clock, 5000, step=5)
            states.append([(held.state, held.get().get("username")) for held in handles])
        asked.append(_counts(engine.vault))
    assert asked[0] == asked[1]
    assert states[: len(steps)] == states[len(steps) :]
    assert {"u0"} == {state[1][1] for state in states}


@pytest.mark.parametrize("asleep", [60.0, 3500.0, 4000.0, 10 * DAY])
def test_no_expired_account_is_returned_after_a_sleep_and_requests_do_not_burst(engine: Engine, asleep: float) -> None:
    session = _session(engine)
    held, plain = secret(session, "database/creds/app"), secret(session, "secret/a")
    held.get()
    plain.get()
    tick(session, engine.clock, 100)
    before = len(engine.vault.asked)
    engine.clock.advance(asleep)  # nothing runs; then a reader is the first to come
    assert engine.works(held.get()["username"])
    assert {"k": "v"} == plain.get()
    session.executor.scheduler.tick()
    assert engine.works(held.get()["username"])
    assert len(engine.vault.asked) - before <= 6
    assert len(engine.ends) == (1 if asleep < 3400 else 2)
    tick(session, engine.clock, 600)
    assert {"fresh"} == {held.state, plain.state}
    assert len(engine.ends) <= 2


def test_an_account_that_ended_in_a_sleep_is_not_returned_though_vault_is_unreachable(engine: Engine) -> None:
    session = _session(engine)
    held, plain = secret(session, "database/creds/app"), secret(session, "secret/a")
    held.get()
    plain.get()
    engine.clock.advance(3700)
    engine.vault.fails[""] = refused
    with pytest.raises(VaultUnreachable):
        held.get()
    engine.clock.advance(3700)
    with pytest.raises(VaultUnreachable):
        plain.get()  # and what was never leased is kept for `stale_for` alone
    engine.vault.fails.clear()
    tick(session, engine.clock, 120)
    assert engine.works(held.get()["username"])
    assert {"k": "v"} == plain.get()


def test_credentials_that_ended_are_followed_by_their_successors_in_one_swap(engine: Engine) -> None:
    session = _session(engine)
    swaps: list[list[str | None]] = []

    def swapped(*readings: Reading | None) -> None:
        swaps.append([None if one is None else one.value["username"] for one in readings])

    held = secret(session, "database/creds/app")
    session.path("database/creds/app").subscribe(swapped)
    held.get()
    engine.clock.advance(3700)
    held.get()
    assert [[None, "u0"], ["u0", "u1"]] == swaps


def test_expiry_is_shown_by_the_wall_clock_of_the_moment(engine: Engine) -> None:
    engine.clock.step(5 * DAY)
    held = secret(_session(engine), "database/creds/app")
    held.get()
    assert engine.clock.time() + 3600 == held.expires_at
