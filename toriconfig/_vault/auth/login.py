"""Token that another program obtained, and the request of one login. Files are read at each login."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from toriconfig._core.markers import check_named
from toriconfig._core.regular_file import Unread, read_regular
from toriconfig._runtime.deadline import Deadline
from toriconfig._runtime.turns import Turns
from toriconfig._vault.config import variable
from toriconfig._vault.http.response import Answer
from toriconfig.errors import MissingCredentialError, SecretError, VaultDenied, VaultError, VaultUnreachable
from toriconfig.vault.logins import LoginMethod, LoginRequest, LoginTools, Token

Ask = Callable[[str, str, dict[str, Any] | None, str], Answer | VaultError]
"""Sends a request, which is not repeated after bytes were sent. Arguments: method, path, body, token."""


def given_token(auth: Token, environ: Mapping[str, str]) -> str | SecretError:
    """Return the token that another program obtained: from the value, its file, the environment, or the home directory."""
    if auth.token is not None:
        return _sendable(auth.token.strip(), "`Token(token=...)`")
    if auth.file is not None:
        return _token_in(auth.file)
    token = (variable(environ, "TOKEN") or "").strip()
    if token:
        return _sendable(token, "VAULT_TOKEN")
    home = environ.get("HOME") or environ.get("USERPROFILE")
    path = variable(environ, "TOKEN_PATH") or (f"{home}/.vault-token" if home else "")
    if os.access(path, os.F_OK):
        return _token_in(path)
    return MissingCredentialError(
        "no token for Vault is there", help="set VAULT_TOKEN, log in with the CLI of Vault, or configure a login"
    )


def _token_in(path: str) -> str | SecretError:
    token = _read(path, "the token")
    return _sendable(token, path) if isinstance(token, str) else token


def _sendable(token: str, source: str) -> str | SecretError:
    """Return the token if it is a valid header; else an error, since that of the HTTP client would contain the token."""
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

_opened: dict[Hashable, tuple[str, str]] = {}
"""Creation path and content by wrapping token. A wrapping token opens once, for all sessions and forked children."""

_opening = Turns()
"""Serializes unwrapping, so that our own use of a wrapping token is not reported as tampering."""
os.register_at_fork(after_in_child=_opening.forget)


class Tools(LoginTools):
    """The tools of one login; see `LoginTools`."""

    def __init__(self, ask: Ask, where: Hashable, deadline: Deadline) -> None:
        self._ask = ask
        self._where = where
        self._deadline = deadline

    def read(self, path: str, what: str) -> str:
        return _or_raised(_read(path, what))

    def either(self, value: str | None, file: str | None, what: str) -> str | None:
        return self.read(file, what) if value is None and file is not None else value

    def unwrap(self, token: str, mount: str, creation_path: str | None) -> str:
        return _or_raised(_unwrap(token, mount, creation_path, self._ask, self._where, self._deadline))


def _or_raised(outcome: str | SecretError) -> str:
    if isinstance(outcome, SecretError):
        raise outcome
    return outcome


def login_request(auth: LoginMethod, ask: Ask, where: Hashable, deadline: Deadline) -> LoginRequest | SecretError:
    """Return the login request of `auth`, or the error of building it.

    Args:
        auth: the login method.
        ask: sends the requests for wrapped secret ids.
        where: identifies the Vault and its namespace.
        deadline: of the login; it bounds the wait for another thread that opens the same wrapping token.
    """
    try:
        request: object = auth.request(Tools(ask, where, deadline))
    except SecretError as error:
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)  # its frames contained credentials
    if not isinstance(request, LoginRequest):
        return VaultDenied(f"{type(auth).__name__}.request() returned no LoginRequest", help="correct the method")
    try:
        check_named(request.path.strip("/"))
    except ValueError as error:
        return VaultDenied(f"{type(auth).__name__}.request() named no path: {error}", help="correct the method")
    return request


def _unwrap(
    wrapping: str, mount: str, creation_path: str | None, ask: Ask, where: Hashable, deadline: Deadline
) -> str | SecretError:
    """Return the secret id that the wrapping token holds, after checking that the token was created for a secret id."""
    tampered = "possible tampering: find out who opened it, and make a new one"
    with _opening.turn((where, wrapping), deadline) as mine:
        if not mine:
            return VaultUnreachable("the wrapped secret id was not opened in time by another login that is under way")
        made, secret = _opened.get((where, wrapping), (None, None))
        if made is None:
            looked = ask("POST", "sys/wrapping/lookup", {"token": wrapping}, "")
            if isinstance(looked, VaultError):
                if looked.status not in (400, 403):
                    return looked
                message = "the wrapped secret id was used already or has ended"
                return VaultDenied(message, help=tampered, status=looked.status)
            made = str(looked.data.get("creation_path") or "")
        start, end = f"auth/{mount.strip('/')}/role/", "/secret-id"
        right = made == creation_path if creation_path else made.startswith(start) and made.endswith(end)
        if not right:
            wanted = creation_path or f"{start}<role>{end}"
            return VaultDenied(
                f"the wrapped secret id was made at {made!r}, not at {wanted!r}",
                help="somebody may have put another one in its place: it was not used",
            )
        if secret is None:
            opened = ask("POST", "sys/wrapping/unwrap", None, wrapping)
            if isinstance(opened, VaultError):
                if opened.status not in (400, 403):
                    return opened
                return VaultDenied("the wrapped secret id was used already", help=tampered, status=opened.status)
            secret = opened.data.get("secret_id")
            if not isinstance(secret, str):
                return VaultDenied("the wrapping token holds no secret id", help=tampered)
            _opened[where, wrapping] = made, secret
        return secret


def _read(path: str, what: str) -> str | SecretError:
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
