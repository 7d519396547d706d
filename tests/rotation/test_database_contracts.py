"""The contract of kinds, for accounts of a real MariaDB and of a real Valkey."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from support.accounts import MysqlAccount, RedisAccount, Stored
from toriconfig.rotation import Rotation
from toriconfig.testing import KindContract


class OfAccount(KindContract):
    public = ("username",)
    options: Mapping[str, Any] = MappingProxyType({})
    account: Stored

    def rotation(self, **options: Any) -> Rotation:
        return self.account.rotation(kind=self.account.kind(**self.options), **options)

    def accepts(self, values: Mapping[str, Any]) -> bool | None:
        return self.account.accepts(values["username"], values["password"])


class OfMariaDb(OfAccount):
    @pytest.fixture(autouse=True)
    def an_account(self, mysql_account: MysqlAccount) -> None:
        self.account = mysql_account


@pytest.mark.databases
class TestAlternatingUsersOfMariaDb(OfMariaDb):
    pass


@pytest.mark.databases
class TestSingleUserOfMariaDb(OfMariaDb):
    options: Mapping[str, Any] = MappingProxyType({"single": True})


@pytest.mark.databases
class TestSingleUserOfMariaDbWithoutAdministrator(OfMariaDb):
    options: Mapping[str, Any] = MappingProxyType({"single": True, "admin": None})


class TestUserOfValkey(OfAccount):
    @pytest.fixture(autouse=True)
    def an_account(self, redis_account: RedisAccount) -> None:
        self.account = redis_account
