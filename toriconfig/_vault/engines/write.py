"""Writing KV values: one key among others, with check-and-set, so that nobody's write is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toriconfig._vault.http.envelope import positive_int
from toriconfig._vault.http.translate import MOUNTS
from toriconfig.errors import VaultError, VaultNotFound, VaultUnreachable

if TYPE_CHECKING:
    from toriconfig._vault.requester import Requester

_TRIES = 5


def put_key(requester: Requester, path: str, key: str, value: Any) -> int | None:
    """Store one key at a KV path; the other keys stay, also when somebody else writes at the same time.

    Returns:
        The new version, or None for KV v1.

    Raises:
        VaultError: as for reads; a path that is no KV path is refused.
    """
    for _ in range(_TRIES):
        mount, versioned = mount_of(requester, path)
        rest = path.removeprefix(mount)
        if not versioned:
            data = _data(requester, f"{mount}{rest}")
            requester.request("POST", f"{mount}{rest}", {**data, key: value})
            return None
        answer = requester.request("GET", f"{mount}data/{rest}", check=False)
        held, metadata = answer.data.get("data") or {}, answer.data.get("metadata") or {}
        if not isinstance(held, dict) or not isinstance(metadata, dict):
            raise _not_vaults(path)
        held = held if answer.status == 200 else {}
        version = positive_int(metadata.get("version")) or 0
        body = {"data": {**held, key: value}, "options": {"cas": version}}
        written = requester.request("POST", f"{mount}data/{rest}", body, check=False)
        if written.status == 400 and "check-and-set" in written.text:
            continue  # somebody was quicker: read again
        if written.status >= 300:
            requester.request("POST", f"{mount}data/{rest}", body)  # raises what it means
        stored = positive_int(written.data.get("version"))
        if stored is None:
            raise _not_vaults(path)
        return stored
    raise VaultError(f"others keep writing {path}", reference=path, help="try again")


def mount_of(requester: Requester, path: str) -> tuple[str, bool]:
    """The mount of a KV path with its `/`, and whether it keeps versions.

    Raises:
        VaultNotFound: the path lies in no KV engine.
    """
    engine, mount, versioned = _engine(requester, path)
    if engine not in ("kv", "generic"):
        raise VaultNotFound(f"{path} is not in a KV engine", reference=path, help="name a KV path, such as secret/app")
    return mount, versioned


def _engine(requester: Requester, path: str) -> tuple[object, str, bool]:
    """The type of the engine that a path lies in, its mount with the `/`, and whether it keeps versions."""
    answer = requester.request("GET", MOUNTS + path)
    mount, options = answer.data.get("path"), answer.data.get("options")
    if not isinstance(mount, str):
        raise _not_vaults(path)
    engine = answer.data.get("type")
    versioned = isinstance(options, dict) and str(options.get("version")) == "2"
    return engine, mount, versioned and engine in ("kv", "generic")


def _not_vaults(path: str) -> VaultUnreachable:
    return VaultUnreachable(f"what answered for {path} is not Vault's answer", reference=path)


def _data(requester: Requester, path: str) -> dict[str, Any]:
    answer = requester.request("GET", path, check=False)
    return answer.data if answer.status == 200 else {}


def policy_path(requester: Requester, path: str) -> str:
    """Return the path that policies use for a logical path: below `data/` for KV v2.

    Raises:
        VaultError: as for reads; the token may look up any path that it may use.
    """
    _, mount, versioned = _engine(requester, path)
    return f"{mount}data/{path.removeprefix(mount)}" if versioned else path
