"""Unwrapping of wrapping tokens. Each token is unwrapped once, and all logins of the process share its content."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from toriconfig._runtime.deadline import Deadline
from toriconfig._runtime.turns import Turns
from toriconfig._vault.http.response import Answer
from toriconfig.errors import SecretError, VaultDenied, VaultError, VaultUnreachable

Ask = Callable[[str, str, dict[str, Any] | None, str], Answer | VaultError]
"""Sends a request, which is not repeated after bytes were sent. Arguments: method, path, body, token."""

_opened: dict[Hashable, tuple[str, str]] = {}
"""Creation path and content by wrapping token. A wrapping token opens once, for all sessions and forked children."""

_opening = Turns()
"""Serializes unwrapping, so that our own use of a wrapping token is not reported as tampering."""
os.register_at_fork(after_in_child=_opening.forget)

TAMPERED = "possible tampering: find out who opened it, and make a new one"


@dataclass(frozen=True)
class Content:
    """Expected content of a wrapping token.

    Attributes:
        name: name of the content, for messages.
        made_at: the expected creation path, for messages.
        accepts: function that returns True for an accepted creation path.
        pick: function that returns the content from the unwrapping answer. A non-string means no content.
    """

    name: str
    made_at: str
    accepts: Callable[[str], bool]
    pick: Callable[[Answer], Any]


def secret_id_of(mount: str, creation_path: str | None) -> Content:
    """Return a `Content` with which the function `unwrap` accepts only a wrapped secret id of an AppRole.

    Args:
        mount: mount path of the login method.
        creation_path: the only creation path that `unwrap` accepts; None: the path of any role of the mount.
    """
    start, end = f"auth/{mount.strip('/')}/role/", "/secret-id"
    return Content(
        "secret id",
        creation_path or f"{start}<role>{end}",
        lambda made: made == creation_path if creation_path else made.startswith(start) and made.endswith(end),
        lambda answer: answer.data.get("secret_id"),
    )


def token_of(creation_path: str | None) -> Content:
    """Return a `Content` with which the function `unwrap` accepts only a wrapped Vault token.

    Args:
        creation_path: the only creation path that `unwrap` accepts; None: any path below `auth/`.
    """
    return Content(
        "token",
        creation_path or "auth/token/create",
        lambda made: made == creation_path if creation_path else made.startswith("auth/"),
        lambda answer: (answer.body.get("auth") or {}).get("client_token"),
    )


def unwrap(wrapping: str, content: Content, ask: Ask, where: Hashable, deadline: Deadline) -> str | SecretError:
    """Unwrap a wrapping token, after a check of its creation path. Return the wrapped text, or an error.

    Args:
        wrapping: the wrapping token.
        content: description of the expected text (a token or a secret id), with the accepted creation paths.
        ask: function that sends the requests.
        where: addresses and namespace of the Vault.
        deadline: deadline of the login, and of the wait for another thread that unwraps the same token.
    """
    name = f"the wrapped {content.name}"
    with _opening.turn((where, wrapping), deadline) as mine:
        if not mine:
            return VaultUnreachable(f"{name} was not opened in time by another login that is under way")
        made, value = _opened.get((where, wrapping), (None, None))
        if made is None:
            looked = ask("POST", "sys/wrapping/lookup", {"token": wrapping}, "")
            if isinstance(looked, VaultError):
                if looked.status not in (400, 403):
                    return looked
                return VaultDenied(f"{name} was used already or has ended", help=TAMPERED, status=looked.status)
            made = str(looked.data.get("creation_path") or "")
        if not content.accepts(made):
            return VaultDenied(
                f"{name} was made at {made!r}, not at {content.made_at!r}",
                help="another program may have replaced it: it was not used",
            )
        if value is None:
            opened = ask("POST", "sys/wrapping/unwrap", None, wrapping)
            if isinstance(opened, VaultError):
                if opened.status not in (400, 403):
                    return opened
                return VaultDenied(f"{name} was used already", help=TAMPERED, status=opened.status)
            value = content.pick(opened)
            if not isinstance(value, str):
                return VaultDenied(f"the wrapping token holds no {content.name}", help=TAMPERED)
            _opened[where, wrapping] = made, value
        return value
