"""New token for a client: obtained by another program, added by an agent, or obtained by a login.

A login that was refused as invalid is not sent again with the same credentials: see `refused_logins.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toriconfig._core.clock import SYSTEM
from toriconfig._runtime.deadline import Deadline
from toriconfig._vault.auth.login import given_token, login_request
from toriconfig._vault.auth.refused_logins import HOLD, of_process
from toriconfig._vault.http.response import Answer, Failure
from toriconfig._vault.http.translate import error_of, timed_out
from toriconfig._vault.token import LiveToken
from toriconfig.errors import SecretError, VaultDenied, VaultError, VaultUnreachable
from toriconfig.vault.logins import Agent, LoginRequest, TLSCertificate, Token

if TYPE_CHECKING:
    from toriconfig._vault.requester import WorkerRequester

POLL = 0.02
"""Seconds between two checks of a login that another process has started with the same credentials."""

_LOCKED = (
    "the account may be locked after repeated failed logins (user lockout, 15 minutes by default): wait, or let an "
    "administrator unlock it; else look at the network that the role allows, and at the mount"
)


_REFUSED = "look at the role, at what it is given to log in with, and at the mount"


def _elsewhere(namespace: str) -> str:
    asked = f"the namespace {namespace}" if namespace else "the root namespace"
    return f"{asked} was asked, which knows no role of another one: look at VAULT_NAMESPACE"


def obtain(requester: WorkerRequester, deadline: Deadline) -> LiveToken | SecretError:
    """Return a new token before the deadline. At most one login request is sent."""
    auth, now = requester.resolved.auth, requester.executor.now()
    if isinstance(auth, Agent):
        token = LiveToken("", from_login=False, now=now)
        token.duration = 0.0
        return token
    if isinstance(auth, Token):
        given = given_token(auth, requester.environ)
        return given if isinstance(given, SecretError) else LiveToken(given, from_login=False, now=now)

    def ask(method: str, path: str, body: dict[str, Any] | None, token: str) -> Answer | VaultError:
        outcome = requester.exchange(deadline, method, path, body, token, repeatable=False)
        if isinstance(outcome, Answer) and outcome.status < 300:
            return outcome
        return error_of(outcome, method, path) or VaultUnreachable("Vault cannot be asked", reference=path)

    resolved = requester.resolved
    request = login_request(auth, ask, (resolved.addresses, resolved.namespace), deadline)
    if isinstance(request, SecretError):
        return request
    if isinstance(auth, TLSCertificate):
        requester.renew_tls()  # each login by certificate presents the present content of the file
    outcome = _sent_once(requester, request, deadline) if auth.locks else _sent(requester, request, deadline)
    if isinstance(outcome, SecretError):
        return outcome
    facts = outcome.body.get("auth") if isinstance(outcome, Answer) and outcome.status < 300 else None
    if isinstance(facts, dict) and isinstance(facts.get("client_token"), str):
        token = LiveToken(facts["client_token"], from_login=True, now=now)
        token.update(facts, now, first=True)
        return token
    return _refusal(outcome, request.path, auth.method, resolved.namespace)


def _sent(requester: WorkerRequester, request: LoginRequest, deadline: Deadline) -> Answer | Failure:
    return requester.exchange(deadline, "POST", request.path, request.body, "", repeatable=False)


def _sent_once(requester: WorkerRequester, request: LoginRequest, deadline: Deadline) -> Answer | Failure | SecretError:
    """Send the login, unless the same login was refused recently in this process or one related by a fork."""
    memory, resolved, clock = of_process(), requester.resolved, requester.resolved.vault.clock
    mark = memory.fingerprint(
        resolved.addresses, resolved.namespace, request.path, request.body, 0 if clock is SYSTEM else id(clock)
    )
    while True:
        left = memory.seconds_blocked(mark, requester.executor.now())
        if left:
            return VaultDenied(
                f"the login at {request.path} was refused {HOLD - left:.0f} s ago; it is not repeated with the same "
                "credentials, since repeated failures lock the account for every program",
                reference=request.path,
                help=f"give new credentials, which are used at once; these are tried again in {left:.0f} s",
            )
        if memory.claim(mark, requester.executor.now(), deadline.pause):
            break
        if not deadline.pause(POLL):
            return timed_out(request.path, resolved.timeout)
    accepted: bool | None = None
    try:
        outcome = _sent(requester, request, deadline)
        if isinstance(outcome, Answer):
            accepted = True if outcome.status < 300 else False if outcome.status == 400 else None
    finally:
        memory.record(mark, requester.executor.now(), accepted)
    return outcome


def _refusal(outcome: Answer | Failure, path: str, method: str, namespace: str) -> SecretError:
    if isinstance(outcome, Answer) and outcome.status in (400, 401, 403):
        said = f": {outcome.text}" if outcome.text else ""
        locked = outcome.status == 403
        return VaultDenied(
            f"the login by {method} at {path} was refused with {outcome.status}{said}",
            reference=path,
            status=outcome.status,
            request_id=outcome.request_id,
            help=f"{_LOCKED if locked else _REFUSED}; {_elsewhere(namespace)}",
        )
    return error_of(outcome, "POST", path, namespace=namespace) or VaultUnreachable(
        f"the login at {path} brought no token: this is not Vault's answer"
    )
