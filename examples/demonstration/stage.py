"""The servers, what is in them, the application, and somebody who rotates its API key."""

from __future__ import annotations

import json
import os
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from demonstration.concept_service import ConceptServer
from demonstration.leftovers import Notes
from demonstration.signals import Signals
from local_postgres import Postgres, database_role
from toriconfig.testing import Keeper, VaultServer

ROTATE_EVERY = 3.0
"""Seconds between two API keys."""

_START = Path(__file__).with_name("start.py")
_TABLES = Path(__file__).parents[1] / "ingest_pdf" / "tables.sql"
_SETTINGS = """\
# Written by ./examples/demo; the port and the login come from the environment, as they would in a container.
database:
  host: 127.0.0.1
  name: postgres
progress:
  min_change: 50
vault:
  refresh_interval: 1
"""
"""A second: the keys change every few. In earnest an hour between keys and a minute between looks would do."""


@dataclass
class Stage:
    """Everything that the application needs around it.

    Attributes:
        directory: of this run; gone at its end.
        environ: that of the application.
        keys: how many API keys there have been, the first one included.
    """

    directory: Path
    vault: VaultServer
    postgres: Postgres
    service: ConceptServer
    signals: Signals
    keeper: Keeper
    notes: Notes
    environ: dict[str, str] = field(default_factory=dict)
    keys: int = 1

    def set(self, key: str) -> None:
        """Make the tables, the accounts, the policy, the login and the settings."""
        with psycopg.connect(self.postgres.conninfo()) as connection:
            connection.execute(_TABLES.read_bytes())
        # After four seconds a renewal brings three instead of six, and so a new account, beside which the old one
        # lives on for those three.
        account = database_role(self.vault, self.postgres, "tori", "6s", "7s")
        self._publish(key)
        policy = self.vault.policy("tori", {"secret/data/tori": ["read"], account: ["read"]})
        # A token that is renewed once, and then replaced by another login.
        login = self.vault.approle("ingest", policy, ttl="10s", max_ttl="20s")
        secret_id = self.directory / "secret-id"
        secret_id.touch(mode=0o600)
        secret_id.write_text(login.secret_id)
        (self.directory / "tori.yaml").write_text(_SETTINGS)
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("VAULT_", "BAO_", "TORI_"))},
            "TMPDIR": str(self.directory),
            "VAULT_ADDR": self.vault.address,
            "TORI_VAULT__AUTH__METHOD": "approle",
            "TORI_VAULT__AUTH__ROLE_ID": login.role_id,
            "TORI_VAULT__AUTH__SECRET_ID_FILE": str(secret_id),
            "TORI_DATABASE__PORT": str(self.postgres.port),
        }

    def _publish(self, key: str) -> None:
        keys = {"api_key": key, "database_url": "postgresql://unused", "embedding_token": "unused"}
        self.vault.put("secret/tori", keys)

    def rotate(self) -> None:
        """A new API key: first the service accepts it, then Vault has it; the one before is good until the next."""
        key = new_key()
        self.service.rotate(key)
        self._publish(key)
        self.keys += 1

    def measure_start(self, times: int = 3) -> tuple[float, float]:
        """Milliseconds to the first setting and to the first secret: medians of fresh processes."""
        lines: list[list[float]] = []
        for _ in range(times):
            with self._running([sys.executable, "-P", str(_START)], "start") as (process, out):
                while process.poll() is None:
                    self.signals.check()
                    time.sleep(0.005)
            if process.returncode:
                raise RuntimeError("the first setting could not be read")
            lines.append([float(number) for number in out.read_text().split()])
        setting, secret = (statistics.median(numbers) for numbers in zip(*lines, strict=True))
        return setting, secret

    def ingest(self, folder: Path, seconds: float) -> dict[str, Any]:
        """Run the application, with keys that rotate, and return its report.

        Raises:
            RuntimeError: it made none.
        """
        command = [sys.executable, "-P", "-m", "ingest_pdf", str(folder), "--json"]
        command += ["--repeat-for", str(seconds), "--concepts", self.service.url]
        with self._running(command, "ingest_pdf") as (process, out):
            due = time.monotonic() + ROTATE_EVERY
            while process.poll() is None:
                self.signals.check()
                if time.monotonic() >= due:
                    self.rotate()
                    due += ROTATE_EVERY
                time.sleep(0.05)
        if process.returncode not in (0, 1):
            raise RuntimeError(f"ingest_pdf ended with status {process.returncode}")
        report: dict[str, Any] = json.loads(out.read_text())
        return report

    @contextmanager
    def _running(self, command: list[str], name: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
        """A process of the application's kind, gone at the end of the block, and the file with what it prints."""
        self.signals.check()
        out = self.directory / f"{name}.out"
        with open(out, "wb") as file:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                env=self.environ,
                cwd=self.directory,
                start_new_session=True,
            )
        self.keeper.tell("start", process.pid)
        self.notes.add(process.pid)
        try:
            yield process, out
        finally:
            _end(process)
            self.keeper.tell("end", process.pid)

    def in_database(self) -> Mapping[str, int]:
        """Count the documents, the chunks, and the accounts of the application."""
        with psycopg.connect(self.postgres.conninfo()) as connection:
            counts = connection.execute(
                "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM chunks),"
                " (SELECT count(*) FROM pg_roles WHERE rolname LIKE 'v-%')"
            ).fetchone()
        assert counts is not None
        return dict(zip(("documents", "chunks", "accounts"), counts, strict=True))


def new_key() -> str:
    """An API key."""
    return secrets.token_urlsafe(24)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)  # it ends after the file that it is at
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
