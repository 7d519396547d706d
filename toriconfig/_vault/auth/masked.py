"""Registration of tokens and credentials for Vault, so that logs mask them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from toriconfig.pipeline._redact import SHORTEST, forget, mask, register

_NAMES = frozenset(
    (
        *("role", "role_id", "role_name", "name", "username"),
        *("subscription_id", "resource_group_name", "vm_name", "vmss_name"),
    )
)


def mask_token(value: str) -> None:
    """Register `value`, so that logs mask it. A short token, such as "root" of a development server, is not masked."""
    if len(value) >= SHORTEST:
        register(value)


def token_replaced(value: str) -> None:
    """End the masking of a replaced token after some time, so that old tokens do not collect in memory."""
    if len(value) >= SHORTEST:
        forget(value)


FORMER = 20
"""Credentials of one login that logs mask without a limit of time, per field of the login request."""

_sent: dict[tuple[str, ...], deque[str]] = {}
"""The credentials that each login has sent, per field. The keys hold names only."""


def mask_credentials(path: str, body: object) -> None:
    """Register the credentials of a login request, so that logs mask them.

    For each field of `body`, the latest 20 values (constant `FORMER`) from all requests of this login stay masked.
    An older value stays masked for one more hour.

    Args:
        path: path of the login request.
        body: body of the login request. The names of roles, users and machines in `body` are not masked.
    """
    if not isinstance(body, Mapping):
        return
    names = [f"{name}={value}" for name, value in body.items() if name in _NAMES]
    for name, value in body.items():
        if name not in _NAMES and _is_new(value):
            register(value)
            sent = _sent.setdefault((path, *names, str(name)), deque())
            sent.append(value)
            if len(sent) > FORMER:
                forget(sent.popleft())


def _is_new(value: Any) -> bool:
    return isinstance(value, str) and len(value) >= SHORTEST and value in mask(value)
