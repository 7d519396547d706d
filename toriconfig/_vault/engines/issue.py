"""Requests with parameters, to which Vault answers with new certificates, credentials or signed keys.

A certificate without a lease in Vault is treated as a lease that cannot be renewed, so that a new certificate is
requested before the old one ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from toriconfig._vault.expiry import certificate
from toriconfig._vault.result import ReadResult, lease_in
from toriconfig.errors import SecretError, VaultUnreachable

if TYPE_CHECKING:
    from toriconfig._runtime.deadline import Deadline
    from toriconfig._vault.requester import WorkerRequester


def issue(
    requester: WorkerRequester, path: str, parameters: Iterable[tuple[str, str]], deadline: Deadline, *, relogin: bool
) -> ReadResult | SecretError:
    """Request new data, and return the data or an error. If the answer is lost, the request is not repeated.

    Args:
        path: path of the role, such as `pki/issue/tori` or `kubernetes/creds/tori`.
        parameters: pairs of name and value. The names are defined by Vault, such as `common_name`.
        relogin: True: log in again after a 403.
    """
    asked = requester.executor.now()
    answer = requester.ask(deadline, "POST", path, dict(parameters), repeatable=False, relogin=relogin)
    if isinstance(answer, SecretError):
        return answer
    data = answer.data
    if not data:
        return VaultUnreachable(f"{path} was answered without data: not Vault's answer", reference=path)
    lease = lease_in(answer.body, asked)
    if lease is not None:
        return ReadResult(data, None, lease, answer.token)
    return certificate(data, answer, requester.resolved.vault.clock, asked)
