"""Decision whether and where a request to Vault is sent again, and conversion of outcomes to errors of this library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from toriconfig._core.markers import issues
from toriconfig._vault.http.response import Answer, Failure
from toriconfig.errors import SecretError, VaultDenied, VaultError, VaultNotFound, VaultSealed, VaultUnreachable

MOUNTS = "sys/internal/ui/mounts/"
"""Prefix of the path of a mount lookup. Vault allows the lookup for each token that may use a path of the mount."""

UNREACHED = "look at VAULT_ADDR, at VAULT_CACERT, and at `toriconfig doctor`"
SETUP = "correct the file, or what names it: VAULT_CACERT, VAULT_CAPATH, VAULT_CLIENT_CERT, VAULT_CLIENT_KEY, or `Vault(...)`"
"""Remedy if a file for the connection cannot be used, so that the connection is not tried."""

PAUSE = 0.1
"""Seconds before the same address is tried again, at least, since a quota may answer `Retry-After: 0`."""

_OF_VAULT = ("errors", "data", "warnings")
"""Each 404 of Vault has one of these members. A 404 without them comes from another server on the way."""

_CAPABILITY = {"GET": "read", "LIST": "list", "POST": "update", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Next step after one attempt to send a request.

    Attributes:
        action: "done": return the outcome. "next": try the next address. "again": try the same address. "fail": return
            the outcome, and begin the next request at another address.
        pause: seconds before the same address is tried again.
    """

    action: Literal["done", "next", "again", "fail"]
    pause: float = 0.0


_DONE, _NEXT, _FAIL = Verdict("done"), Verdict("next"), Verdict("fail")


def judge(outcome: Answer | Failure, *, repeatable: bool) -> Verdict:
    """Decide the next step after one attempt to send a request.

    Args:
        outcome: outcome of the attempt.
        repeatable: True if sending the request twice does no harm. If False, the request is repeated only if Vault has
            certainly not processed the request.
    """
    if isinstance(outcome, Failure):
        return _NEXT if repeatable or not outcome.sent else _FAIL
    status = outcome.status
    if status < 300 or status in (400, 401, 403, 404, 405):
        return _DONE
    if status < 400:
        return _NEXT
    if status == 429:
        return Verdict("again", max(PAUSE, _seconds(outcome.headers.get("retry-after"))))
    if status == 412:
        return Verdict("again", PAUSE)
    if status in (472, 473, 501, 503):
        return _NEXT
    if status == 500 and "active cluster node not found" in outcome.text:
        return Verdict("next", PAUSE)
    if status in (502, 504) or (status == 500 and "leadership lost" in outcome.text):
        return Verdict("next", PAUSE) if repeatable else _FAIL
    return _DONE


def error_of(
    outcome: Answer | Failure, method: str, path: str, *, namespace: str = "", setting: str = "VAULT_NAMESPACE"
) -> VaultError | None:
    """Return the error of an outcome; None for an answer with a status below 300.

    Args:
        outcome: the last outcome of the request.
        path: path of the request, without `/v1/`.
        namespace: namespace of the request, for the message; "": the root namespace.
        setting: variable or option that sets the namespace, for the remedy.
    """
    if isinstance(outcome, Failure):
        return VaultUnreachable(
            f"Vault at {outcome.address} {outcome.text}",
            reference=path,
            help=outcome.help or (SETUP if outcome.kind == "setup" else UNREACHED),
        )
    status = outcome.status
    if status < 300:
        return None
    given: dict[str, Any] = {"reference": path, "request_id": outcome.request_id}
    said = f": {outcome.text}" if outcome.text else ""
    if status == 403:
        return denied(path, method, request_id=outcome.request_id)
    if status == 404 and not outcome.body.keys().isdisjoint(_OF_VAULT):
        return _absent(outcome, path, namespace, setting)
    if status in (501, 503):
        text = outcome.text.lower()
        if "sealed" in text or "not initialized" in text or "sealed" in outcome.body:
            what = "is sealed" if status == 503 else "is not initialised"
            return VaultSealed(
                f"Vault at {outcome.address} {what}", status=status, help="an operator must unseal it", **given
            )
    if 300 <= status < 400:
        return VaultUnreachable(
            f"Vault at {outcome.address} redirects to another origin, which is not followed with a token",
            status=status,
            help="give the address of the origin itself",
            **given,
        )
    if status >= 500 or status in (404, 412, 429, 472, 473):
        return VaultUnreachable(f"Vault at {outcome.address} answered {status}{said}", status=status, **given)
    if status == 405:
        return _unsupported(path, method, said, given)
    help = ""
    if "unknown role" in said:
        where = f"in the namespace {namespace}" if namespace else "in the root namespace"
        help = f"look at the role that the path names: the engine has none of that name {where}; and at {setting}"
    elif issues(path) and path.split("/")[-2] not in ("creds", "sts"):
        help = _parameters(path)
    return VaultError(f"Vault refused {method} {path} with {status}{said}", status=status, help=help, **given)


