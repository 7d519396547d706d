"""Examination of the access to backends other than Vault, and of every reference to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from toriconfig._core.markers import split_key
from toriconfig._core.problem import Code
from toriconfig._core.suggest import near
from toriconfig._inspect.doctor.finding import Finding, Mark, guarded
from toriconfig._inspect.elsewhere import by_backend
from toriconfig.errors import MissingCredentialError, SecretDenied, SecretError, SecretNotFound, SecretUnreachable

if TYPE_CHECKING:
    from toriconfig._runtime.single_flight import Flight
    from toriconfig._secrets.backend_value import BackendValue
    from toriconfig.backends import Backend

_STOPS = ("error", "unreached")


def examine_backends(references: Iterable[str], given: Sequence[Backend]) -> Iterator[Finding]:
    """Examine each backend; if the examination succeeded, read each reference to the backend. Yield the findings.

    Args:
        references: the references that the settings need, `scheme:path#key`.
        given: the backends of the option `backends`.
    """
    from toriconfig._secrets.backend_session import session_of

    for backend, names in by_backend(references, given).items():
        steps = guarded(backend.scheme, partial(_steps, backend))
        yield from steps
        if not any(step.mark in _STOPS for step in steps):
            session = session_of(backend)
            providers = [session.provider(name.partition(":")[2]) for name in names]
            # One request for each secret, all at the same time.
            flights = {one: one.ask() for one in dict.fromkeys(providers)}
            for name, provider in zip(names, providers, strict=True):
                yield from guarded(name, partial(_read, backend.scheme, name, provider, flights[provider]))


def _steps(backend: Backend) -> list[Finding]:
    from toriconfig.backends import unconfigured

    scheme, absent = backend.scheme, unconfigured(backend)
    if absent is not None:
        return [Finding("error", scheme, *absent, Code.SECRET_WITHOUT_VALUE, scheme)]
    found: list[Finding] = []
    try:
        for step in backend.examine():
            code = "" if step.mark == "ok" else step.code
            found.append(Finding(step.mark, f"{scheme} {step.subject}", step.message, step.help, code, scheme))
    except SecretError as error:
        found.append(_failed(scheme, scheme, error))
    return found


def _read(scheme: str, name: str, supply: BackendValue, flights: Iterable[Flight]) -> list[Finding]:
    """Wait for the requests `flights` for the reference `name`. Return a list of one finding, without the secret."""
    from toriconfig._load.secrets.compose import object_of

    for flight in flights:
        flight.wait()
    if supply.error is not None:
        return [_failed(scheme, name, supply.error)]
    path, key = split_key(name.partition(":")[2])
    found: Any = object_of(supply.settle())
    if key is None or _has(found, key):
        return [Finding("ok", name, "can be read", scheme=scheme)]
    if not isinstance(found, dict):
        return [Finding("error", name, "is not a JSON object", f"leave out `#{key}`", Code.NOT_IN_BACKEND, scheme)]
    candidate = near(key, map(str, found))
    remedy = f"did you mean `{scheme}:{path}#{candidate}`?" if candidate else f"store the key `{key}` there"
    what = f"the path is there, but has no key `{key}`"
    return [Finding("error", name, what, remedy, Code.NOT_IN_BACKEND, scheme)]


def _has(found: Any, key: str) -> bool:
    if isinstance(found, dict) and key in found:
        return True
    for part in key.split("."):
        if not isinstance(found, dict) or part not in found:
            return False
        found = found[part]
    return True


def _failed(scheme: str, subject: str, error: SecretError) -> Finding:
    mark: Mark = "unreached" if isinstance(error, SecretUnreachable) else "error"
    codes = (
        (SecretDenied, Code.BACKEND_DENIED),
        (SecretNotFound, Code.NOT_IN_BACKEND),
        (MissingCredentialError, Code.SECRET_WITHOUT_VALUE),
    )
    code = next((code for kind, code in codes if isinstance(error, kind)), Code.BACKEND_UNREACHABLE)
    return Finding(mark, subject, error.message, error.help, code, scheme)
