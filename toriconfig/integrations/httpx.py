"""Authentication for httpx, with a secret in a header."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import httpx

from toriconfig._core.clean_call import clean_init, expect
from toriconfig._secrets.secret import Secret
from toriconfig.integrations._account import check_secret
from toriconfig.integrations._refused import async_newer, newer


@clean_init
class SecretAuth(httpx.Auth):
    """Authentication for httpx: `httpx.Client(auth=SecretAuth(settings.api_key))`, or `AsyncClient`.

    After status 401, a request is sent once more if the secret has a newer value and the body is not a stream.

    Args:
        secret: the token.
        header: name of the header for the token.
        scheme: text before the token; "": the token alone.
    """

    def __init__(self, secret: Secret[str], *, header: str = "Authorization", scheme: str = "Bearer") -> None:
        check_secret(secret, "SecretAuth()")
        expect(header, str, "the header of SecretAuth() is text")
        expect(scheme, str, "the scheme of SecretAuth() is text")
        self._secret = secret
        self._header = header
        self._before = f"{scheme} " if scheme else ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request with the current token. After status 401, send the request again with a newer
        token, if there is one and the body can be sent again (a stream cannot).

        Args:
            request: the request.
        """
        token = self._secret.get()
        response = yield self._with(token, request)
        if response.status_code == httpx.codes.UNAUTHORIZED and _is_repeatable(request):
            other = newer(self._secret, token)
            if other is not None:
                yield self._with(other, request)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with the current token. After status 401, send the request again with a newer
        token, if there is one and the body can be sent again (a stream cannot).

        The event loop is not blocked while the token is fetched.

        Args:
            request: the request.
        """
        token = await self._secret.aget()
        response = yield self._with(token, request)
        if response.status_code == httpx.codes.UNAUTHORIZED and _is_repeatable(request):
            other = await async_newer(self._secret, token)
            if other is not None:
                yield self._with(other, request)

    def _with(self, token: str, request: httpx.Request) -> httpx.Request:
        request.headers[self._header] = self._before + token
        return request


def _is_repeatable(request: httpx.Request) -> bool:
    """True if the body can be sent again. The body of a stream was consumed by the first request."""
    return isinstance(request.stream, httpx.ByteStream)
