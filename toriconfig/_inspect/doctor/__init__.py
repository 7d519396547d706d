"""Stepwise examination of the access to Vault: variables, address, TLS, seal, clock, token, and every declared path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from toriconfig._core.clock import SYSTEM, Clock
from toriconfig._core.markers import Ref
from toriconfig._core.problem import Code
from toriconfig._inspect.doctor.addresses import addresses
from toriconfig._inspect.doctor.finding import Finding, guarded, span, unreached
from toriconfig._inspect.doctor.places import asked, place
from toriconfig._inspect.doctor.variables import unread
from toriconfig.errors import SecretError, VaultDenied

if TYPE_CHECKING:
    from toriconfig._vault.session import Session

__all__ = ["Finding", "examine"]

SKEW = 60.0
"""Seconds that two clocks may differ without a finding."""
SHORT = 300.0
"""Remaining seconds of a token below which there is a finding, and of a secret below which a page marks it."""


def examine(
    session: Session | None,
    declared: Iterable[str],
    environ: Mapping[str, str],
    known_variables: Iterable[str],
    clock: Clock = SYSTEM,
) -> Iterator[Finding]:
    """Examine the access to Vault, and yield the findings. Stop early if no address works, or if the token fails.

    Args:
        session: the connection to Vault. None: examine only the variables, and yield one finding about the missing
            connection.
        declared: the references that the settings need.
        environ: the environment variables.
        known_variables: names of the variables that are read, without their prefix `VAULT_` or `BAO_`.
        clock: the clock of this machine, which is compared with that of Vault.
    """
    references = list(dict.fromkeys(declared))
    yield from unread(environ, known_variables)
    if session is None:
        yield _unconfigured(references)
        return
    yield from _protection(session)
    health = yield from addresses(session)
    if health is None:
        return
    yield from _skew(health.headers, clock)
    token = guarded("token", lambda: list(_token(session)))
    yield from token
    if any(finding.mark in ("error", "unreached") for finding in token):
        return
    for reference in references:
        yield from guarded(reference, partial(_place, session, reference))


def _place(session: Session, reference: str) -> list[Finding]:
    return [place(session, Ref(reference))]


def _unconfigured(references: list[str]) -> Finding:
    if not references:
        return Finding("ok", "address", "Vault is not configured, and no setting needs it")
    message = f"Vault is not configured, but settings refer to {', '.join(references)}"
    return Finding(
        "error", "address", message, "set VAULT_ADDR, or give `Vault(address=...)` in code", Code.SECRET_WITHOUT_VALUE
    )


def _protection(session: Session) -> Iterator[Finding]:
    from urllib.parse import urlsplit

    for address in session.resolved.addresses:
        parts = urlsplit(address)
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            message = f"{address} is not encrypted: anyone on the network path can read the token and secrets"
            yield Finding("warning", "TLS", message, "use https", Code.UNPROTECTED_CONNECTION)
        elif parts.scheme == "https" and not session.resolved.tls.verify:
            message = f"the certificate of {address} is not verified: anyone on the network path can impersonate Vault"
            yield Finding(
                "warning", "TLS", message, "unset VAULT_SKIP_VERIFY, and set VAULT_CACERT", Code.UNPROTECTED_CONNECTION
            )


def _token(session: Session) -> Iterator[Finding]:
    from toriconfig._vault.auth.identity import no_policy

    answer = asked(session.client, "GET", "auth/token/lookup-self")
    live = session.client.identity.current
    if isinstance(answer, VaultDenied) and live is not None:
        # Only the message shows if the token or the lookup is refused.
        bare = asked(session.client, "GET", "auth/token/lookup-self", check=False, token=live.value)
        if not isinstance(bare, SecretError) and no_policy(bare):
            message = "it is accepted, but no policy allows it to look itself up, so its expiry is unknown"
            yield Finding("warning", "token", message, "give it the policy `default` too", Code.RISKY_TOKEN)
            return
        if not isinstance(bare, SecretError) and bare.status == 403:
            remedy = "it has ended or was revoked: log in again, and set VAULT_TOKEN; or configure a login"
            yield Finding("error", "token", "Vault does not accept it", remedy, Code.BACKEND_DENIED)
            return
    if isinstance(answer, SecretError):
        yield unreached("login", session.client.address, answer)
        return
    yield from _life(answer.data)


def _life(data: dict[str, Any]) -> Iterator[Finding]:
    from toriconfig._vault.http.envelope import seconds

    ttl, renewable = seconds(data.get("ttl")) or 0.0, bool(data.get("renewable"))
    told = data.get("policies")
    policies = [str(policy) for policy in told] if isinstance(told, list) else []
    life = f"ends in {span(ttl)}, {'' if renewable else 'not '}renewable" if ttl else "never ends"
    yield Finding("ok", "token", f"{life}; policies: {', '.join(policies) or 'none'}")
    if 0 < ttl < SHORT and not renewable:
        message, remedy = f"it ends in {span(ttl)} and cannot be renewed", "log in with a method, such as AppRole"
        yield Finding("warning", "token", message, remedy, Code.RISKY_TOKEN)
    if "root" in policies:
        remedy = "use one with the policy that `toriconfig policy` prints"
        yield Finding("warning", "token", "it is a root token, which has every permission", remedy, Code.RISKY_TOKEN)


def _skew(headers: Mapping[str, str], clock: Clock) -> Iterator[Finding]:
    from toriconfig._vault.http.envelope import timestamp

    said = timestamp(headers.get("date"))
    if said is None:
        return
    skew = clock.time() - said
    if abs(skew) <= SKEW:
        yield Finding("ok", "clock", "agrees with Vault's")
        return
    message = f"this machine is {span(abs(skew))} {'ahead of' if skew > 0 else 'behind'} Vault"
    remedy = "set the clock: certificates and JWTs are validated by it (leases are not)"
    yield Finding("warning", "clock", message, remedy, Code.CLOCK_DIFFERS)
