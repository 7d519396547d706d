"""Examination of a declared path in Vault: readable, denied, absent, or misspelt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toriconfig._core.markers import Ref
from toriconfig._core.problem import Code
from toriconfig._core.suggest import near
from toriconfig._inspect.doctor.finding import Finding, unreached
from toriconfig.errors import SecretError, VaultDenied, VaultNotFound

if TYPE_CHECKING:
    from toriconfig._vault.client import Client
    from toriconfig._vault.session import Session


def place(session: Session, ref: Ref) -> Finding:
    """Read `ref`, and return one finding. If a read would create credentials, check only the permission."""
    from toriconfig._vault.engines.paths import issues_on_read

    name = str(ref)
    if issues_on_read(ref.path) and not _is_kept(session.client, ref.path):
        return _capability(session.client, ref)
    outcome = _read(session, ref)
    if isinstance(outcome, VaultDenied):
        return Finding(
            "error",
            name,
            "403: no policy of the token allows it",
            _needed(session.client, ref, outcome),
            Code.BACKEND_DENIED,
        )
    if isinstance(outcome, VaultNotFound):
        return Finding(
            "error",
            name,
            f"404: {outcome.message}",
            _suggestion(session.client, ref) or outcome.help,
            Code.NOT_IN_BACKEND,
        )
    if isinstance(outcome, SecretError):
        return unreached(name, session.client.address, outcome)
    if ref.key is not None and ref.key not in outcome:
        candidate = near(ref.key, outcome)
        remedy = (
            f"did you mean `{ref.parsed.replaced(key=candidate)}`?" if candidate else f"store the key `{ref.key}` there"
        )
        return Finding(
            "error", name, f"404: the path is there, but has no key `{ref.key}`", remedy, Code.NOT_IN_BACKEND
        )
    return Finding("ok", name, "can be read")


def asked(client: Client, method: str, path: str, *, check: bool = True, **how: Any) -> Any:
    """Send a request to Vault. Return the answer, or the `SecretError` if the request failed.

    Args:
        client: the client of the session.
        method: HTTP method.
        path: path below `/v1/`.
        check: False: an error status is an answer, and no `SecretError`.
        how: further arguments of `Client.request`.
    """
    try:
        return client.request(method, path, check=check, **how)
    except SecretError as error:
        return error.with_traceback(None)


def _read(session: Session, ref: Ref) -> Mapping[str, Any] | SecretError:
    path = session.provider(ref)
    for flight in path.pending():
        flight.wait()
    try:
        value: Mapping[str, Any] = path.settle().value
    except SecretError as error:
        return error.with_traceback(None)
    return value


def _is_kept(client: Client, path: str) -> bool:
    """Return True if the path is known to be in a KV engine. A read there creates no credentials."""
    from toriconfig._vault.engines.mounts import mount_of

    try:
        mount_of(client, path)
    except SecretError:
        return False
    return True


def _capability(client: Client, ref: Ref) -> Finding:
    from toriconfig._vault.engines.mounts import engine_of

    name = str(ref)
    needed = "update" if ref.parsed.parameters else "read"
    answer = asked(client, "POST", "sys/capabilities-self", body={"paths": [ref.path]})
    if isinstance(answer, VaultDenied):
        message = "not tried, because a read issues new credentials, and the token may not query its permissions"
        return Finding("warning", name, message, "give the token the policy `default` too", Code.BACKEND_DENIED)
    if isinstance(answer, SecretError):
        return unreached(name, client.address, answer)
    told = answer.data.get(ref.path) or answer.data.get("capabilities")
    allowed = set(map(str, told)) if isinstance(told, list) else set()
    if not allowed & {needed, "root", "sudo"}:
        rule = f'path "{ref.path}" {{ capabilities = ["{needed}"] }}'
        return Finding(
            "error", name, "403: no policy of the token allows it", f"the policy needs: {rule}", Code.BACKEND_DENIED
        )
    try:
        engine_of(client, ref.path)
    except SecretError:
        remedy = "look at the mount and at VAULT_NAMESPACE"
        return Finding("error", name, "404: no secrets engine is mounted there", remedy, Code.NOT_IN_BACKEND)
    return Finding(
        "ok", name, "may be issued (nothing was)" if ref.parsed.parameters else "may be read (nothing was issued)"
    )


def _needed(client: Client, ref: Ref, denied: VaultDenied) -> str:
    """Return the rule that the policy lacks, as text.

    If the engine is unknown, the rule is for KV v2, and the text also names the path for other engines.
    """
    from toriconfig._vault.engines.mounts import policy_path

    try:
        policy_path(client, ref.path)
    except SecretError:
        return f"{denied.help}; if the engine is not KV v2, for `{ref.path}` itself"
    return denied.help


def _suggestion(client: Client, ref: Ref) -> str:
    """Return a hint with the sibling of `ref` whose name is most similar; "" if there is none or listing is denied."""
    from toriconfig._vault.engines.mounts import policy_path

    parent, _, last = ref.path.rpartition("/")
    try:
        folder = policy_path(client, ref.path).rpartition("/")[0]
    except SecretError:
        return ""
    mount, data, rest = (folder + "/").partition("/data/")
    answer = asked(client, "LIST", f"{mount}/metadata/{rest}".rstrip("/") if data else folder, check=False)
    if isinstance(answer, SecretError) or answer.status != 200:
        return ""
    keys = answer.data.get("keys")
    # the secret itself, deleted or a folder, is no suggestion
    siblings = {str(key).rstrip("/") for key in (keys if isinstance(keys, list) else ())} - {last}
    candidate = near(last, sorted(siblings))
    return f"did you mean `{parent}/{candidate}`?" if candidate else ""
