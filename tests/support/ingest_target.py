"""Target of an ingest test: its own database, with the tables of the application."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

import ingest_pdf
from local_postgres import Postgres
from toriconfig import ToriSettings, lazy

TABLES = Path(ingest_pdf.__file__).with_name("tables.sql")


@dataclass
class Target:
    """Target of an ingest test.

    Attributes:
        environ: of a program without Vault: its secrets are variables.
    """

    postgres: Postgres
    name: str

    @property
    def environ(self) -> dict[str, str]:
        return {
            "TORI_DATABASE__HOST": self.postgres.host,
            "TORI_DATABASE__PORT": str(self.postgres.port),
            "TORI_DATABASE__NAME": self.name,
            "TORI_DATABASE__CREDENTIALS__USERNAME": self.postgres.user,
            "TORI_DATABASE__CREDENTIALS__PASSWORD": self.postgres.password,
            "TORI_API_KEY": "key-of-the-test",
            "TORI_DATABASE_URL": "unused-url",
            "TORI_EMBEDDING_TOKEN": "unused-token",
        }

    def settings(self, **overrides: Any) -> ToriSettings:
        return lazy(ToriSettings, environ=self.environ, overrides=overrides)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.postgres.conninfo(database=self.name)) as connection:
            return connection.execute(query.encode()).fetchall()


@contextmanager
def new_target(postgres: Postgres) -> Iterator[Target]:
    """A database that is gone at the end of the block."""
    target = Target(postgres, f"ingest_{uuid4().hex}")
    with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {target.name}".encode())
        with psycopg.connect(postgres.conninfo(database=target.name)) as inside:
            inside.execute(TABLES.read_bytes())
        yield target
        connection.execute(f"DROP DATABASE {target.name} WITH (FORCE)".encode())