def lacks_namespace(answer: Answer) -> bool:
    """Return True if the answer reports that the namespace of the request does not exist."""
    return answer.status == 404 and "namespace not found" in answer.text


def _unsupported(path: str, method: str, said: str, given: dict[str, Any]) -> VaultError:
    """Return the error of a 405: the engine exists, but does not accept `method` at `path`.

    Args:
        path: path of the request.
        method: method of the request.
        said: text of the answer, for the message; "": no text.
        given: further arguments of the error.
    """
    if method not in ("GET", "LIST"):
        message = f"{path} takes no {method}"
        help = "leave out what stands after `?`, or correct the path" if issues(path) else "look at the path"
    elif issues(path):
        message, help = f"{path} cannot be read: it issues something only to a POST", _parameters(path)
    else:
        message, help = (
            f"{path} cannot be read: its engine knows no {method} there",
            "look at the path: it may be written to",
        )
    return VaultError(f"{message} (405{said})", status=405, help=help, **given)


def _parameters(path: str) -> str:
    """Return a help text with example parameters, for a path that issues credentials."""
    kind = path.split("/")[-2]
    if kind == "issue":
        return f"add the parameters of the certificate, as its role allows: `{path}?common_name=...&ttl=...`"
    example = {
        "sign": 'public_key="ssh-ed25519 AAAA..."` or `csr="-----BEGIN...',
        "sign-verbatim": 'csr="-----BEGIN...',
        "creds": "kubernetes_namespace=...` or `ip=...",
        "sts": "ttl=...",
    }[kind]
    return f"add parameters, as its role allows: `{path}?{example}`"


def is_outage(error: SecretError | None) -> bool:
    """True if `error` shows that Vault processes no requests, because it is down, sealed or failing.

    Vault then revokes nothing. False for None, for a rate limit (429), for a node with old data (412), and for any
    other error, such as a denial.
    """
    if isinstance(error, VaultUnreachable):
        return error.status not in (412, 429)
    return isinstance(error, VaultSealed)


def denied(path: str, method: str, *, request_id: str = "", token_dead: bool = False) -> VaultDenied:
    """Return the error of a 403. `token_dead` is True if the token caused the 403, and False if the policy did."""
    if token_dead:
        return VaultDenied(
            f"Vault does not accept the token, so {path} cannot be read",
            reference=path,
            status=403,
            request_id=request_id,
            help="it has ended, was revoked or is missing: log in again, or configure a login; a wrapping token needs "
            "`Token(wrapped=True)`",
        )
    if path.startswith(MOUNTS):
        target = path.removeprefix(MOUNTS)
        return VaultDenied(
            f"Vault reports to this token no secrets engine at {target}",
            reference=target,
            status=403,
            request_id=request_id,
            help="look at the mount and at VAULT_NAMESPACE; the policy must allow the token something there",
        )
    capability = _CAPABILITY.get(method, method.lower())
    return VaultDenied(
        f'Vault denied "{capability}" on {path}',
        reference=path,
        status=403,
        request_id=request_id,
        help=f'the policy needs: path "{path}" {{ capabilities = ["{capability}"] }}',
    )


def internal_error(error: SecretError) -> VaultError:
    """Return `error` as a `VaultError`. Programs that handle `VaultError` then handle internal errors too."""
    return error if isinstance(error, VaultError) else VaultError(error.message, help=error.help)


def timed_out(path: str, seconds: float) -> VaultUnreachable:
    """Return the error of a request that was abandoned at its deadline."""
    return VaultUnreachable(
        f"Vault gave no answer within {seconds:g} s",
        reference=path,
        help="look at VAULT_ADDR and at `toriconfig doctor`, or raise `vault.timeout`",
    )


def _absent(answer: Answer, path: str, namespace: str, setting: str) -> VaultNotFound:
    text = answer.text
    message, help = f"Vault holds nothing at {path}", "look at the spelling of the path, and of the namespace if any"
    if lacks_namespace(answer):
        name = f"the namespace {namespace}" if namespace else "a namespace of the path"
        message, help = f"Vault does not know {name}, or it is sealed", f"look at {setting}"
    elif "no handler for route" in text:
        where = f" in the namespace {namespace}" if namespace else ""
        message, help = f"no secrets engine is mounted at {path}{where}", f"look at the mount and at {setting}"
    return VaultNotFound(message, reference=path, status=404, request_id=answer.request_id, help=help)


def _seconds(text: str | None) -> float:
    try:
        return float(text or 0.0)
    except ValueError:
        return 0.0
