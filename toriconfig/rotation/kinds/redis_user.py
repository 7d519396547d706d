"""Rotation of an ACL user of Redis or Valkey whose name and password are stored together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toriconfig._core.clean_call import clean_methods
from toriconfig.rotation._option import Option
from toriconfig.rotation.kinds._account import ADMIN, Account
from toriconfig.rotation.kinds._driver import Server


@clean_methods
class RedisUser(Account):
    """An ACL user of Redis or Valkey, stored at the keys `username` and `password` of a KV path. Other keys are kept.

    A user of Redis may have two passwords. A rotation adds the new password. The former password keeps working
    until the next rotation, or for `grace` seconds if the rotation has the option `grace`. Readers that refresh
    in between do not fail. Any other password of the user stops working at once. Redis saves its users with
    `ACL SAVE`, or with `CONFIG REWRITE` if there is no ACL file.

    Redis does not replicate users. For a user of a cluster, use the kind `command` with a program that changes the
    user on each node.

    Args:
        url: address of the server without credentials: `redis://cache:6379`, with TLS `rediss://cache:6379`, or
            `unix:///run/redis.sock`. Query parameters: `ssl_ca_certs`, `ssl_certfile` and `ssl_keyfile`.
        admin: reference to the `username` and `password` of a user with the rights `+acl|setuser +acl|getuser
            +acl|save +config|rewrite`. For the default user of Redis, store the user name `default`.

    Raises:
        ValueError: there is no administrator; or the URL is invalid, or has credentials.
    """

    name = "redis"
    summary = "ACL user and password in Redis or Valkey; the former password works until the next rotation"
    options = (
        Option(
            "url", required=True, help="server without credentials, 'redis://cache:6379'; default: from the record."
        ),
        ADMIN,
    )
    library = "redis"
    install = "pip install 'toriconfig[redis]'"
    addressed_by = "URL"
    keeps_former = True

    def __init__(self, url: str, admin: str | None = None) -> None:
        from toriconfig.rotation.kinds._redis import Address

        if admin is None:
            raise ValueError("a user of Redis needs an administrator that can change it: name `admin`")
        super().__init__(admin, single=True)
        self.takes_turns = True  # the next rotation ends the password before the last one
        self._address, self._url = Address(url), url

    @classmethod
    def from_setup(cls, setup: Mapping[str, Any]) -> RedisUser:
        """Create an instance of the kind from the settings in a record.

        Args:
            setup: the dict that the method `setup` returned when the record was written.

        Raises:
            ValueError: a setting is missing or invalid.
        """
        url, admin = setup.get("url"), setup.get("admin")
        if not isinstance(url, str) or not isinstance(admin, str | None):
            raise ValueError("no record has the address of the server: redis needs --url 'redis://cache:6379'")
        return cls(url, admin)

    def setup(self) -> dict[str, Any]:
        """Return the settings for the record: URL and administrator."""
        return {"url": self._url, "admin": self._admin}

    def server(self, timeout: float) -> Server:
        """Return the object for access to the account's server. The object connects only when its methods are called.

        Args:
            timeout: seconds for one connection and the work on it.
        """
        from toriconfig.rotation.kinds import _redis

        return _redis.Server(self._address, timeout)

    def __repr__(self) -> str:
        return f"RedisUser({self._url!r})"
