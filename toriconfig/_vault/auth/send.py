"""Sending of a login request, and the error of a refused login."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from toriconfig._core.clock import SYSTEM
from toriconfig._runtime.deadline import Deadline
from toriconfig._vault.auth.refused_logins import HOLD, of_process
from toriconfig._vault.http.response import Answer, Failure
from toriconfig._vault.http.translate import error_of, timed_out
from toriconfig.errors import SecretError, VaultDenied, VaultUnreachable
from toriconfig.vault.login_request import LoginRequest

if TYPE_CHECKING:
    from toriconfig._vault.config import Resolved
    from toriconfig._vault.requester import WorkerRequester

POLL = 0.02
"""Seconds between two checks of a login that another process has started with the same credentials."""

_LOCKED = (
    "the account may be locked after repeated failed logins (user lockout, 15 minutes by default): wait, or let an "
    "administrator unlock it"
)

_LOCKOUT = ("approle", "ldap", "userpass")
"""Login methods with user lockout."""

_MOUNT = re.compile(r"auth/(.+?)(?=/login(?:/|$)|$)")

_REFUSED = "look at the role, at what it is given to log in with, and at the mount"
_REFUSED_OR_NETWORK = "look at the role, at what it is given to log in with, and at the network that it allows"


def in_namespace(resolved: Resolved, namespace: str | None = None) -> Mapping[str, str]:
    """Return the headers that select `namespace`; `{}` if the session uses the same namespace.

    Args:
        resolved: the configuration of the session.
        namespace: the namespace; "": the root namespace; None: the namespace of logins.
    """
    wanted = resolved.login_namespace if namespace is None else namespace.strip("/")
    return {} if wanted == resolved.namespace else {"X-Vault-Namespace": wanted}


def send(
    requester: WorkerRequester, deadline: Deadline, request: LoginRequest, *, locks: bool, namespace: str | None = None
) -> Answer | Failure | SecretError:
    """Send a login request. Return the answer (any status), a failure, or an error if the login was not sent.

    Args:
        locks: True: do not send the login if Vault refused the same login recently.
        namespace: the namespace; None: the namespace of logins.
    """
    headers = in_namespace(requester.resolved, namespace)

    def sent() -> Answer | Failure:
        return requester.exchange(deadline, "POST", request.path, request.body, "", headers=headers, repeatable=False)

    if not locks:
        return sent()
    memory, resolved, clock = of_process(), requester.resolved, requester.resolved.vault.clock
    asked = headers.get("X-Vault-Namespace", resolved.namespace)
    mark = memory.fingerprint(
        resolved.addresses, asked, request.path, request.body, 0 if clock is SYSTEM else id(clock)
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
        outcome = sent()
        if isinstance(outcome, Answer):
            accepted = True if outcome.status < 300 else False if outcome.status == 400 else None
    finally:
        memory.record(mark, requester.executor.now(), accepted)
    return outcome


def refusal(
    outcome: Answer | Failure,
    path: str,
    method: str,
    resolved: Resolved,
    namespace: str,
    *,
    locks: bool,
    argument: str = "mount_point",
) -> SecretError:
    """Return the error of a login that has returned no token.

    Args:
        method: name of the login method.
        resolved: configuration of the session.
        locks: True if refused logins lock the account.
        argument: name of the argument with which the user sets the mount path of the login method.
    """
    if isinstance(outcome, Answer) and outcome.status in (400, 401, 403):
        said = f": {outcome.text}" if outcome.text else ""
        # The same answer for a missing mount and for a locked account; refused credentials get status 400.
        denied = outcome.status == 403 and "permission denied" in (outcome.text or "permission denied")
        remedy = _remedy_of_denial(path, method, locks, argument) if denied else _REFUSED
        return VaultDenied(
            f"the login by {method} at {path} was refused with {outcome.status}{said}",
            reference=path,
            status=outcome.status,
            request_id=outcome.request_id,
            help=f"{remedy}; {_elsewhere(resolved, namespace)}",
        )
    setting = namespace_setting(resolved, namespace)
    return error_of(outcome, "POST", path, namespace=namespace, setting=setting) or VaultUnreachable(
        f"the login at {path} brought no token: this is not Vault's answer"
    )


def _remedy_of_denial(path: str, method: str, locks: bool, argument: str) -> str:
    """Return the help text for a login that was refused with 403: check the mount path first, then the account or role.

    `locks` is True if refused logins lock the account. `argument` is the name of the argument for the mount path.
    """
    from toriconfig.vault.hvac_logins import WAYS

    found = _MOUNT.match(path)
    mount = found[1] if found else path
    kind = next((name for name in (method, mount.rpartition("/")[2]) if name in WAYS), None)
    lockout = locks if kind is None else kind in _LOCKOUT
    rest = f"{_LOCKED}; else look at the network that the role allows" if lockout else _REFUSED_OR_NETWORK
    return f"is the login method enabled at auth/{mount}? (`{argument}=`); else {rest}"


def namespace_setting(resolved: Resolved, namespace: str) -> str:
    """Return the variable or option that sets the namespace of a request of a login, for a remedy.

    Args:
        resolved: configuration of the session.
        namespace: namespace of the request. The user's login function may use another than the settings.
    """
    if namespace != resolved.login_namespace:
        return "the function that logs in"
    return "VAULT_NAMESPACE" if resolved.vault.login_namespace is None else "`vault.login_namespace`"


def _elsewhere(resolved: Resolved, namespace: str) -> str:
    where = f"the namespace {namespace}" if namespace else "the root namespace"
    return f"the login was sent to {where}, which has no roles of other namespaces: look at {namespace_setting(resolved, namespace)}"
