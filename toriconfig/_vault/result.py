"""Result of reading a path of Vault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from toriconfig._vault.http.envelope import seconds
from toriconfig._vault.lease import Lease

if TYPE_CHECKING:
    from toriconfig._vault.token import LiveToken


def lease_in(body: Mapping[str, Any], asked: float) -> Lease | None:
    """Return the lease that an answer grants; None if the answer grants no lease.

    Args:
        body: body of the answer.
        asked: monotonic seconds just before the request.
    """
    if not body.get("lease_id"):
        return None
    granted = seconds(body.get("lease_duration")) or 0.0
    renewable = bool(body.get("renewable"))
    return Lease(str(body["lease_id"]), renewable, asked, granted, granted, revoked_at_end=renewable)


class ReadResult(NamedTuple):
    """Data of a path.

    Attributes:
        data: the keys and values.
        version: version in KV v2; None: the path is not in KV v2.
        lease: the lease of the data; None: the data have no lease.
        token: the token of the request. The lease ends at the latest when this token expires. None: the lease does not
            depend on a token.
        ttl: seconds until Vault changes the password of a static role; None: the path is no static role.
        comparable: `data` without the parts that change while the credential stays the same, such as the expiry;
            None: all of `data`.
    """

    data: dict[str, Any]
    version: int | None = None
    lease: Lease | None = None
    token: LiveToken | None = None
    ttl: float | None = None
    comparable: dict[str, Any] | None = None

    def differs(self, old: object) -> bool:
        """True if `data` has a lease, or differs from `old`, the earlier data.

        For a static role, the key `ttl` is not compared.
        """
        if self.lease is not None:
            return True
        if self.ttl is None or not isinstance(old, dict):
            return old != self.data
        return {**old, "ttl": None} != {**self.data, "ttl": None}

    def __repr__(self) -> str:
        return f"ReadResult(version={self.version})"
