"""The example of a MariaDB, on a real one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.accounts import MysqlAccount
from support.mariadb import mariadb_server
from support.mariadb_package import MISSING, installed
from toriconfig.testing import VaultServer

EXAMPLE = Path(__file__).parents[2] / "examples" / "rotate_mariadb.py"


@pytest.mark.databases
def test_the_example_of_a_mariadb_locks_out_no_reader(shared_vault_server: VaultServer) -> None:
    if installed() is None:
        pytest.skip(MISSING)
    with mariadb_server() as server:
        account = MysqlAccount(shared_vault_server, server)
        command = [sys.executable, str(EXAMPLE), server.url, account.path, account.admin]
        environ = {**os.environ, **shared_vault_server.environ}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    name = account.name
    assert (0, "") == (done.returncode, done.stderr)
    logins = [line for line in done.stdout.splitlines() if line.startswith("logged in as")]
    accounts = [name, f"{name}_clone", f"{name}_clone", name]
    assert [f"logged in as {one}@%" for one in accounts] == logins
    assert f"create {name}_clone at MySQL at 127.0.0.1:{server.port}" in done.stdout
