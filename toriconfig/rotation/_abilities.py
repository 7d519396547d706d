"""Optional members of a kind, in addition to the methods of `Kind`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toriconfig.rotation._option import options_of
from toriconfig.rotation._protocol import Kind, Values, Work


def setup_of(kind: Kind) -> Mapping[str, Any]:
    """Return the settings of `kind` that are written into the record of a rotation, without secrets.

    The settings are the result of `kind.setup()`. Without this method, the settings are the options that `kind`
    declares for the record, except options whose value is None.
    """
    method = getattr(kind, "setup", None)
    options = options_of(kind)
    if method is None:
        found = {one.attribute: getattr(kind, one.attribute, None) for one in options if one.recorded}
        return {name: value for name, value in found.items() if value is not None}
    secrets = {one.attribute for one in options if one.secret}
    return {name: value for name, value in dict(method()).items() if name not in secrets}


def ends_former(kind: Kind, pending: Values, current: Values) -> bool | None:
    """Return `kind.ends_former(pending, current)`: True if `apply` invalidates the current values.

    Return None if the kind has no such method.
    """
    method = getattr(kind, "ends_former", None)
    return None if method is None else bool(method(pending, current))


def takes_turns(kind: Kind) -> bool:
    """Return `kind.takes_turns`: True if two users or two passwords alternate. Return False without this attribute."""
    return bool(getattr(kind, "takes_turns", False))


def works(kind: Kind, work: Work, values: Values) -> bool | None:
    """Return `kind.works(work, values)`: True if the system that uses the values accepts them.

    Return None if the kind has no such method.

    Raises:
        SecretError: the check failed.
    """
    method = getattr(kind, "works", None)
    return None if method is None else bool(method(work, values))
