"""The contracts of kinds, for every kind of this package."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from local_postgres import Postgres
from support import engine_accounts
from support.engine_accounts import OfEngine, RoleRotation, RootRotation, with_engine
from support.rotating import Account
from toriconfig.rotation import Rotation, kinds
from toriconfig.testing import EngineKindContract, KindContract, VaultServer


class InVaultOnly(KindContract):
    """A kind whose values only Vault holds."""

    first: Mapping[str, str] = {"token": "the-first-token"}
    key = "#token"

    @pytest.fixture(autouse=True)
    def secret(self, vault: VaultServer) -> None:
        self.vault = vault
        self.path = f"secret/{secrets.token_hex(4)}"
        vault.put(self.path, {**self.first, "other": "stays"})

    def kind(self) -> Any:
        raise NotImplementedError

    def rotation(self, **options: Any) -> Rotation:
        return Rotation(f"{self.path}{self.key}", self.kind(), environ=self.vault.environ, **options)

    def accepts(self, values: Mapping[str, Any]) -> bool | None:
        return None


class TestGenerated(InVaultOnly):
    def kind(self) -> Any:
        return kinds.Generated()


class TestGiven(InVaultOnly):
    def kind(self) -> Any:
        return kinds.Given(secrets.token_hex())


class TestKeyPair(InVaultOnly):
    public = ("public_key",)
    key = ""

    @property
    def first(self) -> Mapping[str, str]:  # type: ignore[override]
        return kinds.KeyPair().generate(None, {})  # type: ignore[arg-type]

    def kind(self) -> Any:
        return kinds.KeyPair()


class TestByCommand(InVaultOnly):
    @pytest.fixture(autouse=True)
    def service(self, secret: None, tmp_path: Path) -> None:
        self.file = tmp_path / "accepted"
        self.file.write_text(self.first["token"])

    def kind(self) -> Any:
        return kinds.ByCommand(["cp", "/dev/fd/{fd}", str(self.file)])

    def accepts(self, values: Mapping[str, Any]) -> bool | None:
        return bool(self.file.read_text() == values["token"])


class TestByCommandThatAdds(InVaultOnly):
    """A service that accepts several tokens, one a line, until they are retired."""

    @pytest.fixture(autouse=True)
    def service(self, secret: None, tmp_path: Path) -> None:
        self.file = tmp_path / "accepted"
        self.file.write_text(self.first["token"] + "\n")

    def kind(self) -> Any:
        add = f'value=$(cat); grep -qxF "$value" {self.file} || echo "$value" >> {self.file}'
        drop = f'value=$(cat); grep -vxF "$value" {self.file} > {self.file}.new; mv {self.file}.new {self.file}'
        return kinds.ByCommand(["sh", "-c", add], ["sh", "-c", drop], keeps_former=True)

    def accepts(self, values: Mapping[str, Any]) -> bool | None:
        return values["token"] in self.file.read_text().splitlines()


class OfDatabase(KindContract):
    public = ("username",)
    single = False

    @pytest.fixture(autouse=True)
    def an_account(self, account: Account) -> None:
        self.account = account

    def rotation(self, **options: Any) -> Rotation:
        return self.account.rotation(single=self.single, **options)

    def accepts(self, values: Mapping[str, Any]) -> bool | None:
        return self.account.logs_in(values["username"], values["password"])


class TestAlternatingUsers(OfDatabase):
    pass


class TestSingleUser(OfDatabase):
    single = True


class TestTransitKey(EngineKindContract):
    @pytest.fixture(autouse=True)
    def key(self, vault: VaultServer) -> None:
        self.vault, self.name = vault, secrets.token_hex(4)
        if "transit/" not in vault.client.sys.list_mounted_secrets_engines()["data"]:
            vault.client.sys.enable_secrets_engine("transit")
        vault.client.secrets.transit.create_key(self.name)

    def rotation(self, **options: Any) -> Rotation:
        return Rotation(f"transit/keys/{self.name}", kinds.TransitKey(), environ=self.vault.environ, **options)

    def state(self) -> object:
        return self.vault.client.secrets.transit.read_key(self.name)["data"]["latest_version"]


class InDatabase(OfEngine):
    """A database user of its own for each test, as the account of Vault, and another one as a static role."""

    postgres: Postgres

    @pytest.fixture(autouse=True)
    def connection(self, vault: VaultServer, shared_postgres: Postgres) -> None:
        self.vault, self.postgres = vault, shared_postgres
        self.root, self.user = f"root_{secrets.token_hex(4)}", f"user_{secrets.token_hex(4)}"
        with psycopg.connect(shared_postgres.conninfo(), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {self.root} SUPERUSER LOGIN PASSWORD 'the-first-password'".encode())
            connection.execute(f"CREATE ROLE {self.user} LOGIN PASSWORD 'x'".encode())
        where = f"{shared_postgres.host}:{shared_postgres.port}/{shared_postgres.database}?sslmode=disable"
        with_engine(vault).configure(
            self.root,
            plugin_name="postgresql-database-plugin",
            allowed_roles=["*"],
            connection_url=f"postgresql://{{{{username}}}}:{{{{password}}}}@{where}",
            username=self.root,
            password="the-first-password",
            password_authentication="scram-sha-256",
        )


class TestDatabaseRoot(RootRotation, InDatabase):
    def state(self) -> object:
        try:
            psycopg.connect(self.postgres.conninfo(self.root, "the-first-password")).close()
        except psycopg.OperationalError as error:
            return str(error)
        return "the first password"


class TestStaticRole(RoleRotation, InDatabase):
    def state(self) -> object:
        return self.stored()


def test_every_kind_passes_its_contract() -> None:
    source = "".join(Path(file).read_text() for file in (__file__, engine_accounts.__file__))
    tried = {*kinds.KINDS} - {"database-user", "mysql", "redis"}  # by their accounts
    assert [] == [name for name in tried if f"kinds.{kinds.KINDS[name].__name__}(" not in source]
