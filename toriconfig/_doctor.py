"""Examines the way to Vault step by step: address, TLS, seal, token, clock, and every declared path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from toriconfig._clock import SYSTEM, Clock
from toriconfig._near import near
from toriconfig._reference import Ref
from toriconfig.errors import SecretError, VaultDenied, VaultNotFound, VaultSealed, VaultUnreachable

Mark = Literal["ok", "warning", "error", "unreached"]
SKEW = 60.0
"""Seconds that two clocks may differ before it is worth a word."""
SHORT = 300.0
"""Seconds of a token's life below which somebody should know."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step of the examination found.

    Attributes:
        mark: ok, warning, error, or unreached: a source could not be reached.
        subject: what was examined, such as `token` or a reference.
        message: what was found.
        help: the remedy, or "".
    """

    mark: Mark
    subject: str
    message: str
    help: str = ""


def examine(
    session: Any,
    declared: Iterable[str],
    environ: Mapping[str, str],
    known_variables: Iterable[str],
    clock: Clock = SYSTEM,
) -> Iterator[Finding]:
    """Examine everything; after a step without which nothing else can be told, stop.

    Args:
        session: the connection to Vault, or None when none is configured.
        declared: the references that the settings need.
        environ: the variables.
        known_variables: names that the tools of Vault read, without `VAULT_` or `BAO_`.
        clock: for the comparison with Vault's.
    """
    yield from _variables(environ, known_variables)
    if session is None:
        yield Finding(
            "error", "address", "Vault is not configured", "set VAULT_ADDR, or give `Vault(address=...)` in code"
        )
        return
    health = _asked(session, "GET", "sys/health", query={"standbyok": "true", "perfstandbyok": "true"}, token="")
    if isinstance(health, SecretError):
        yield _unreached("address", session.address, health)
        return
    yield Finding("ok", "address", f"{session.address} answers")
    if health.status in (501, 503):
        what = "not initialised" if health.status == 501 else "sealed"
        yield Finding("unreached", "seal", f"Vault is {what}", "unseal it: `bao operator unseal`")
        return
    yield from _clock(health.headers, clock)
    token = list(_token(session))
    yield from token
    if any(finding.mark in ("error", "unreached") for finding in token):
        return
    for reference in dict.fromkeys(declared):
        yield _place(session, Ref(reference))


def _token(session: Any) -> Iterator[Finding]:
    answer = _asked(session, "GET", "auth/token/lookup-self", check=True)
    if isinstance(answer, VaultDenied):
        yield Finding("error", "token", answer.message, answer.help or "log in again, or set VAULT_TOKEN")
        return
    if isinstance(answer, SecretError):
        yield _unreached("login", session.address, answer)
        return
    data = answer.data
    ttl, renewable = float(data.get("ttl") or 0), bool(data.get("renewable"))
    policies = ", ".join(map(str, data.get("policies") or ())) or "none"
    if ttl == 0:
        life = "never ends"
    else:
        life = f"ends in {_span(ttl)}" + (", renewable" if renewable else ", not renewable")
    yield Finding("ok", "token", f"{life}; policies: {policies}")
    if 0 < ttl < SHORT and not renewable:
        yield Finding(
            "warning",
            "token",
            f"it ends in {_span(ttl)} and cannot be renewed",
            "log in with a method, such as AppRole",
        )
    if "root" in (data.get("policies") or ()):
        yield Finding(
            "warning", "token", "it is a root token", "use one with the policy that `toriconfig policy` prints"
        )


def _place(session: Any, ref: Ref) -> Finding:
    from toriconfig._vault.kv import mints

    name = str(ref)
    if mints(ref.path):
        return _capability(session, ref)
    outcome = _read(session, ref)
    if isinstance(outcome, VaultDenied):
        return Finding("error", name, "403: no policy of the token allows it", outcome.help)
    if isinstance(outcome, VaultNotFound):
        return Finding("error", name, f"404: {outcome.message}", outcome.help or _suggestion(session, ref))
    if isinstance(outcome, SecretError):
        return _unreached(name, session.address, outcome)
    if ref.key is not None and ref.key not in outcome:
        candidate = near(ref.key, outcome)
        remedy = f"did you mean `{candidate}`?" if candidate else f"store the key `{ref.key}` there"
        return Finding("error", name, f"404: the path is there, but has no key `{ref.key}`", remedy)
    return Finding("ok", name, "can be read")


def _read(session: Any, ref: Ref) -> Mapping[str, Any] | SecretError:
    cell = session.cell(ref.path, ref.version)
    for flight in cell.pending():
        flight.wait()
    try:
        value: Mapping[str, Any] = cell.settle().value
    except SecretError as error:
        return error.with_traceback(None)
    return value


def _capability(session: Any, ref: Ref) -> Finding:
    """A read that would make an account is not made for an examination."""
    answer = _asked(session, "POST", "sys/capabilities-self", body={"paths": [ref.path]}, check=True)
    if isinstance(answer, SecretError):
        return _unreached(str(ref), session.address, answer)
    allowed = set(answer.data.get(ref.path) or answer.data.get("capabilities") or ())
    if not allowed & {"read", "root", "sudo"}:
        rule = f'path "{ref.path}" {{ capabilities = ["read"] }}'
        return Finding("error", str(ref), "403: no policy of the token allows it", f"the policy needs: {rule}")
    mount = _asked(session, "GET", f"sys/internal/ui/mounts/{ref.path}", check=True)
    if isinstance(mount, SecretError):
        return Finding(
            "error", str(ref), "404: no secrets engine is mounted there", "look at the mount and at VAULT_NAMESPACE"
        )
    return Finding("ok", str(ref), "may be read (nothing was issued)")


def _suggestion(session: Any, ref: Ref) -> str:
    """The sibling that was probably meant, where the token may list them."""
    from toriconfig._vault.write import policy_path

    parent, _, last = ref.path.rpartition("/")
    try:
        place = policy_path(session, ref.path).rpartition("/")[0].replace("/data", "/metadata", 1)
        answer = _asked(session, "LIST", place or parent)
    except SecretError:
        return "store the secret there"
    if isinstance(answer, SecretError) or answer.status != 200:
        return "store the secret there"
    candidate = near(last, [str(key).rstrip("/") for key in answer.data.get("keys") or ()])
    return f"did you mean `{parent}/{candidate}`?" if candidate else "store the secret there"


def _clock(headers: Mapping[str, str], clock: Clock) -> Iterator[Finding]:
    said = headers.get("date")
    if not said:
        return
    skew = clock.time() - parsedate_to_datetime(said).timestamp()
    if abs(skew) > SKEW:
        yield Finding(
            "warning",
            "clock",
            f"this machine is {_span(abs(skew))} {'ahead of' if skew > 0 else 'behind'} Vault",
            "set its clock; leases are counted from now on and do not suffer, certificates and JWTs do",
        )
    else:
        yield Finding("ok", "clock", "agrees with Vault's")


def _variables(environ: Mapping[str, str], known: Iterable[str]) -> Iterator[Finding]:
    names = {f"{prefix}{name}" for prefix in ("VAULT_", "BAO_") for name in known} | _OF_THE_TOOLS
    for name in sorted(environ):
        if name.startswith(("VAULT_", "BAO_")) and name not in names:
            candidate = near(name, names)
            yield Finding(
                "warning",
                name,
                "this variable is not read",
                f"did you mean `{candidate}`?" if candidate else "unset it",
            )


_OF_THE_TOOLS = frozenset(
    f"{prefix}{name}"
    for prefix in ("VAULT_", "BAO_")
    for name in (
        "FORMAT",
        "CLI_NO_COLOR",
        "MAX_RETRIES",
        "LOG_LEVEL",
        "MFA",
        "WRAP_TTL",
        "DISABLE_REDIRECTS",
        "DETAILED",
    )
)
"""Variables of the command-line tools that mean nothing to a program."""


def _unreached(subject: str, address: str, error: SecretError) -> Finding:
    if isinstance(error, VaultSealed):
        return Finding("unreached", subject, error.message, error.help)
    text = error.message
    remedy = error.help
    if "certificate" in text.lower():
        remedy = "the authority that signed Vault's certificate is not trusted: set VAULT_CACERT to its PEM file"
    if isinstance(error, VaultUnreachable):
        return Finding("unreached", subject, text, remedy or f"is {address} right, and is Vault running?")
    return Finding("error", subject, text, remedy)


def _asked(session: Any, method: str, path: str, *, check: bool = False, **how: Any) -> Any:
    try:
        return session.request(method, path, check=check, **how)
    except SecretError as error:
        return error.with_traceback(None)


def _span(seconds: float) -> str:
    for size, unit in ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
