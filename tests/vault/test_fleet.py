"""What ten thousand processes do to Vault, on simulated time: together at the start, in peace, after an outage."""

from __future__ import annotations

import pytest

from support.fleet import Outage, Path, cold, leased, polled, rates, token

HOUR = 3600.0
AT_3000 = Outage(3000, 3600)

MIXES = [
    pytest.param([polled(60.0)] * 5 + [token(HOUR)], AT_3000, 6000, id="five KV paths every minute"),
    pytest.param([polled(300.0)] * 5 + [token(HOUR)], AT_3000, 9000, id="five KV paths every five minutes"),
    pytest.param([polled(60.0)] * 4 + [leased(HOUR), token(HOUR)], AT_3000, 6000, id="four KV paths and a database"),
    pytest.param([cold(60.0)] * 5, Outage(0, 600), 2400, id="five KV paths, started during the outage"),
]


@pytest.mark.parametrize("processes", [1000, pytest.param(10_000, marks=[pytest.mark.soak, pytest.mark.timeout(300)])])
@pytest.mark.parametrize(("paths", "outage", "until"), MIXES)
def test_a_fleet_never_asks_for_more_than_twice_its_steady_rate(
    paths: list[Path], outage: Outage, until: float, processes: int
) -> None:
    found = rates(processes, paths, outage=outage, until=until)
    assert found.start <= 2 * found.steady
    assert found.after <= 2 * found.steady


def test_leases_issued_together_do_not_come_back_together() -> None:
    found = rates(1000, [leased(HOUR)] * 5, outage=Outage(5 * HOUR, 5 * HOUR + 600), until=9 * HOUR)
    assert found.start <= 2 * found.steady
    assert found.after <= 5 * found.steady  # a few dozen requests a second, when all overdue renewals are caught up
