"""Examination of each address separately, because a session skips a node that is down or sealed."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

from toriconfig._core.problem import Code
from toriconfig._inspect.doctor.finding import Finding, unreached
from toriconfig._inspect.doctor.places import asked
from toriconfig.errors import SecretError

if TYPE_CHECKING:
    from toriconfig._vault.http.response import Answer
    from toriconfig._vault.session import Session

_STANDBYS = {"standbyok": "true", "perfstandbyok": "true"}


def addresses(session: Session) -> Generator[Finding, None, Answer | None]:
    """Yield the findings for each address of Vault. If at least one address is usable, failures are only warnings.

    Returns:
        The answer of the health request to the first usable address, or None if no address is usable.
    """
    findings: list[Finding] = []
    usable: Answer | None = None
    for address in session.resolved.addresses:
        health = _health(session, address)
        found = _judged(address, health)
        findings += found
        if usable is None and not isinstance(health, SecretError) and all(one.mark == "ok" for one in found):
            usable = health
    yield from (
        findings
        if usable is None
        else [finding if finding.mark == "ok" else replace(finding, mark="warning") for finding in findings]
    )
    return usable


def _health(session: Session, address: str) -> Answer | SecretError:
    """Request the health of the server at one address. Return the answer, or the error if the request failed."""
    from toriconfig._vault.client import Client

    where = replace(session.resolved, addresses=(address,), namespace="")
    alone = Client(where, session.client.environ, session.executor)
    health: Answer | SecretError = asked(alone, "GET", "sys/health", check=False, query=_STANDBYS, token="")
    return health


def _judged(address: str, health: Answer | SecretError) -> list[Finding]:
    if isinstance(health, SecretError):
        return [unreached("address", address, health)]
    if not isinstance(health.body.get("initialized"), bool):
        message = f"the server at {address} is not Vault (status {health.status})"
        return [Finding("unreached", "address", message, "correct VAULT_ADDR", Code.BACKEND_UNREACHABLE)]
    findings = [Finding("ok", "address", f"{address} answers")]
    if health.status in (501, 503):
        what = "not initialised" if health.status == 501 else "sealed"
        remedy = "unseal it: `bao operator unseal`, or `vault operator unseal`"
        findings.append(Finding("unreached", "seal", f"Vault at {address} is {what}", remedy, Code.BACKEND_UNREACHABLE))
    return findings
