"""Writing of one key of a KV path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toriconfig._vault.engines.mounts import mount_of
from toriconfig._vault.engines.version import Version
from toriconfig._vault.engines.versions import Versions
from toriconfig.errors import VaultDenied, VaultError

if TYPE_CHECKING:
    from toriconfig._vault.requester import Requester


_TRIES = 5


def put_key(requester: Requester, path: str, key: str, value: Any) -> int | None:
    """Store one key at a KV path. The other keys keep their values.

    In KV v1, a write of another client at the same time may be lost. In KV v2, no write is lost.

    Returns:
        The number of the new version; None for KV v1.

    Raises:
        VaultError: a request failed, the path is not in a KV engine, or other clients wrote the path at each attempt.
    """
    for _ in range(_TRIES):
        mount, versioned = mount_of(requester, path)
        if not versioned:
            answer = requester.request("GET", path, check=False)
            held = answer.data if answer.status == 200 else {}
            requester.request("POST", path, {**held, key: value})
            return None
        versions = Versions(requester, mount, path.removeprefix(mount))
        denied: VaultDenied | None = None
        try:
            newest = versions.read()
        except VaultDenied as error:  # a token that may only create can still write a path that never held anything
            newest, denied = Version({}, 0, "absent", "", {}), error
        number = versions.write({**newest.data, key: value}, newest.number)
        if number is not None:
            return number
        if denied is not None:
            raise denied
    raise VaultError(f"others keep writing {path}", reference=path, help="try again")
