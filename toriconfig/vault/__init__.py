"""Address of Vault and login, as values: nothing here reads a file, a variable or the network.

A value is checked when it is made; its `repr` shows no credential. The metadata of each field declares what a file of
the checkout may set and what is secret (`toriconfig._core.trust`). What is None is taken from the
variables of the Vault tools (`VAULT_ADDR`, `VAULT_TOKEN`, ... and their `BAO_*` twins) at use.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, fields
from typing import Any

from toriconfig._core.clean_call import clean_init
from toriconfig._core.clock import SYSTEM, Clock
from toriconfig._core.trust import PINNED, SECRET, TUNING, Declared
from toriconfig.vault.addresses import addresses_in, check_namespace, check_proxy
from toriconfig.vault.logins import (
    JWT,
    METHODS,
    Agent,
    AppRole,
    Auth,
    Kubernetes,
    LoginMethod,
    LoginRequest,
    LoginTools,
    TLSCertificate,
    Token,
    UserPass,
    check_text,
)

__all__ = [
    "JWT",
    "METHODS",
    "PINNED",
    "SECRET",
    "TUNING",
    "Agent",
    "AppRole",
    "Auth",
    "Kubernetes",
    "LoginMethod",
    "LoginRequest",
    "LoginTools",
    "TLSCertificate",
    "Token",
    "UserPass",
    "Vault",
]


class _Default:
    """Marks a number that nobody gave; the mark stays with it through `dataclasses.replace` and copies of any kind."""


class _Seconds(_Default, float): ...


class _Count(_Default, int): ...


@clean_init
@dataclass(frozen=True, eq=False)
class Vault(Declared):
    """Connection to one Vault: address, login, deadlines, trust.

    Args:
        address: `https://vault:8200`, or several, comma-separated, that fail over; `https://host/vault` where Vault
            answers below a path; None: `VAULT_ADDR`.
        namespace: None: `VAULT_NAMESPACE`, else none; `/`: none, whatever the variable says.
        auth: how to log in; None: as `Token()`, or as `Agent()` where `VAULT_AGENT_ADDR` is set.
        timeout: seconds that a read may take in all, login and retries included, over 0 to 300;
            when it is not given, `VAULT_CLIENT_TIMEOUT` counts.
        refresh_interval: seconds between two looks at a path, 0.05 to 86,400.
        stale_for: seconds that a value is kept while Vault cannot be asked, from 0.
        overlap: seconds that old credentials live on after new ones were swapped in, from 0.
        prefetch_workers: how many requests may be under way at once, 1 to 64.
        ca_cert, ca_path: PEM file, directory of the CAs to trust; None: `VAULT_CACERT`, `VAULT_CAPATH`, the system's.
        client_cert, client_key: PEM files of the client certificate; None: `VAULT_CLIENT_CERT`, `VAULT_CLIENT_KEY`.
        tls_server_name: the name that the certificate must bear; None: `VAULT_TLS_SERVER_NAME`, else the host.
        verify: False: certificates are not checked, never for production; None: `VAULT_SKIP_VERIFY`, else they are.
        proxy: `http://proxy:3128`, `http://user:password@proxy:3128`; None: `VAULT_PROXY_ADDR`; `HTTPS_PROXY` and the like are never looked at.
        allow_file_address: True: files of the checkout (YAML, JSON, `.env`) may set every field, the address, the
            CAs and the credentials included; None: only what decides neither where credentials go nor what is read.
        share_after_fork: whether a forked child goes on with its parent's token and leases; None: it gets its own.
        clock: for tests.

    Raises:
        ValueError: a field cannot be; the message names it and the remedy.
    """

    address: str | None = field(default=None, metadata=PINNED)
    namespace: str | None = field(default=None, metadata=PINNED)
    auth: Auth | None = field(default=None, metadata=TUNING)  # the fields of the login decide, each for itself
    timeout: float = field(default=_Seconds(5.0), metadata=TUNING)
    refresh_interval: float = field(default=_Seconds(60.0), metadata=TUNING)
    stale_for: float = field(default=_Seconds(3600.0), metadata=TUNING)
    overlap: float = field(default=_Seconds(30.0), metadata=TUNING)
    prefetch_workers: int = field(default=_Count(8), metadata=TUNING)
    ca_cert: str | None = field(default=None, metadata=PINNED)
    ca_path: str | None = field(default=None, metadata=PINNED)
    client_cert: str | None = field(default=None, metadata=PINNED)
    client_key: str | None = field(default=None, metadata=PINNED)
    tls_server_name: str | None = field(default=None, metadata=PINNED)
    verify: bool | None = field(default=None, metadata=PINNED)
    proxy: str | None = field(default=None, repr=False, metadata=PINNED)
    allow_file_address: bool | None = field(default=None, metadata=PINNED)
    share_after_fork: bool | None = field(default=None, metadata=TUNING)
    clock: Clock = field(default=SYSTEM, repr=False, metadata=PINNED)

    def __post_init__(self) -> None:
        check_text(self, "address", "namespace", "ca_cert", "ca_path", "client_cert", "client_key")
        check_text(self, "tls_server_name", "proxy")
        auth: object = self.auth
        if auth is not None and not isinstance(auth, (Token, Agent, LoginMethod)):
            known = ", ".join(kind.__name__ for kind in METHODS.values())
            raise ValueError(f"Vault.auth: expected one of {known}, or a `LoginMethod` of your own")
        if auth is not None and not (hasattr(auth, "__dataclass_fields__") and isinstance(auth, Hashable)):
            raise ValueError("Vault.auth: a `LoginMethod` is a frozen dataclass: `@dataclass(frozen=True)`")
        _number(self, "timeout", above=0.0, most=300.0)
        _number(self, "refresh_interval", least=0.05, most=86_400.0)
        _number(self, "stale_for", least=0.0)
        _number(self, "overlap", least=0.0)
        _number(self, "prefetch_workers", least=1, most=64)
        if not isinstance(self.prefetch_workers, int):
            raise ValueError("Vault.prefetch_workers: expected a whole number")
        for name in ("verify", "allow_file_address", "share_after_fork"):
            if not isinstance(getattr(self, name), bool | None):
                raise ValueError(f"Vault.{name}: expected true or false")
        if self.client_key is not None and self.client_cert is None:
            raise ValueError("Vault.client_key: needs `client_cert`")
        if self.address is not None:
            addresses_in(self.address, "Vault.address")
        if self.proxy is not None:
            check_proxy(self.proxy, "Vault.proxy")
        if self.namespace is not None:
            check_namespace(self.namespace, "Vault.namespace")

    def says(self, name: str) -> bool:
        """True if that field was given a value, be it the default's, so that no variable or file is asked for it."""
        value = getattr(self, name)
        return value is not None and not isinstance(value, _Default)

    def _key(self) -> tuple[Any, ...]:
        values = tuple(getattr(self, one.name) for one in fields(self) if one.name != "clock")
        return (*values, id(self.clock))

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Vault) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())


def _number(value: Any, name: str, *, least: float | None = None, above: float = -1.0, most: float = 1e9) -> None:
    given = getattr(value, name)
    low = f"from {least:g}" if least is not None else f"above {above:g}"
    right = isinstance(given, (int, float)) and not isinstance(given, bool)
    if not right or not (given > above if least is None else given >= least) or given > most:
        raise ValueError(f"Vault.{name}: expected a number {low} to {most:g}")
