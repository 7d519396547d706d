"""Optional abilities of a kind beside the methods of `Kind`; custom kinds need not have these abilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toriconfig.rotation._option import options_of
from toriconfig.rotation._protocol import Kind, Values, Work


def setup_of(kind: Kind) -> Mapping[str, Any]:
    """Return the setup of the kind for the record, from which the kind can be made again. Never a credential.

    `kind.setup()`, or the attributes named as its recorded options. Options that are secrets are left out of both.
    """
    method = getattr(kind, "setup", None)
    options = options_of(kind)
    if method is None:
        found = {one.attribute: getattr(kind, one.attribute, None) for one in options if one.recorded}
        return {name: value for name, value in found.items() if value is not None}
    secrets = {one.attribute for one in options if one.secret}
    return {name: value for name, value in dict(method()).items() if name not in secrets}


def ends_former(kind: Kind, pending: Values, current: Values) -> bool | None:
    """True if `apply` ends the current values: `kind.ends_former(pending, current)`; None: the kind does not say."""
    method = getattr(kind, "ends_former", None)
    return None if method is None else bool(method(pending, current))


def takes_turns(kind: Kind) -> bool:
    """True if two users take turns, so that readers of the one before the last are locked out: `kind.takes_turns`."""
    return bool(getattr(kind, "takes_turns", False))


def works(kind: Kind, work: Work, values: Values) -> bool | None:
    """True if the values are accepted where they are used: `kind.works(work, values)`; None: nobody can tell.

    Raises:
        SecretError: it could not be found out.
    """
    method = getattr(kind, "works", None)
    return None if method is None else bool(method(work, values))
