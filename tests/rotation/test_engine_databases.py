"""OpenBao's database engine with MariaDB and with Valkey: its accounts, and the kinds that rotate them."""

from __future__ import annotations

import secrets

import pytest

from local_valkey import Valkey
from support.accounts import RedisAccount
from support.engine_accounts import OfEngine, RoleRotation, RootRotation, with_engine
from support.mariadb import MariaDb
from toriconfig.testing import VaultServer


class InMariaDb(OfEngine):
    server: MariaDb

    @pytest.fixture(autouse=True)
    def connection(self, vault: VaultServer, mariadb: MariaDb) -> None:
        self.vault, self.server = vault, mariadb
        self.root, self.user = f"root_{secrets.token_hex(4)}", f"user_{secrets.token_hex(4)}"
        mariadb.run(
            f"CREATE USER {self.root}@'%' IDENTIFIED BY 'the-first-password'",
            f"GRANT ALL ON *.* TO {self.root}@'%' WITH GRANT OPTION",
            f"CREATE USER {self.user}@'%' IDENTIFIED BY 'x'",
        )
        with_engine(vault).configure(
            self.root,
            plugin_name="mysql-database-plugin",
            allowed_roles=["*"],
            connection_url=f"{{{{username}}}}:{{{{password}}}}@tcp({mariadb.host}:{mariadb.port})/",
            username=self.root,
            password="the-first-password",
        )


@pytest.mark.databases
class TestDatabaseRootOfMariaDb(RootRotation, InMariaDb):
    def state(self) -> object:
        return self.server.logs_in(self.root, "the-first-password")


@pytest.mark.databases
class TestStaticRoleOfMariaDb(RoleRotation, InMariaDb):
    def state(self) -> object:
        found = self.stored()
        assert self.server.logs_in(self.user, found)
        return found


@pytest.fixture
def account(vault: VaultServer, valkey: Valkey) -> RedisAccount:
    return RedisAccount(vault, valkey)


def test_a_user_of_valkey_that_the_engine_made_logs_in(account: RedisAccount) -> None:
    vault, server = account.vault, account.server
    database = with_engine(vault)
    database.configure(
        account.name,
        plugin_name="valkey-database-plugin",
        allowed_roles=["*"],
        host=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        tls=False,
    )
    database.create_role(account.name, db_name=account.name, creation_statements=['["+@read","~*"]'], default_ttl="1h")
    made = vault.client.read(f"database/creds/{account.name}")["data"]
    assert account.accepts(made["username"], made["password"])
    assert not account.accepts(made["username"], "wrong")
    account.client.close()
