"""Accounts of MariaDB and of Valkey whose names and passwords are stored in Vault, to be rotated."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

import redis

from local_valkey import Valkey
from support.mariadb import MariaDb
from toriconfig.rotation import Rotation, kinds
from toriconfig.rotation.kinds._mysql_accounts import password_hash
from toriconfig.testing import VaultServer


class Stored:
    """An account that is stored at `path`; the administrator of its server at `admin`."""

    kind_name: ClassVar[str]
    product: ClassVar[str]
    driver: ClassVar[str]
    server: MariaDb | Valkey

    def __init__(self, vault: VaultServer, server: MariaDb | Valkey) -> None:
        self.vault, self.server, self.admin = vault, server, f"secret/{self.kind_name}-admin"
        self.name = f"app_{secrets.token_hex(4)}"
        self.path = f"secret/{self.name}"
        self.first = secrets.token_urlsafe(16)
        vault.put(self.path, {"username": self.name, "password": self.first, "other": "stays"})
        vault.put(self.admin, {"username": server.user, "password": server.password})

    def kind(self, url: str | None = None, **options: Any) -> Any:
        """The kind of the account, at the address of its server unless another one is given."""
        return kinds.KINDS[self.kind_name](url or self.server.url, **{"admin": self.admin, **options})

    def nowhere(self, port: int = 1) -> str:
        """A URL at which no server of the product answers."""
        return f"{self.server.url.partition(':')[0]}://127.0.0.1:{port}"

    def logged(self) -> str:
        """Everything that the server has written."""
        return self.server.output()

    def accepts(self, username: str, password: str) -> bool:
        raise NotImplementedError

    def rotation(self, *, kind: Any = None, environ: Mapping[str, str] | None = None, **options: Any) -> Rotation:
        given = {"min_age": 0.0, "timeout": 20.0, **options}
        return Rotation(self.path, kind or self.kind(), environ=environ or self.vault.environ, **given)

    def stored(self) -> tuple[str, str]:
        found = self.vault.get(self.path)
        return found["username"], found["password"]

    def logs_in(self) -> bool:
        """True if the stored credential is accepted."""
        return self.accepts(*self.stored())


class MysqlAccount(Stored):
    kind_name, product, driver = "mysql", "MySQL", "pymysql"
    server: MariaDb

    def __init__(self, vault: VaultServer, server: MariaDb, host: str = "%") -> None:
        super().__init__(vault, server)
        self.host = host
        server.run(
            "CREATE DATABASE IF NOT EXISTS shop",
            f"CREATE USER '{self.name}'@'{host}' IDENTIFIED BY PASSWORD '{password_hash(self.first)}'",
            f"GRANT SELECT, INSERT ON shop.* TO '{self.name}'@'{host}'",
        )

    def logged(self) -> str:
        return self.server.logged()

    def accepts(self, username: str, password: str) -> bool:
        return self.server.logs_in(username, password)


class RedisAccount(Stored):
    kind_name, product, driver = "redis", "Redis", "redis"
    server: Valkey

    def __init__(self, vault: VaultServer, server: Valkey) -> None:
        super().__init__(vault, server)
        self.client = _untyped(server)
        self.client.execute_command("ACL SETUSER", self.name, "on", f">{self.first}", "~app:*", "+get", "+set")

    def accepts(self, username: str, password: str) -> bool:
        client = redis.Redis(host=self.server.host, port=self.server.port, username=username, password=password)
        try:
            client.get("app:x")
        except redis.AuthenticationError:
            return False
        finally:
            client.close()
        return True

    def passwords(self) -> int:
        """Number of passwords that the user has."""
        return len(self.client.acl_getuser(self.name)["passwords"])


def _untyped(server: Valkey) -> Any:
    """A client of the administrator; redis-py has types for a part of its methods."""
    return redis.Redis(host=server.host, port=server.port, password=server.password, decode_responses=True)
