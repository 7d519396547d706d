from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from local_postgres import Postgres
from local_valkey import Valkey, valkey_server
from support.accounts import MysqlAccount, RedisAccount
from support.mariadb import MariaDb, mariadb_server
from support.mariadb_package import MISSING, installed
from support.rotating import Account
from toriconfig import _vault
from toriconfig.testing import VaultServer, vault_server


@pytest.fixture(scope="module", name="vault")
def _vault_of_this_file() -> Iterator[VaultServer]:
    with vault_server() as server:
        yield server
        _vault.shutdown()


@pytest.fixture
def account(vault: VaultServer, shared_postgres: Postgres) -> Account:
    return Account(vault, shared_postgres)


@pytest.fixture
def new_account(vault: VaultServer, shared_postgres: Postgres) -> Callable[[], Account]:
    return lambda: Account(vault, shared_postgres)


@pytest.fixture(scope="session", name="mariadb")
def _mariadb() -> Iterator[MariaDb]:
    """One MariaDB for all tests of a worker."""
    if installed() is None:
        pytest.skip(MISSING)
    with mariadb_server() as server:
        yield server


@pytest.fixture(scope="session", name="valkey")
def _valkey() -> Iterator[Valkey]:
    """One Valkey for all tests of a worker."""
    with valkey_server() as server:
        yield server


@pytest.fixture
def mysql_account(vault: VaultServer, mariadb: MariaDb) -> MysqlAccount:
    return MysqlAccount(vault, mariadb)


@pytest.fixture
def redis_account(vault: VaultServer, valkey: Valkey) -> Iterator[RedisAccount]:
    account = RedisAccount(vault, valkey)
    yield account
    account.client.close()
