"""Types that the method `request` of a login method returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class LoginRequest(NamedTuple):
    """Request of one login.

    Attributes:
        path: path below `/v1/`, such as `auth/userpass/login/ada`.
        body: data sent as JSON with POST. `repr` does not show `body`, because it may hold secrets.
    """

    path: str
    body: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"LoginRequest({self.path!r})"


class LoginAnswer(NamedTuple):
    """Answer of a login that was already sent.

    Attributes:
        auth: the `auth` object of Vault's answer; `repr` does not show it. Without `lease_duration`, the token is
            treated like a token of another program. The library then looks up the end of the token, and never
            revokes the token.
    """

    auth: Mapping[str, Any]

    def __repr__(self) -> str:
        return "LoginAnswer()"
