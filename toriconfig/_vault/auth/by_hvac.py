"""Login by a user-supplied function, which receives an `hvac.Client`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from toriconfig._runtime.deadline import Deadline
from toriconfig._vault.adapter import hvac_client
from toriconfig._vault.auth.masked import mask_credentials
from toriconfig._vault.auth.send import in_namespace, namespace_setting, refusal, send
from toriconfig._vault.engines.paths import issues_on_read
from toriconfig._vault.http.response import Answer
from toriconfig._vault.http.translate import error_of, lacks_namespace
from toriconfig.errors import SecretError, VaultDenied, VaultUnreachable
from toriconfig.vault.login_request import LoginAnswer, LoginRequest

if TYPE_CHECKING:
    from toriconfig._vault.requester import WorkerRequester

REPEATABLE = ("GET", "LIST", "HEAD")


class LoginClient:
    """Client of Vault for the requests of one login. A request has a token only if `request` is called with a token.

    Attributes:
        address: the address to which a request is sent first.
        namespace: the namespace of requests without the header `X-Vault-Namespace`.
        granted: the `auth` objects of the answers, oldest first.

    Args:
        name: name of the login method, for messages.
        locks: True if a refused login must not be sent again.
    """

    def __init__(self, requester: WorkerRequester, deadline: Deadline, name: str, *, locks: bool) -> None:
        self.address = requester.resolved.addresses[0]
        self.namespace = requester.resolved.login_namespace
        self.granted: list[Mapping[str, Any]] = []
        self._requester = requester
        self._deadline = deadline
        self._name = name
        self._locks = locks

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
        """Send one request and return the answer, also with an error status. A refused login raises an error instead.

        The arguments are those of `Client.request`, but `check` has no effect.

        Raises:
            SecretError: the login is refused, or was refused recently; the namespace is missing; or no answer arrives.
        """
        given = dict(headers or {})
        namespace = given.pop("X-Vault-Namespace", self.namespace)
        login = method in ("POST", "PUT") and path.startswith("auth/") and not token
        if login:
            mask_credentials(path, body)
        if login and not given and not query:
            request = LoginRequest(path, body if body is not None else {})
            outcome = send(self._requester, self._deadline, request, locks=self._locks, namespace=namespace)
        else:
            outcome = self._requester.exchange(
                self._deadline,
                method,
                path,
                body,
                token or "",
                query=query,
                headers={**in_namespace(self._requester.resolved, namespace), **given},
                repeatable=method in REPEATABLE and not issues_on_read(path),
            )
        if isinstance(outcome, SecretError):
            raise outcome
        if login and outcome.status in (400, 401, 403):
            argument = "path" if self._name in ("jwt", "oidc") else "mount_point"
            resolved = self._requester.resolved
            raise refusal(outcome, path, self._name, resolved, namespace, locks=self._locks, argument=argument)
        if not isinstance(outcome, Answer) or lacks_namespace(outcome):
            setting = namespace_setting(self._requester.resolved, namespace)
            error = error_of(outcome, method, path, namespace=namespace, setting=setting)
            raise error or VaultUnreachable("Vault cannot be reached")
        auth = outcome.body.get("auth")
        if isinstance(auth, dict):
            self.granted.append(auth)
        return outcome


def log_in(
    requester: WorkerRequester, deadline: Deadline, by: Callable[[Any], object], *, name: str, locks: bool
) -> LoginAnswer | SecretError:
    """Call `by`, which logs in with an `hvac.Client`. Return the obtained token as a login answer, or an error.

    Args:
        by: user-supplied function that logs in with the client.
        name: name of the login method, for messages.
        locks: True if a refused login must not be sent again.
    """
    sender = LoginClient(requester, deadline, name, locks=locks)
    client = hvac_client(sender)
    try:
        by(client)
    except SecretError as error:
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)  # its frames contained credentials
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001  (text and frames may hold credentials)
        from toriconfig._core.raise_place import raise_place

        what = f"{type(error).__name__} at {raise_place(error, any_frame=True)}"
        return VaultDenied(f"the login by {name} raised {what}", help="correct the function that logs in")
    token = client.token
    for auth in reversed(sender.granted):
        if not token or auth.get("client_token") == token:
            return LoginAnswer(auth)
    if isinstance(token, str) and token:
        return LoginAnswer({"client_token": token})
    return VaultDenied(
        f"the login by {name} brought no token",
        help="log in with the client that the function gets, or set its `token`",
    )
