"""httpx: a header that carries the current secret; after a 401 the request is tried once more with a newer one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import httpx

from toriconfig._core.clean_call import clean_init, expect
from toriconfig._secrets.secret import Secret
from toriconfig.integrations._account import check_secret
from toriconfig.integrations._refused import async_newer, newer


@clean_init
class SecretAuth(httpx.Auth):
    """`httpx.Client(auth=SecretAuth(settings.api_key))`, sync or async.

    Args:
        secret: the token.
        header: the header that carries it.
        scheme: what stands before the token; "" for the token alone.
    """

    def __init__(self, secret: Secret[str], *, header: str = "Authorization", scheme: str = "Bearer") -> None:
        check_secret(secret, "SecretAuth()")
        expect(header, str, "the header of SecretAuth() is text")
        expect(scheme, str, "the scheme of SecretAuth() is text")
        self._secret = secret
        self._header = header
        self._before = f"{scheme} " if scheme else ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the current token; once more when it was refused and there is a newer one."""
        token = self._secret.get()
        response = yield self._with(token, request)
        if response.status_code == httpx.codes.UNAUTHORIZED and _is_repeatable(request):
            other = newer(self._secret, token)
            if other is not None:
                yield self._with(other, request)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """The same for `AsyncClient`: the loop runs on while the token is fetched."""
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
    """True if the body can be sent again; a stream has been read."""
    return isinstance(request.stream, httpx.ByteStream)
