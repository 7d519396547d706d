"""Check of a stored credential by the system that uses it, and search for an earlier version that is accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toriconfig._core.markers import Ref
from toriconfig._vault.engines.version import Version
from toriconfig.errors import SecretError
from toriconfig.rotation._abilities import works
from toriconfig.rotation._errors import DatabaseUnreachable
from toriconfig.rotation._preflight import Preflight
from toriconfig.rotation._protocol import Kind, Values, same
from toriconfig.rotation._run_with_timeout import attempt

if TYPE_CHECKING:
    from toriconfig.rotation._record import Record
    from toriconfig.rotation._rotation import Rotation

_LOOKS = 10
"""Maximum number of earlier versions that are tried. By default, KV v2 keeps this number of versions."""


def kind_of(rotation: Rotation, found: Record | None) -> Kind | None:
    """Return the kind of a rotation. If the kind cannot be determined or created, return None.

    Args:
        rotation: the requested rotation.
        found: record to take the kind from. None: take the kind that `rotation` requests or its reference implies.
    """
    try:
        return rotation.chosen.for_new(None) if found is None else rotation.chosen.for_record(found)
    except SecretError:
        return None


def keys_of(kind: Kind | None, ref: Ref) -> tuple[str, ...]:
    """Return the keys that a kind always changes; () if it has none, or if `ref` names a key."""
    return tuple(getattr(kind, "keys", ())) if ref.key is None else ()


def is_refused(preflight: Preflight, kind: Kind, keys: tuple[str, ...], current: Version) -> bool:
    """Return True if the check by the kind shows that the stored value is refused; otherwise return False.

    Args:
        preflight: the secret with the connection to Vault.
        kind: the kind, which asks the database or another system that uses the value.
        keys: the keys whose values are checked.
        current: the newest version.

    Raises:
        DatabaseUnreachable: the database does not answer.
    """
    if current.state != "there":
        return False
    said = _said(preflight, kind, {key: current.data[key] for key in keys if key in current.data})
    if isinstance(said, DatabaseUnreachable):
        raise said
    return said is False


def newest_accepted(preflight: Preflight, kind: Kind, keys: tuple[str, ...], current: Version) -> int:
    """Return the number of the newest accepted version among the `_LOOKS` versions before `current`; 0: no version.

    Args:
        preflight: the secret with the connection to Vault.
        kind: the kind, which asks the database or another system that uses the values.
        keys: the keys whose values are checked; (): return 0.
        current: the newest version.

    Raises:
        DatabaseUnreachable: the database does not answer.
        VaultError: Vault does not answer.
    """
    tried: list[Values] = [current.data]
    for number in range(current.number - 1, max(0, current.number - 1 - _LOOKS), -1):
        version = preflight.main.read(number)
        if version.state != "there" or any(same(version.data, one, keys) for one in tried):
            continue
        if not keys or any(key not in version.data for key in keys):
            continue
        tried.append(version.data)
        said = _said(preflight, kind, {key: version.data[key] for key in keys})
        if isinstance(said, DatabaseUnreachable):
            raise said
        if said is True:
            return number
    return 0


def _said(preflight: Preflight, kind: Kind, values: Values) -> bool | SecretError | None:
    said: list[bool | None] = []
    error = attempt(lambda: said.append(works(kind, preflight.work, values)), f"{kind.name}: works")
    return error if error is not None else said[0]
