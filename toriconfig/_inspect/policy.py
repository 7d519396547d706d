"""The minimal Vault policy for the declared secrets, computed without a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from toriconfig._core.markers import split

Locate = Callable[[str], str]
"""Function that returns the policy path of a logical path: `secret/data/tori` for `secret/tori`."""


def policy_of(references: Iterable[str], locate: Locate) -> str:
    """Return the policy rules in HCL with which a token can read the references and nothing else.

    Args:
        references: references such as `secret/tori#api_key`.
        locate: function that returns the policy path of a path.
    """
    places = map(split, references)
    needed = {(locate(place.path), "update" if place.parameters else "read") for place in places}
    return "\n".join(_rule(path, capability) for path, capability in sorted(needed))


def _rule(path: str, capability: str) -> str:
    note = ""
    if path.endswith("*") or "+" in path.split("/"):
        note = "# In a policy `*` at the end and `+` match anything: this rule allows more than one path.\n"
    quoted = path.replace('"', '\\"')
    return f'{note}path "{quoted}" {{\n  capabilities = ["{capability}"]\n}}\n'


def versioned(path: str) -> str:
    """Return the policy path of `path` on the assumption that its first segment is the mount of a KV v2 engine.

    A path with a segment of another engine, such as `creds`, is returned unchanged.
    """
    mount, _, rest = path.partition("/")
    if not rest or _ENGINES.intersection(rest.split("/")):
        return path
    return f"{mount}/data/{rest}"


_ENGINES = frozenset(
    {"creds", "static-creds", "sts", "issue", "sign", "sign-verbatim", "roles", "config", "code", "cert"}
)
