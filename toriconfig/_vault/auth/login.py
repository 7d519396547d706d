"""Reading of a token that another program obtained, and creation of a login request."""

from __future__ import annotations

import os
from collections.abc import Mapping

from toriconfig._core.markers import check_named
from toriconfig._core.regular_file import Unread, read_regular
from toriconfig._vault.config import variable
from toriconfig.errors import MissingCredentialError, SecretError, VaultDenied
from toriconfig.vault.login_method import LoginMethod
from toriconfig.vault.login_request import LoginAnswer, LoginRequest
from toriconfig.vault.login_tools import LoginTools
from toriconfig.vault.logins import Token


def given_token(auth: Token, environ: Mapping[str, str]) -> str | SecretError:
    """Return the token that another program obtained, or an error if there is no usable token.

    The first of these that is set is used: `auth.token`, `auth.file`, the variable VAULT_TOKEN, the file that the
    variable VAULT_TOKEN_PATH names, the file `~/.vault-token`.
    """
    if auth.token is not None:
        return sendable(auth.token.strip(), "`Token(token=...)`")
    if auth.file is not None:
        return _token_in(auth.file)
    token = (variable(environ, "TOKEN") or "").strip()
    if token:
        return sendable(token, "VAULT_TOKEN")
    home = environ.get("HOME") or environ.get("USERPROFILE")
    path = variable(environ, "TOKEN_PATH") or (f"{home}/.vault-token" if home else "")
    if os.access(path, os.F_OK):
        return _token_in(path)
    return MissingCredentialError(
        "no token for Vault is there", help="set VAULT_TOKEN, log in with the CLI of Vault, or configure a login"
    )


def _token_in(path: str) -> str | SecretError:
    token = read_text(path, "the token")
    return sendable(token, path) if isinstance(token, str) else token


def sendable(token: str, source: str) -> str | SecretError:
    """Return `token` if it is valid in an HTTP header; otherwise an error without the token."""
    if token.isascii() and token.isprintable():
        return token
    return VaultDenied(
        f"the token for Vault in {source} is not one line of ASCII", help="look for a second line or a stray character"
    )


LARGEST = 1 << 20
"""Bytes of the largest file that is read for a login."""

_REMEDIES = {
    "absent": "correct the path, or have the file created",
    "denied": "give this user the right to read the file",
}


def login_request(auth: LoginMethod, tools: LoginTools) -> LoginRequest | LoginAnswer | SecretError:
    """Call `auth.request(tools)` and check the result.

    Args:
        auth: the login method.
        tools: the tools of this login.

    Returns:
        The request to send; or the answer, if the method has sent the login itself; or an error.
    """
    try:
        request: object = auth.request(tools)
    except SecretError as error:
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)  # its frames contained credentials
    if isinstance(request, LoginAnswer):
        return request
    if not isinstance(request, LoginRequest):
        return VaultDenied(f"{type(auth).__name__}.request() returned no LoginRequest", help="correct the method")
    try:
        check_named(request.path.strip("/"))
    except ValueError as error:
        return VaultDenied(f"{type(auth).__name__}.request() named no path: {error}", help="correct the method")
    return request


def read_text(path: str, what: str) -> str | SecretError:
    """Return the text of a regular file without surrounding whitespace.

    Return an error if the file cannot be read, is not UTF-8, or is empty.

    Args:
        path: path of the file.
        what: name of the content, for messages.
    """
    path = os.path.expanduser(path)
    data = read_regular(path, LARGEST)
    if isinstance(data, Unread):
        remedy = _REMEDIES.get(data.kind, "name a regular file that holds it and nothing else")
        return VaultDenied(f"{what} for Vault cannot be read from {path}: {data.reason}", help=remedy)
    try:
        text = data.decode().strip()
    except UnicodeDecodeError:
        return VaultDenied(
            f"{what} for Vault cannot be read from {path}: it is not UTF-8 text", help="write it as text"
        )
    return text or VaultDenied(f"{what} for Vault is missing: {path} is empty", help="write it to the file again")
