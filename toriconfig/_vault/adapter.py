"""An `hvac.Client` whose requests use the login, failover, deadlines and errors of this library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

import hvac
from hvac import exceptions
from hvac.adapters import Adapter

from toriconfig._core.clean_call import clean_call
from toriconfig._core.markers import check_named
from toriconfig._vault.http.response import Answer
from toriconfig._vault.http.translate import error_of
from toriconfig.errors import SecretError, VaultError


class Response:
    """Answer of Vault, with those attributes of `requests.Response` that hvac uses."""

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self.headers = answer.headers
        self.request_id = answer.request_id
        self.ok = answer.status < 400
        self._body = answer.body

    def json(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return self._body

    @property
    def text(self) -> str:
        """Body of the answer as JSON text; "" if the body is empty."""
        return json.dumps(self._body) if self._body else ""

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"


class Sender(Protocol):
    """Protocol of an object that sends the requests of a `ClientAdapter`.

    Attributes:
        address: the address to which a request is sent first.
        namespace: the namespace of requests that name no other namespace.
    """

    @property
    def address(self) -> str: ...

    @property
    def namespace(self) -> str: ...

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        check: bool = True,
    ) -> Answer:
        """Send one request. The arguments are those of `Client.request`."""
        ...


class ClientAdapter(Adapter):  # type: ignore[misc]
    """An adapter of hvac that sends its requests through a `Sender`, a client of Vault.

    Each exception of a request is an instance of two classes: one of this library and one of hvac. `except` with either
    class catches the exception.
    """

    def __init__(self, *, session: Any, **_: Any) -> None:
        self.session: Any = session
        self.base_uri = session.address
        self.namespace = session.namespace
        self.token: str | None = None
        """Token of the requests; None: the token of the client."""

    def close(self) -> None:
        """Do nothing. The connections belong to the client and stay open."""

    def get_login_token(self, response: dict[str, Any]) -> str:
        """Return the token of a login answer."""
        token: str = response["auth"]["client_token"]
        return token

    @clean_call
    def request(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        raise_exception: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Send a request. Return the body if the status is 200 and the body is not empty; otherwise a `Response`.

        Raise an exception if the path is invalid, if no answer arrives, or if the status is an error and
        `raise_exception` is True.
        """
        path, query = _split(url)
        query.update({name: _query_value(value) for name, value in (kwargs.get("params") or {}).items()})
        extra: dict[str, str] = dict(headers or {})
        if kwargs.get("wrap_ttl"):
            extra["X-Vault-Wrap-TTL"] = str(kwargs["wrap_ttl"])
        if (self.namespace or "").strip("/") != self.session.namespace:
            extra["X-Vault-Namespace"] = (self.namespace or "").strip("/")
        try:
            check_named(path)
        except ValueError as error:
            raise with_hvac_class(
                VaultError(str(error), reference=path, help="correct the path"), method, path
            ) from None
        try:
            answer = self.session.request(
                method.upper(), path, kwargs.get("json"), query=query, headers=extra, token=self.token, check=False
            )
        except SecretError as error:
            failure = error
        else:
            if answer.status < 400 or not raise_exception:
                return answer.body if answer.status == 200 and answer.body else Response(answer)
            own: str = self.session.namespace
            namespace = extra.get("X-Vault-Namespace", own)
            failure = error_of(answer, method.upper(), path, namespace=namespace) or VaultError(
                f"Vault answered {answer.status}"
            )
            failure.status = answer.status
        raise with_hvac_class(failure, method, path)


class HvacClient(hvac.Client):  # type: ignore[misc]
    """An `hvac.Client` whose adapter adds the token to each request."""

    def is_authenticated(self) -> bool:
        """Return True if Vault accepts the token; False if Vault refuses the token. If there is no token, log in first."""
        try:
            self.auth.token.lookup_self()
        except (exceptions.Forbidden, exceptions.InvalidPath, exceptions.InvalidRequest):
            return False
        return True


def hvac_client(sender: Sender) -> hvac.Client:
    """Return an `hvac.Client` that sends its requests through `sender`.

    Args:
        sender: object that sends the requests, such as a `Client` of this library.
    """
    session: Any = sender  # hvac passes it to its adapter under this name
    return HvacClient(url=sender.address, token="", adapter=ClientAdapter, session=session, verify=True)


def _split(url: str) -> tuple[str, dict[str, str | int]]:
    """Return the unquoted path below `/v1/`, and the parameters of the query. The transport quotes the path again."""
    path, _, query = url.partition("?")
    path = path.strip("/").removeprefix("v1/")
    while "//" in path:
        path = path.replace("//", "/")
    return unquote(path), dict(parse_qsl(query, keep_blank_values=True))


_HVAC: dict[int, type[Exception]] = {
    400: exceptions.InvalidRequest,
    401: exceptions.Unauthorized,
    403: exceptions.Forbidden,
    404: exceptions.InvalidPath,
    412: exceptions.PreconditionFailed,
    429: exceptions.RateLimitExceeded,
    500: exceptions.InternalServerError,
    501: exceptions.VaultNotInitialized,
    502: exceptions.BadGateway,
    503: exceptions.VaultDown,
}
_made: dict[tuple[type[Any], type[Any]], type[SecretError]] = {}


def with_hvac_class(error: SecretError, method: str, path: str) -> SecretError:
    """Return a copy of `error` that is also an instance of the exception class of hvac for the status of `error`.

    If hvac has no class for the status, the class is `hvac.exceptions.UnexpectedError`.
    """
    ours = type(error)
    theirs = _HVAC.get(getattr(error, "status", None) or 0, exceptions.UnexpectedError)
    if (ours, theirs) not in _made:
        own: dict[str, Any] = {
            "__str__": SecretError.__str__,
            "__reduce__": lambda self: (_restored, (ours, self.args, vars(self))),
        }
        _made[ours, theirs] = type(ours.__name__, (ours, theirs), own)
    kind = _made[ours, theirs]
    new = kind.__new__(kind)
    new.__dict__.update(error.__dict__)
    new.__dict__.update(errors=[error.message], method=method, url=f"/v1/{path}", text=None, json=None)
    new.args = error.args
    return new


def _restored(ours: type[SecretError], args: tuple[Any, ...], state: dict[str, Any]) -> SecretError:
    error = ours.__new__(ours)
    error.args = args
    error.__dict__.update(state)
    return error


def _query_value(value: Any) -> str | int:
    return str(value).lower() if isinstance(value, bool) else value
