"""Properties of a path, determined from its segments without a request."""

from __future__ import annotations

_MINTING = frozenset({"creds", "issue", "sign", "sign-verbatim", "generate", "export-creds", "sts"})
_ENGINES = _MINTING | {"static-creds", "static-cred", "cert", "keys", "code"}


def issues_on_read(path: str) -> bool:
    """True if each read of `path` creates something new. Such a read must not be repeated after a failure."""
    return not _MINTING.isdisjoint(path.split("/")[1:])


def is_engine(path: str) -> bool:
    """True if a segment, such as `creds`, or the start, such as `sys/`, suggests that `path` is not a path of KV."""
    return not _ENGINES.isdisjoint(path.split("/")[1:]) or path.startswith(("sys/", "auth/", "identity/", "cubbyhole/"))
