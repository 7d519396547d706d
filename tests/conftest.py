"""Servers that the tests share."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest

from embedded_postgres import Postgres, postgres_server

# The default run is the same each time, on a slow machine too; `./tests/run fuzz` looks further, at random.
hypothesis.settings.register_profile(
    "default",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],  # it measures the machine
)
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=5000)
hypothesis.settings.load_profile("default")

pytest_plugins = ["toriconfig.testing.plugin"]


@pytest.fixture(scope="session", name="shared_postgres")
def _shared_postgres() -> Iterator[Postgres]:
    """One PostgreSQL for all tests of a worker; each test makes tables and roles of its own."""
    with postgres_server() as postgres:
        yield postgres
