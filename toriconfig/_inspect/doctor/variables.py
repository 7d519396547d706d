"""Examination of environment variables that begin with `VAULT_` or `BAO_` and are not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from toriconfig._core.problem import Code
from toriconfig._core.suggest import near
from toriconfig._inspect.doctor.finding import Finding

_PREFIXES = ("VAULT_", "BAO_")
_OF_THE_TOOLS = frozenset(
    (
        *("FORMAT", "CLI_NO_COLOR", "MAX_RETRIES", "LOG_LEVEL", "MFA", "WRAP_TTL", "DISABLE_REDIRECTS", "DETAILED"),
        *("RATE_LIMIT", "SRV_LOOKUP", "HTTP_PROXY", "CONTEXT", "UI"),
    )
)
"""Variables that only the command-line tools read."""


def unread(environ: Mapping[str, str], known: Iterable[str]) -> Iterator[Finding]:
    """Yield one warning for each variable that begins with `VAULT_` or `BAO_` and is not read.

    Args:
        known: names that are read, without the prefix.
    """
    known = tuple(known)
    for name in sorted(environ):
        prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), None)
        if prefix is None:
            continue
        rest = name.removeprefix(prefix)
        if rest in known or rest in _OF_THE_TOOLS or _is_of_a_service(rest):
            continue
        candidate = near(rest, known)
        remedy = f"did you mean `{prefix}{candidate}`?" if candidate else "unset it"
        yield Finding("warning", name, f"variable `{name}` is not read", remedy, Code.UNKNOWN_VARIABLE)


def _is_of_a_service(rest: str) -> bool:
    """Return True if the name of a variable has the form that Kubernetes uses for a Service (`VAULT_SERVICE_HOST`).

    `rest` is the name without the prefix `VAULT_` or `BAO_`.
    """
    return rest.startswith(("PORT", "SERVICE_")) or "_PORT_" in rest or "_SERVICE_" in rest
