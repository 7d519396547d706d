"""Lookups of the engine that serves a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toriconfig._vault.http.translate import MOUNTS
from toriconfig.errors import VaultNotFound, VaultUnreachable

if TYPE_CHECKING:
    from toriconfig._vault.requester import Requester


def mount_of(requester: Requester, path: str) -> tuple[str, bool]:
    """Return `(mount, is_v2)` of a KV path. The mount ends with `/`; `is_v2` is True for KV v2.

    Raises:
        VaultNotFound: the path is not in a KV engine.
        VaultError: the lookup of the engine failed.
    """
    engine, mount, versioned = engine_of(requester, path)
    if engine not in ("kv", "generic"):
        raise VaultNotFound(f"{path} is not in a KV engine", reference=path, help="name a KV path, such as secret/app")
    return mount, versioned


def engine_of(requester: Requester, path: str) -> tuple[object, str, bool]:
    """Return `(type, mount, is_v2)` of the engine of a path. The mount ends with `/`; `is_v2` is True for KV v2.

    Raises:
        VaultError: the lookup of the engine failed.
    """
    answer = requester.request("GET", MOUNTS + path)
    mount, options = answer.data.get("path"), answer.data.get("options")
    if not isinstance(mount, str):
        raise VaultUnreachable(f"what answered for {path} is not Vault's answer", reference=path)
    engine = answer.data.get("type")
    versioned = isinstance(options, dict) and str(options.get("version")) == "2"
    return engine, mount, versioned and engine in ("kv", "generic")


def policy_path(requester: Requester, path: str) -> str:
    """Return the path that policies use for a logical path. For KV v2 this path has `data/` after the mount.

    Raises:
        VaultError: the lookup of the engine failed.
    """
    _, mount, versioned = engine_of(requester, path)
    return f"{mount}data/{path.removeprefix(mount)}" if versioned else path
