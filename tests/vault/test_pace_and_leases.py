"""The pure decisions: times of polls, retries, renewals and new issues; and the load of a fleet on Vault."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toriconfig._vault import lease as leases
from toriconfig._vault import timing
from toriconfig._vault.lease import Lease

chances = st.floats(0, 1, exclude_max=True)
seconds = st.floats(1, 1e6)


def _lease(duration: float, term: float | None = None, *, renewable: bool = True, granted: float = 1000.0) -> Lease:
    return Lease("id", renewable, granted, duration, term or duration)


@given(seconds, chances)
def test_polls_are_within_ten_percent_of_the_interval_and_the_first_anywhere_in_it(every: float, u: float) -> None:
    assert 0.9 * every <= timing.poll_delay(every, lambda: u) <= 1.1 * every
    assert 0 <= timing.poll_delay(every, lambda: u, first=True) <= every
    assert timing.fresh_for(every) > 1.1 * every


@given(st.integers(1, 10_000), seconds, chances)
def test_a_failed_path_is_requested_at_least_as_often_as_it_is_polled(failures: int, every: float, u: float) -> None:
    delay = timing.retry_delay(failures, every, lambda: u)
    assert 0 < delay <= 1.25 * every
    assert failures < 40 or delay >= 0.75 * every


@given(seconds, chances)
def test_a_token_is_scheduled_at_about_two_thirds_of_its_life(ttl: float, u: float) -> None:
    assert 0.6 * ttl <= timing.token_delay(ttl, lambda: u) <= 0.69 * ttl


@given(st.floats(0, 1000), seconds, chances)
def test_a_static_role_is_read_just_after_its_password_changes(ttl: float, every: float, u: float) -> None:
    delay = timing.static_delay(ttl, every, lambda: u)
    assert delay <= max(1.1 * every, 0.0)
    assert delay < ttl + 0.7 or delay == pytest.approx(ttl + 0.7)
    assert delay >= min(0.3, 0.9 * every)


@given(st.floats(1, 1e6), st.floats(0, 1e4), chances)
def test_a_renewable_lease_is_renewed_at_about_two_thirds_and_first_anywhere_before(
    duration: float, overlap: float, u: float
) -> None:
    first = leases.plan(_lease(duration), overlap, 1000.0, lambda: u)
    held = leases.renewed(_lease(duration), 1000.0, duration, renewable=True)
    later = leases.plan(held, overlap, 1000.0, lambda: u)
    assert {"renew"} == {first.action, later.action}
    assert 0.07 * duration <= first.at - 1000 <= 0.69 * duration
    assert 0.59 * duration <= later.at - 1000 <= 0.69 * duration


@given(st.floats(1, 1e6), st.floats(0, 1e4), chances)
def test_a_lease_that_cannot_be_renewed_is_replaced_before_the_overlap(
    duration: float, overlap: float, u: float
) -> None:
    plan = leases.plan(_lease(duration, renewable=False), overlap, 1000.0, lambda: u)
    assert "reissue" == plan.action
    left = 1000 + duration - plan.at
    assert left >= min(overlap, duration / 2) - 1e-6
    assert left >= duration / 3 - 1e-6
    assert plan.at > 1000


@pytest.mark.parametrize(("granted", "action"), [(3600, "renew"), (2401, "renew"), (2399, "reissue"), (1, "reissue")])
def test_a_renewal_with_a_short_ttl_causes_new_credentials_at_once(granted: float, action: str) -> None:
    plan = leases.plan(_lease(granted, 3600), 30, 1000.0, lambda: 0.5)
    assert action == plan.action
    assert action == "renew" or plan.at == 1000


def test_a_lease_of_a_replaced_token_is_replaced_before_that_token_ends() -> None:
    plan = leases.plan(_lease(3600), 30, 1100.0, lambda: 0.99, orphan_ends=1130.0)
    assert "reissue" == plan.action
    assert 1100 <= plan.at <= 1110


def test_a_lease_is_returned_until_a_margin_before_its_end_or_that_of_its_token() -> None:
    assert 1095 == leases.usable_until(_lease(100), leases.NEVER)
    assert 1018 == leases.usable_until(_lease(3600), 1020.0, 20.0)
    assert 1000 + 3595 == leases.usable_until(_lease(3600), 9000.0, 8000.0)


@pytest.mark.parametrize(
    ("status", "text", "outcome"),
    [
        (200, "", "renewed"),
        (400, "failed to renew entry: resp: (*logical.Response)(nil) err: failed to connect to `user=v`", "unchanged"),
        (400, "failed to renew entry: ... past the max TTL, cannot renew", "final"),
        (400, "lease is not renewable", "final"),
        (400, "lease not found", "ended"),
        (400, "invalid lease", "ended"),
        (400, "lease expired", "ended"),
        (403, "permission denied", "final"),
        (500, "internal error", "unchanged"),
    ],
)
def test_an_answer_to_a_renewal_is_classified(status: int, text: str, outcome: str) -> None:
    assert outcome == leases.renewal_outcome(status, text)


@given(st.floats(0.01, 1e5), chances, st.sampled_from(["renew", "reissue"]), st.integers(1, 9))
def test_failed_leases_are_tried_again_before_their_end_and_never_in_a_loop(
    left: float, u: float, action: leases.Action, failures: int
) -> None:
    plan = leases.retry(action, 1000 + left, 1000.0, lambda: u, failures=failures, interval=60.0)
    assert plan.at >= 1000 + leases.REISSUE_GAP or (plan.action == "reissue" and action == "renew")
    assert plan.at <= 1000 + max(leases.REISSUE_GAP, 0.9 * min(left, leases.RETRY_SPREAD))


@given(chances)
def test_the_first_retry_of_a_lease_comes_within_the_interval(u: float) -> None:
    assert leases.retry("renew", 4600.0, 1000.0, lambda: u, failures=1, interval=60.0).at <= 1060


@given(st.floats(0, 1e5), chances, st.integers(1, 99))
def test_a_lease_that_has_ended_is_requested_at_the_pace_of_a_path_without_a_value(
    ago: float, u: float, failures: int
) -> None:
    plan = leases.retry("reissue", 1000 - ago, 1000.0, lambda: u, failures=failures, interval=60.0)
    assert plan.at == 1000 + max(leases.REISSUE_GAP, timing.retry_delay(failures, 60.0, lambda: u))


def test_a_fleet_never_requests_more_than_twice_its_steady_rate() -> None:
    """10,000 paths started together; an outage of ten minutes; back again. Counted in buckets of ten seconds."""
    rnd, interval, asked = random.Random(7).random, 60.0, Counter[int]()
    down = range(1200, 1800)
    for _ in range(10_000):
        at, failures = timing.poll_delay(interval, rnd, first=True), 0
        while at < 3600:
            asked[int(at) // 10] += 1
            failures = failures + 1 if int(at) in down else 0
            # a path with a value in hand is not in a hurry: it is tried again at the pace of polls
            at += timing.poll_delay(interval, rnd)
    steady = 10_000 / interval * 10
    assert max(asked.values()) <= 2 * steady
    assert min(asked[bucket] for bucket in range(1, 359)) >= steady / 2
