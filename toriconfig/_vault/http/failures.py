"""Conversion of connection errors to a `Failure`: wrong address or scheme, TLS, proxy, timeout."""

from __future__ import annotations

import re
import ssl
from http.client import BadStatusLine
from typing import NamedTuple
from urllib.parse import urlsplit

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError, ReadTimeoutError, SSLError

from toriconfig._runtime.deadline import Deadline
from toriconfig._vault.http.response import Failure

_NO_TLS = frozenset(("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"))
"""Reasons of OpenSSL for an answer without TLS."""

_NOT_PLAIN = (
    b"HTTP request to an HTTPS server",
    b"plain HTTP request was sent to HTTPS port",
    b"speaking plain HTTP to an SSL",
)
"""Text of Go (Vault, OpenBao, Traefik), nginx and Apache for a request without TLS to a port with TLS."""

_ASKED_PLAIN = "expects TLS, and the request had none"
_WRITE_HTTPS = "write https:// in VAULT_ADDR; the token was sent unencrypted, so replace it if others share the network"


class _Peer(NamedTuple):
    """Texts about the server that a request connects to: the proxy or Vault.

    Attributes:
        cannot: description of the failure. It follows "Vault at ..." in messages.
        help: the remedy; "" for Vault.
    """

    cannot: str
    help: str


def failure(error: Exception, address: str, deadline: Deadline, proxy: str | None) -> Failure:
    """Convert an exception of the connection to a `Failure`.

    Args:
        error: exception of urllib3, of the system or of TLS.
        address: address of Vault.
        deadline: deadline of the request. `deadline.sent` is True if bytes were sent.
        proxy: address of the proxy; None: no proxy is used.
    """
    party = _Peer("cannot be connected to", "")
    sent = deadline.sent
    if isinstance(error, ProxyError):
        sent = False
        assert proxy is not None
        party = _Peer(
            f"cannot be reached through the proxy {named(proxy)}", "look at VAULT_PROXY_ADDR and at the proxy"
        )
    while isinstance(error, ProxyError) and isinstance(error.original_error, Exception):
        error = error.original_error
    if isinstance(error, NewConnectionError):  # a subclass of ConnectTimeoutError in urllib3
        return Failure("refused", f"{party.cannot}: {reason(error)}", address, sent=False, help=party.help)
    if isinstance(error, (ReadTimeoutError, ConnectTimeoutError, TimeoutError)):
        what = "did not answer in time" if deadline.sent else "could not be connected to in time"
        return Failure("timeout", f"{party.cannot} in time" if party.help else what, address, sent, party.help)
    if isinstance(error, (SSLError, ssl.SSLError)):
        return _tls(error, address, deadline, party)
    if isinstance(error, ValueError):
        what = "cannot be reached: its address, that of the proxy, or a header is malformed"
        return Failure("broken", what, address, sent=sent)
    if "407" in str(error) and party.help:
        return _no_login(address, proxy or "")
    if not sent:
        return Failure("refused", f"{party.cannot}: {reason(error)}", address, sent=False, help=party.help)
    if _is_tls_alert(error) and address.startswith("http:"):
        return Failure("refused", _ASKED_PLAIN, address, sent=False, help=_WRITE_HTTPS)
    return Failure("broken", "broke off without an answer", address, sent=True)


def misdirected(status: int, raw: bytes, address: str, proxy: str | None) -> Failure | None:
    """Return a failure if the answer comes from the proxy, or from a server that expects TLS; else None.

    In both cases Vault has not received the request, so the request may be sent to another address.
    """
    if status == 400 and address.startswith("http:") and any(words in raw[:1000] for words in _NOT_PLAIN):
        return Failure("refused", _ASKED_PLAIN, address, sent=False, help=_WRITE_HTTPS)
    if status == 407 and proxy is not None:
        return _no_login(address, proxy)
    return None


def named(proxy: str) -> str:
    """Return the address of a proxy without user name and password."""
    url = urlsplit(proxy)
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"


def reason(error: Exception) -> str:
    """Return a short text about `error`, without object addresses and URLs.

    For a ValueError, return "malformed", because the text of a ValueError may contain a token.
    """
    cause: BaseException = error
    while cause.__cause__ is not None or (cause.args and isinstance(cause.args[0], BaseException)):
        cause = cause.__cause__ or cause.args[0]
    if isinstance(cause, ssl.SSLCertVerificationError):
        return str(cause.verify_message)
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    if isinstance(cause, ValueError):
        return "malformed"
    tunnel = re.match(r"Tunnel connection failed: (\d{3} [A-Za-z -]{0,60})", str(cause))
    if tunnel is not None:
        return f"it answered {tunnel[1].strip()}"
    text = str(cause).rsplit(": ", 1)[-1]
    return text if len(text) < 200 else type(cause).__name__


def _tls(error: Exception, address: str, deadline: Deadline, party: _Peer) -> Failure:
    cause: object = error
    while not isinstance(cause, ssl.SSLError) and isinstance(cause, Exception) and cause.args:
        cause = cause.args[0]
    plain = isinstance(cause, ssl.SSLError) and cause.reason in _NO_TLS
    if party.help:
        said = "it has no TLS" if plain else f"TLS: {reason(error)}"
        help = "write http:// before the proxy in VAULT_PROXY_ADDR" if plain else party.help
        return Failure("refused", f"{party.cannot}: {said}", address, sent=False, help=help)
    if plain:
        help = "write http:// in VAULT_ADDR if Vault is meant to listen without TLS, else correct the port"
        return Failure("tls", "has no TLS, and the request used it", address, sent=False, help=help)
    return Failure("tls", f"TLS: {reason(error)}", address, sent=deadline.sent)


def _no_login(address: str, proxy: str) -> Failure:
    help = "write user name and password into its address: http://user:password@host:port"
    if "@" in urlsplit(proxy).netloc:
        help = "correct the user name and the password in its address; percent-encode what is special in them"
    what = f"cannot be reached through the proxy {named(proxy)}: the proxy wants a login (407)"
    return Failure("refused", what, address, sent=False, help=f"{help} (VAULT_PROXY_ADDR)")


def _is_tls_alert(error: BaseException) -> bool:
    """True if `error` shows that the answer was a TLS alert instead of a status line."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, BadStatusLine):
            return str(seen).lstrip("'\"").startswith(("\x15\x03", "\\x15\\x03"))
        inner = [one for one in seen.args if isinstance(one, BaseException)]
        seen = inner[0] if inner else seen.__cause__
    return False
