"""Options of the connection to Vault, and the login methods.

Each object is validated when it is created, without reading a file, a variable or the network. Its `repr` shows no
credential. When the program connects, a field that is None is taken from the environment variables of the Vault tools
(`VAULT_ADDR`, `VAULT_TOKEN`, ... or `BAO_ADDR`, ...).

The metadata of a field declares whether settings files may set the field, and whether it is secret
(`toriconfig._core.trust`).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from toriconfig._core.clean_call import clean_call, clean_init
from toriconfig._core.clock import SYSTEM, Clock
from toriconfig._core.trust import PINNED, SECRET, TUNING, Declared
from toriconfig.vault.addresses import addresses_in, check_namespace, check_proxy
from toriconfig.vault.login_method import LoginMethod
from toriconfig.vault.login_request import LoginAnswer, LoginRequest
from toriconfig.vault.login_tools import LoginTools
from toriconfig.vault.logins import (
    JWT,
    METHODS,
    Agent,
    AppRole,
    Auth,
    Kubernetes,
    TLSCertificate,
    Token,
    UserPass,
    check_text,
)

if TYPE_CHECKING:
    import hvac

    from toriconfig.vault.hvac_logins import HvacLogin, Login

__all__ = [
    "JWT",
    "METHODS",
    "PINNED",
    "SECRET",
    "TUNING",
    "Agent",
    "AppRole",
    "Auth",
    "HvacLogin",
    "Kubernetes",
    "Login",
    "LoginAnswer",
    "LoginMethod",
    "LoginRequest",
    "LoginTools",
    "TLSCertificate",
    "Token",
    "UserPass",
    "Vault",
    "client",
]


def __getattr__(name: str) -> object:
    """Import `HvacLogin` or `Login` at its first use, because most programs use neither."""
    if name not in ("HvacLogin", "Login"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from toriconfig.vault import hvac_logins

    value = globals()[name] = getattr(hvac_logins, name)
    return value


@clean_call
def client(settings: Any) -> hvac.Client:
    """Return an `hvac.Client` whose requests use the login, failover, deadline and TLS settings of loaded settings.

    Args:
        settings: a lazy object or a model. Later reloads of the settings do not change the client.

    Raises:
        ConfigError: the Vault options of the settings are invalid.
        MissingCredentialError: the settings name no address of Vault, have no layer `vault`, or were loaded with
            `offline=True`.
        TypeError: `settings` is neither a lazy object nor a model.
    """
    from importlib import import_module

    return import_module("toriconfig.integrations.hvac").client(settings)


class _Default:
    """Base class that marks a number as the default of a field of `Vault`, not given by the caller.

    A copy of a `Vault` object, also by `dataclasses.replace`, keeps the mark.
    """


class _Seconds(_Default, float): ...


class _Count(_Default, int): ...


@clean_init
@dataclass(frozen=True, eq=False)
class Vault(Declared):
    """Connection to one Vault server or cluster: address, login, timeouts and TLS.

    Args:
        address: URL such as `https://vault:8200`, or `https://host/vault` if Vault is served below a path. Several
            URLs, comma-separated, are tried in turn when one fails. None: `VAULT_ADDR`.
        namespace: the namespace; `/`: the root namespace; None: `VAULT_NAMESPACE`, else the root namespace.
        auth: the login method; None: `Agent()` if `VAULT_AGENT_ADDR` is set, else `Token()`.
        timeout: seconds for one read in total, including login and retries; above 0, at most 300. Not given:
            `VAULT_CLIENT_TIMEOUT`.
        refresh_interval: seconds between two requests for a path in use, 0.05 to 86,400.
        stale_for: seconds that a value stays in use while Vault cannot be reached, at least 0.
        overlap: seconds that old credentials stay valid after new ones have replaced them, at least 0.
        prefetch_workers: number of concurrent requests, 1 to 64.
        ca_cert: PEM file of the CA certificates to trust. If `ca_cert` and `ca_path` are None: `VAULT_CACERT`,
            `VAULT_CACERT_BYTES` and `VAULT_CAPATH`; if these are unset too, the CAs of the system.
        ca_path: directory of CA certificates to trust; None: see `ca_cert`.
        client_cert: PEM file of the client certificate; None: `VAULT_CLIENT_CERT`.
        client_key: PEM file of the client's private key. None: the file `client_cert` contains the key too. If
            `client_cert` is also None, `VAULT_CLIENT_KEY` is used.
        tls_server_name: the name that the server's certificate must have; None: `VAULT_TLS_SERVER_NAME`, else the host.
        verify: False: certificates are not verified; never in production. None: certificates are verified if
            `VAULT_SKIP_VERIFY` is not set.
        proxy: URL of a proxy, such as `http://proxy:3128` or `http://user:password@proxy:3128`; None:
            `VAULT_PROXY_ADDR`. `HTTPS_PROXY` and similar variables are never used.
        allow_file_address: True: settings files (YAML, JSON, `.env`) may set every field, including the address, the
            CAs and the credentials. None: settings files may not set the fields that choose where credentials are sent
            or which files are read.
        share_after_fork: True: a forked child process uses the token and leases of its parent. None: the child logs
            in and gets its own leases.
        clock: source of time, for tests.
        login_namespace: the namespace of the login method; `/`: the root namespace; None: the value of `namespace`.

    Raises:
        ValueError: a field is invalid; the message names the field and the remedy.

    >>> Vault(address="https://vault:8200", timeout=2.0).timeout
    2.0
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
    login_namespace: str | None = field(default=None, metadata=PINNED)

    def __post_init__(self) -> None:
        check_text(self, "address", "namespace", "login_namespace", "ca_cert", "ca_path")
        check_text(self, "client_cert", "client_key", "tls_server_name", "proxy")
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
        for name in ("namespace", "login_namespace"):
            if getattr(self, name) is not None:
                check_namespace(getattr(self, name), f"Vault.{name}")

    def says(self, name: str) -> bool:
        """Return True if a value was given for the field, even if the value equals the default.

        Args:
            name: name of the field.
        """
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
