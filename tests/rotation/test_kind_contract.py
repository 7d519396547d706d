"""The contract of kinds, for every kind of this package that stores its secret in Vault."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from support.rotating import Account
from toriconfig.rotation import Rotation, kinds
from toriconfig.testing import KindContract, VaultServer

COVERED = {"generated", "given", "command", "database-user", "key-pair"}


class InVaultOnly(KindContract):
    """A kind whose values nobody but Vault holds."""

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


def test_every_kind_that_stores_its_secret_passes_the_contract() -> None:
    assert COVERED == {name for name, kind in kinds.KINDS.items() if kind.stored}
    source = Path(__file__).read_text()
    assert all(f"kinds.{kinds.KINDS[name].__name__}(" in source for name in COVERED - {"database-user"})
