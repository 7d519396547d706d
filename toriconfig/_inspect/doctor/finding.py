"""`Finding`: the result of one step of an examination, and functions that create findings from errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from toriconfig._core.origin import Origin, OriginKind
from toriconfig._core.problem import Code, Problem
from toriconfig.errors import SecretError, VaultDenied, VaultNotFound, VaultSealed, VaultUnreachable

Mark = Literal["ok", "warning", "error", "unreached"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one step of the examination.

    Attributes:
        mark: "ok", "warning", "error", or "unreached" if the backend could not be reached or is sealed.
        subject: the examined object, such as `token` or a reference.
        message: the result.
        help: the remedy, or "".
        code: code of the corresponding problem, or "".
        scheme: scheme of the examined backend, such as "vault".
    """

    mark: Mark
    subject: str
    message: str
    help: str = ""
    code: str = ""
    scheme: str = "vault"

    @property
    def problem(self) -> Problem | None:
        """The finding as a `Problem`, for the output formats; None if its mark is "ok"."""
        if self.mark == "ok":
            return None
        layer: OriginKind = "vault" if self.scheme == "vault" else "backend"
        origin = Origin("env" if self.code == Code.UNKNOWN_VARIABLE else layer, self.subject)
        severity: Literal["error", "warning"] = "warning" if self.mark == "warning" else "error"
        return Problem(self.code, origin=origin, help=self.help, message=self.message, severity=severity)


def unreached(subject: str, address: str, error: SecretError) -> Finding:
    """Return the finding for a failed request to Vault."""
    from toriconfig._vault.http.translate import SETUP

    if isinstance(error, VaultDenied):
        return Finding("error", subject, error.message, error.help, Code.BACKEND_DENIED)
    if isinstance(error, VaultNotFound):
        return Finding("error", subject, error.message, error.help, Code.NOT_IN_BACKEND)
    remedy = error.help
    if remedy == SETUP:
        return Finding("error", "TLS", error.message, remedy, Code.BACKEND_UNREACHABLE)
    if not isinstance(error, (VaultSealed, VaultUnreachable)):
        return Finding("error", subject, error.message, remedy, Code.BACKEND_UNREACHABLE)
    if isinstance(error, VaultSealed):
        remedy = "unseal it: `bao operator unseal`, or `vault operator unseal`"
    elif "certificate" in error.message.lower():
        subject = "TLS"
        remedy = "name the PEM file of the authority that signed Vault's certificate in VAULT_CACERT"
        if "hostname" in error.message.lower() or "ip address" in error.message.lower():
            remedy = "the certificate is for another name: correct the address, or set VAULT_TLS_SERVER_NAME"
    elif not remedy or "doctor" in remedy:
        remedy = f"is {address} right (VAULT_ADDR), and is Vault running there?"
    return Finding("unreached", subject, error.message, remedy, Code.BACKEND_UNREACHABLE)


def guarded(subject: str, step: Callable[[], list[Finding]]) -> list[Finding]:
    """Return the findings of one step. An unexpected exception becomes a finding with the mark "error"."""
    try:
        return step()
    except Exception as error:  # noqa: BLE001
        from toriconfig._runtime.log import internal

        wrong = internal(error)
        return [Finding("error", subject, wrong.message, wrong.help, Code.BACKEND_UNREACHABLE)]


def span(seconds: float) -> str:
    """Return a duration as text, such as `3 days`."""
    for size, unit in ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
