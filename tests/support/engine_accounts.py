"""The kinds of OpenBao's database engine, for the contract, independent of the database."""

from __future__ import annotations

from typing import Any

import pytest

from toriconfig.rotation import Rotation, kinds
from toriconfig.testing import EngineKindContract, VaultServer


def with_engine(vault: VaultServer) -> Any:
    """Return the client of the database engine, which the first call mounts."""
    if "database/" not in vault.client.sys.list_mounted_secrets_engines()["data"]:
        vault.client.sys.enable_secrets_engine("database")
    return vault.client.secrets.database


class OfEngine(EngineKindContract):
    """A database whose fixture `connection` names it `root` in the engine, and which has the users `root` and `user`."""

    vault: VaultServer
    root: str
    user: str


class RootRotation(OfEngine):
    """Rotation of the account that Vault uses."""

    def rotation(self, **options: Any) -> Rotation:
        return Rotation(f"database/config/{self.root}", kinds.DatabaseRoot(), environ=self.vault.environ, **options)


class RoleRotation(OfEngine):
    """Rotation of a static role."""

    @pytest.fixture(autouse=True)
    def role(self, connection: None) -> None:
        with_engine(self.vault).create_static_role(self.user, self.root, self.user, [], rotation_period="86400s")

    @property
    def path(self) -> str:
        return f"database/static-creds/{self.user}"

    def rotation(self, **options: Any) -> Rotation:
        return Rotation(self.path, kinds.StaticRole(), environ=self.vault.environ, **options)

    def stored(self) -> str:
        """Return the password that Vault has for the role."""
        return str(self.vault.client.read(self.path)["data"]["password"])
