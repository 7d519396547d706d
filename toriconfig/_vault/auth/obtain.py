"""New token for a client: from another program, from an agent that adds the token to each request, or by a login."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toriconfig._runtime.deadline import Deadline
from toriconfig._vault.auth.login import given_token, login_request, sendable
from toriconfig._vault.auth.masked import mask_credentials
from toriconfig._vault.auth.send import in_namespace, namespace_setting, refusal, send
from toriconfig._vault.auth.tools import Tools
from toriconfig._vault.auth.unwrap import Ask, token_of, unwrap
from toriconfig._vault.http.response import Answer
from toriconfig._vault.http.translate import error_of
from toriconfig._vault.token import LiveToken
from toriconfig.errors import SecretError, VaultDenied, VaultError, VaultUnreachable
from toriconfig.vault.login_request import LoginAnswer
from toriconfig.vault.logins import Agent, TLSCertificate, Token

if TYPE_CHECKING:
    from toriconfig._vault.requester import WorkerRequester


def obtain(requester: WorkerRequester, deadline: Deadline) -> LiveToken | SecretError:
    """Return a new token or an error before the deadline. At most one login request is sent."""
    resolved, now = requester.resolved, requester.executor.now()
    auth = resolved.auth
    if isinstance(auth, Agent):
        token = LiveToken("", from_login=False, now=now)
        token.duration = 0.0
        return token
    if isinstance(auth, Token):
        given = token_now(auth, requester, deadline)
        return given if isinstance(given, SecretError) else LiveToken(given, from_login=False, now=now)
    request = login_request(auth, Tools(requester, deadline, _asker(requester, deadline)))
    if isinstance(request, SecretError):
        return request
    if isinstance(request, LoginAnswer):
        return _granted(request.auth, now) or VaultDenied(
            f"the login by {auth.method} brought no token", help="correct the login method"
        )
    mask_credentials(request.path, request.body)
    if isinstance(auth, TLSCertificate):
        requester.renew_tls()  # each login by certificate presents the present content of the file
    outcome = send(requester, deadline, request, locks=auth.locks)
    if isinstance(outcome, SecretError):
        return outcome
    facts = outcome.body.get("auth") if isinstance(outcome, Answer) and outcome.status < 300 else None
    granted = _granted(facts, now) if isinstance(facts, dict) else None
    if granted is not None:
        return granted
    where = resolved.login_namespace
    return refusal(outcome, request.path, auth.method, resolved, where, locks=auth.locks, argument="mount")


def token_now(auth: Token, requester: WorkerRequester, deadline: Deadline) -> str | SecretError:
    """Read the token that another program supplies, for example in a file. Return the token or an error.

    Args:
        auth: the options of the token. If `auth.wrapped` is True, the token is unwrapped.
        requester: object that sends the requests.
        deadline: deadline of the login.
    """
    given = given_token(auth, requester.environ)
    if not auth.wrapped or isinstance(given, SecretError):
        return given
    resolved = requester.resolved
    where = (resolved.addresses, resolved.login_namespace)
    token = unwrap(given, token_of(auth.creation_path), _asker(requester, deadline), where, deadline)
    return token if isinstance(token, SecretError) else sendable(token, "the wrapping token")


def _asker(requester: WorkerRequester, deadline: Deadline) -> Ask:
    resolved = requester.resolved
    namespace, headers = resolved.login_namespace, in_namespace(resolved)
    setting = namespace_setting(resolved, namespace)

    def ask(method: str, path: str, body: dict[str, Any] | None, token: str) -> Answer | VaultError:
        outcome = requester.exchange(deadline, method, path, body, token, headers=headers, repeatable=False)
        if isinstance(outcome, Answer) and outcome.status < 300:
            return outcome
        error = error_of(outcome, method, path, namespace=namespace, setting=setting)
        return error or VaultUnreachable("Vault cannot be reached", reference=path)

    return ask


def _granted(facts: Mapping[str, Any], now: float) -> LiveToken | SecretError | None:
    """Return the token of the `auth` object of a login answer.

    Returns:
        The token; None if there is no token; an error if the token cannot be used or a second factor is required.
    """
    given = facts.get("client_token")
    if not isinstance(given, str) or not given:
        if not facts.get("mfa_requirement"):
            return None
        return VaultDenied(
            "the login needs a second factor, which a program does not have",
            help="exempt the role from the MFA enforcement, or log in by a method without one",
        )
    value = sendable(given, "the answer to the login")
    if isinstance(value, SecretError):
        return value
    ours = "lease_duration" in facts
    token = LiveToken(value, from_login=ours, now=now)
    if ours:
        token.update(dict(facts), now)
    return token
