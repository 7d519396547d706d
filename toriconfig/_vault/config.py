"""Configuration of a session, from `Vault` options and environment variables, without I/O."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from toriconfig.vault import Vault
from toriconfig.vault.addresses import addresses_in, check_namespace, check_proxy
from toriconfig.vault.logins import Agent, Auth, TLSCertificate, Token

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

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


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
    """True if a variable may hold a credential for Vault or for a proxy.

    `VAULT` or `BAO` may be anywhere in the name, because a settings class chooses its prefix and its delimiter.
    Examples: `TORI_VAULT__AUTH__SECRET_ID`, `APP_VAULT_AUTH_TOKEN`, and `TORI_VAULT` with all options as JSON.
    """
    found = _OF_VAULT.search(name.upper())
    return found is not None and (found["rest"] not in _HARMLESS or "@" in value)


def resolve(vault: Vault, environ: Mapping[str, str]) -> Resolved | None:
    """Return the configuration of a session, or None if neither `vault` nor `environ` has an address.

    Raises:
        ValueError: an option or a variable has an invalid value; the message names the option or variable.
    """
    auth, addresses = vault.auth, vault.address
    agent = variable(environ, "AGENT_ADDR")
    if isinstance(auth, Agent):
        addresses = (f"unix://{_path(auth.socket)}" if auth.socket else auth.address) or addresses or agent
        if addresses is None:
            raise ValueError("Agent: give `address` or `socket`, or set VAULT_AGENT_ADDR")
    elif addresses is None and agent is not None and auth is None:
        addresses, auth = agent, Agent()
    addresses = addresses or variable(environ, "ADDR")
    if addresses is None:
        return None
    split = addresses_in(addresses, "Vault.address" if vault.address else "VAULT_ADDR")
    namespace = (vault.namespace or variable(environ, "NAMESPACE") or "").strip("/")
    if namespace:
        check_namespace(namespace, "Vault.namespace" if vault.namespace else "VAULT_NAMESPACE")
    proxy = vault.proxy or variable(environ, "PROXY_ADDR")
    return Resolved(
        addresses=split,
        namespace=namespace,
        login_namespace=namespace if vault.login_namespace is None else vault.login_namespace.strip("/"),
        auth=auth if auth is not None else Token(),
        timeout=_timeout(vault, environ),
        proxy=check_proxy(proxy, "Vault.proxy" if vault.proxy else "VAULT_PROXY_ADDR") if proxy else None,
        tls=_tls(vault, auth, environ),
        vault=vault,
    )


def _tls(vault: Vault, auth: Auth | None, environ: Mapping[str, str]) -> Tls:
    cert, key = vault.client_cert, vault.client_key
    if isinstance(auth, TLSCertificate) and auth.cert is not None:
        cert, key = auth.cert, auth.key
    if cert is None:
        cert, key = variable(environ, "CLIENT_CERT"), variable(environ, "CLIENT_KEY")
    own = vault.ca_cert or vault.ca_path
    skips = (variable(environ, "SKIP_VERIFY") or "").lower() in ("1", "t", "true")
    return Tls(
        ca_cert=_path(vault.ca_cert or (None if own else variable(environ, "CACERT"))),
        ca_bytes=None if own else variable(environ, "CACERT_BYTES"),
        ca_path=_path(vault.ca_path or (None if own else variable(environ, "CAPATH"))),
        cert=_path(cert),
        key=_path(key),
        server_name=vault.tls_server_name or variable(environ, "TLS_SERVER_NAME"),
        verify=not skips if vault.verify is None else vault.verify,
    )


def _path(path: str | None) -> str | None:
    """Return the path with a leading `~` replaced by the home directory."""
    return os.path.expanduser(path) if path is not None else None


def _timeout(vault: Vault, environ: Mapping[str, str]) -> float:
    text = variable(environ, "CLIENT_TIMEOUT")
    if text is None or vault.says("timeout"):
        return vault.timeout
    seconds = _duration(text.strip())
    if seconds is None or not 0 < seconds <= 300:
        raise ValueError("VAULT_CLIENT_TIMEOUT: expected seconds or a duration such as 1m30s, at most 300 s")
    return seconds


def _duration(text: str) -> float | None:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
