"""Authentication for the library `requests`, with a secret in a header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests import codes
from requests.auth import AuthBase

from toriconfig.integrations._account import check_secret
from toriconfig.integrations._refused import newer

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

from toriconfig._core.clean_call import clean_methods, expect
from toriconfig._secrets.secret import Secret


@clean_methods
class SecretAuth(AuthBase):
    """Authentication for `requests`: `requests.get(url, auth=SecretAuth(settings.api_key))`, or `Session.auth`.

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

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Set the header with the current token. Register a hook for status 401, which sends the request
        once more with a newer token, if there is one and the body is not a stream.

        Args:
            request: the request.
        """
        token, origin = self._secret.get(), _origin(request)

        def answered(response: Response, **options: Any) -> Response:
            # A redirect may have led to another server, which must not receive a token.
            refused = response.status_code == codes.unauthorized and _origin(response.request) == origin
            other = newer(self._secret, token) if refused and _is_repeatable(response.request) else None
            return response if other is None else self._again(other, response, options)

        request.headers[self._header] = self._before + token
        request.register_hook("response", answered)  # type: ignore[no-untyped-call]
        return request

    def _again(self, token: str, response: Response, options: dict[str, Any]) -> Response:
        """Send the request again with `token`, and return the second response."""
        response.content  # noqa: B018  (read to its end, so that its connection can be used again)
        response.close()
        request = response.request.copy()
        request.headers[self._header] = self._before + token
        second: Response = response.connection.send(request, **options)
        second.history.append(response)
        second.request = request
        return second


def _origin(request: PreparedRequest) -> tuple[str, ...]:
    return tuple(urlsplit(request.url or "")[:2])


def _is_repeatable(request: PreparedRequest) -> bool:
    """True if the body can be sent again. The body of a stream was consumed by the first request."""
    return request.body is None or isinstance(request.body, (str, bytes))
