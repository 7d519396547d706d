"""requests: a header that carries the current secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requests.auth import AuthBase

if TYPE_CHECKING:
    from requests import PreparedRequest

    from toriconfig._secret import Secret


class SecretAuth(AuthBase):
    """`requests.get(url, auth=SecretAuth(settings.api_key))`; works for a `Session` too.

    Args:
        secret: the token.
        header: the header that carries it.
        scheme: what stands before the token; "" for the token alone.
    """

    def __init__(self, secret: Secret[str], *, header: str = "Authorization", scheme: str = "Bearer") -> None:
        self._secret = secret
        self._header = header
        self._before = f"{scheme} " if scheme else ""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Put the current token into the request."""
        request.headers[self._header] = self._before + self._secret.get()
        return request
