"""Registration of tokens and credentials for Vault, so that logs mask them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toriconfig.pipeline._redact import SHORTEST, forget, mask, register

_NAMES = frozenset({"role", "role_id", "role_name", "name", "username"})


def mask_token(value: str) -> None:
    """Have logs mask a token in use. The token of a development server is a common word, and is not masked."""
    if len(value) >= SHORTEST:
        register(value)


def token_replaced(value: str) -> None:
    """Have logs stop masking a replaced token after some time, so that old tokens do not collect in memory."""
    if len(value) >= SHORTEST:
        forget(value)


def mask_credentials(body: object) -> None:
    """Have logs mask the credentials that a login sends.

    Args:
        body: body of the login request; its names of roles and users are not masked.
    """
    if not isinstance(body, Mapping):
        return
    for name, value in body.items():
        if name not in _NAMES and _is_new(value):
            register(value)


def _is_new(value: Any) -> bool:
    return isinstance(value, str) and len(value) >= SHORTEST and value in mask(value)
