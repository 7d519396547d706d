"""Creation of the configuration of a session from `Vault` options and environment variables, without I/O."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from toriconfig._vault.config import Resolved, Tls, variable
from toriconfig.vault import Vault
from toriconfig.vault.addresses import addresses_in, check_namespace, check_proxy
from toriconfig.vault.logins import Agent, Auth, TLSCertificate, Token

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


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
