"""httpx: a header that carries the current secret; after a 401 the request is tried once with a newer one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import httpx

from toriconfig._secret import Secret


class SecretAuth(httpx.Auth):
    """`httpx.Client(auth=SecretAuth(settings.api_key))`, sync or async.

    Args:
        secret: the token.
        header: the header that carries it.
        scheme: what stands before the token; "" for the token alone.
    """

    def __init__(self, secret: Secret[str], *, header: str = "Authorization", scheme: str = "Bearer") -> None:
        self._secret = secret
        self._header = header
        self._before = f"{scheme} " if scheme else ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the current token; once more when it was refused and has been rotated meanwhile."""
        token = self._secret.get()
        response = yield self._with(token, request)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            newer = self._secret.get()
            if newer != token:
                yield self._with(newer, request)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """The same for `AsyncClient`: the loop runs on while the token is fetched."""
        token = await self._secret.aget()
        response = yield self._with(token, request)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            newer = await self._secret.aget()
            if newer != token:
                yield self._with(newer, request)

    def _with(self, token: str, request: httpx.Request) -> httpx.Request:
        request.headers[self._header] = self._before + token
        return request
