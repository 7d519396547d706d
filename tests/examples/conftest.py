"""For each test a database, or a place to run demonstrations in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_postgres import Postgres
from support.demo_place import Place, new_place
from support.ingest_target import Target, new_target


@pytest.fixture(name="target")
def _target(shared_postgres: Postgres) -> Iterator[Target]:
    with new_target(shared_postgres) as target:
        yield target


@pytest.fixture(name="place")
def _place() -> Iterator[Place]:
    with new_place() as place:
        yield place
