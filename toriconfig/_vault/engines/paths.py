"""Properties of a path, determined from its segments without a request."""

from __future__ import annotations

_MINTING = frozenset({"creds", "issue", "sign", "sign-verbatim", "generate", "export-creds", "sts"})
_ENGINES = _MINTING | {"static-creds", "static-cred", "cert", "keys", "code"}


def issues_on_read(path: str) -> bool:
    """True if reading `path` creates something new, so that the request is never repeated."""
    return not _MINTING.isdisjoint(path.split("/")[1:])


def is_engine(path: str) -> bool:
    """True if `path` has a segment or a start that shows an engine other than KV."""
    return not _ENGINES.isdisjoint(path.split("/")[1:]) or path.startswith(("sys/", "auth/", "identity/", "cubbyhole/"))
