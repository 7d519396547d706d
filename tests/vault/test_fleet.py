"""Load of ten thousand processes on Vault, on simulated time: at the start, in normal use, after an outage."""

from __future__ import annotations

import pytest

from support.fleet import Outage, Path, cold, leased, polled, rates, token

HOUR = 3600.0
AT_3000 = Outage(3000, 3600)

MIXES = [
    pytest.param([polled(60.0)] * 5 + [token(HOUR)], AT_3000, 6000, 10, id="five KV paths every minute"),
    pytest.param([polled(300.0)] * 5 + [token(HOUR)], AT_3000, 9000, 10, id="five KV paths every five minutes"),
    pytest.param(
        [polled(60.0)] * 4 + [leased(HOUR), token(HOUR)], AT_3000, 6000, 10, id="four KV paths and a database"
    ),
    pytest.param([leased(HOUR)] * 5, Outage(5 * HOUR, 5 * HOUR + 600), 9 * HOUR, 60, id="five leases"),
    pytest.param([cold(60.0)] * 5, Outage(0, 600), 2400, 10, id="five KV paths, started during the outage"),
]


@pytest.mark.parametrize("processes", [1000, pytest.param(10_000, marks=[pytest.mark.soak, pytest.mark.timeout(300)])])
@pytest.mark.parametrize(("paths", "outage", "until", "bucket"), MIXES)
def test_a_fleet_never_requests_more_than_twice_its_steady_rate(
    paths: list[Path], outage: Outage, until: float, bucket: int, processes: int
) -> None:
    found = rates(processes, paths, outage=outage, until=until, bucket=bucket)
    assert found.start <= 2 * found.steady
    assert found.after <= 2 * found.steady
