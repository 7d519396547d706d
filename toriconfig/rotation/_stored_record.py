"""Reading of a record from the data at its path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from toriconfig._core.markers import Ref
from toriconfig.rotation._record import PLAIN, SEALED, Record, Stage
from toriconfig.rotation._sealed import Sealed

_LONGEST_GRACE = 366 * 86_400


_STEPS = frozenset(get_args(Stage))


_COUNTS = ("base", "version", "restores")


_MAPPINGS = ("process", "setup", "undoes", "last")


_TEXTS = ("id", "kind", "step", "who", "since", "at", "mark", "promoted_at", "reason", "grace_until")


def load_record(data: Mapping[str, Any], revision: int) -> Record | None:
    """Return the record that the data of a path contains, or None if the data are not a record."""
    try:
        plain = {name: data[name] for name in PLAIN if name in data}
        for name in _MAPPINGS:
            plain[name] = dict(plain.get(name) or {})
        if not _is_record(plain):
            return None
        plain["keys"] = tuple(plain["keys"])
        sealed: dict[str, Any] = {name: Sealed(data.get(name) or {}) for name in SEALED}
        return Record(**plain, **sealed, revision=revision)
    except (KeyError, TypeError, ValueError):
        return None


def last_completed(found: Record | None, ref: Ref) -> Record | None:
    """Return `found`, or the older record in `found.last` if the rotation of `found` was undone.

    If the older record is missing, or does not include the key of `ref`, also return `found`.

    Args:
        found: the last record; None: there is none.
        ref: the reference of the secret.
    """
    if found is None or found.step != "undone":
        return found
    last = load_record(found.last, found.revision)
    return last if last is not None and (ref.key is None or ref.key in last.keys) else found


def _is_record(plain: Mapping[str, Any]) -> bool:
    """Return True if the items of `plain` have the types of a record, and `plain["step"]` is a known rotation step."""
    keys, grace = plain["keys"], plain.get("grace")
    return (
        all(isinstance(plain.get(name, ""), str) for name in _TEXTS)
        and all(type(plain.get(name, 0)) is int for name in _COUNTS)
        and isinstance(keys, list)
        and all(isinstance(key, str) for key in keys)
        and plain["step"] in _STEPS
        and type(plain.get("verifier", False)) is bool
        and plain.get("exclusive") in (None, True, False)
        and (grace is None or (type(grace) in (int, float) and 0 <= grace <= _LONGEST_GRACE))
    )
