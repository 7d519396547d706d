"""Servers that the tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from embedded_postgres import Postgres, postgres_server

pytest_plugins = ["toriconfig.testing.plugin"]


@pytest.fixture(scope="session", name="shared_postgres")
def _shared_postgres() -> Iterator[Postgres]:
    """One PostgreSQL for all tests of a worker; each test makes tables and roles of its own."""
    with postgres_server() as postgres:
        yield postgres
