"""The smallest Vault policy that the declared secrets need, from values alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from toriconfig._core.markers import split

Locate = Callable[[str], str]
"""From a logical path to the one that a policy speaks of: `secret/tori` to `secret/data/tori`."""


def policy_of(references: Iterable[str], locate: Locate) -> str:
    """Rules in HCL that let a token read every reference, and nothing else.

    Args:
        references: places such as `secret/tori#api_key`.
        locate: tells where a policy finds a path.
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
    """Return the path that a policy needs for `path`, if its engine is KV v2, mounted as usual at the first segment."""
    mount, _, rest = path.partition("/")
    if not rest or _ENGINES.intersection(rest.split("/")):
        return path
    return f"{mount}/data/{rest}"


_ENGINES = frozenset(
    {"creds", "static-creds", "sts", "issue", "sign", "sign-verbatim", "roles", "config", "code", "cert"}
)
