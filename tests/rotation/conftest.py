from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from local_postgres import Postgres
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
