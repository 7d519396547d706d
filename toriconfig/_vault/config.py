"""Configuration of a session, from `Vault` options and environment variables, without I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from toriconfig.vault import Vault
from toriconfig.vault.logins import Auth

VARIABLES: dict[str, str] = {
    "ADDR": "address of Vault, or several, comma-separated",
    "AGENT_ADDR": "address of an agent or proxy, used instead",
    "NAMESPACE": "namespace",
    "TOKEN": "token",
    "TOKEN_PATH": "file that holds the token, instead of ~/.vault-token",
    "CACERT": "PEM file of the CAs to trust",
    "CACERT_BYTES": "PEM text of the CAs to trust",
    "CAPATH": "directory of CAs to trust",
    "CLIENT_CERT": "PEM file of the client certificate",
    "CLIENT_KEY": "PEM file of its key",
    "TLS_SERVER_NAME": "name that the server's certificate must bear",
    "SKIP_VERIFY": "true: certificates are not checked",
    "CLIENT_TIMEOUT": "seconds, or a duration such as 1m30s",
    "PROXY_ADDR": "HTTP proxy",
}
"""The variables that are read: `BAO_<name>`, else `VAULT_<name>`. An empty variable counts as unset."""

_HARMLESS = frozenset((
    "ADDR", "AGENT_ADDR", "NAMESPACE", "CACERT", "CACERT_BYTES", "CAPATH", "TLS_SERVER_NAME", "SKIP_VERIFY", "CLIENT_TIMEOUT",
    "ADDRESS", "CA_CERT", "CA_PATH", "VERIFY",
    *(one.name.upper() for one in fields(Vault) if one.metadata.get("file") is True and one.name != "auth"),
))  # fmt: skip
"""Ends of variable names that hold no credential, such as `NAMESPACE` of `VAULT_NAMESPACE`."""

_OF_VAULT = re.compile(r"(?:^|[^A-Z0-9])(?:VAULT|BAO|OPENBAO)(?:[^A-Z0-9]+(?P<rest>.*))?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS settings: the trusted CAs, the client certificate, and the checks of the server."""

    ca_cert: str | None
    ca_bytes: str | None
    ca_path: str | None
    cert: str | None
    key: str | None
    server_name: str | None
    verify: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """Configuration of a session. Loads with equal configurations share a session."""

    addresses: tuple[str, ...]
    namespace: str
    login_namespace: str
    auth: Auth
    timeout: float
    proxy: str | None = field(repr=False)
    tls: Tls
    vault: Vault


def variable(environ: Mapping[str, str], name: str) -> str | None:
    """Return the value of `BAO_<name>`, else of `VAULT_<name>`; None if both are unset or empty."""
    return environ.get(f"BAO_{name}") or environ.get(f"VAULT_{name}") or None


def may_log_in(name: str, value: str) -> bool:
    """True if an environment variable for Vault may hold a credential, as `VAULT_TOKEN` or `VAULT_PROXY_ADDR` may.

    The name of a variable for Vault contains the word `VAULT`, `BAO` or `OPENBAO`. For a variable that usually holds
    no credential, such as `VAULT_ADDR`, the result is True only if `value` contains "@".
    """
    found = _OF_VAULT.search(name.upper())
    return found is not None and (found["rest"] not in _HARMLESS or "@" in value)
