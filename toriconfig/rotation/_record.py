"""The record of a rotation, which is written next to the secret before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

Stage = Literal["reserved", "applied", "verified", "promoted", "undoing", "undone", "done"]
OPEN = frozenset({"reserved", "applied", "verified", "promoted", "undoing"})


class Sealed:
    """Values of a secret. No `repr`, log or traceback shows them, and they cannot be pickled."""

    __slots__ = ("_data",)

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = dict(data)

    def open(self) -> dict[str, Any]:
        """Return the values."""
        return dict(self._data)

    def __repr__(self) -> str:
        return "Sealed(**********)"

    def __reduce__(self) -> Any:
        raise TypeError("sealed values are not pickled")


_NOTHING = Sealed({})


@dataclass(frozen=True, slots=True)
class Record:
    """Progress of one rotation.

    Attributes:
        id: id of the rotation.
        kind: name of the kind.
        step: the last completed step.
        who: name of the rotator that runs the rotation now.
        process: process of the rotator, from `this_process`; empty in records of earlier releases.
        mark: random text of the last write, by which a writer recognizes its own record.
        setup: settings from which the kind can be created again, such as the address of a database; never a credential.
        exclusive: True if the former values stop working when the new ones are applied, so that readers fail until the
            promotion; None if the kind does not declare it.
        since: start time, in RFC 3339.
        at: time of this write, in RFC 3339.
        base: version of the secret at the start.
        keys: the keys of the secret that change.
        version: version of the secret that the rotation created, or 0.
        promoted_at: creation time of `version`, in RFC 3339, or "".
        restores: version whose values are restored, or 0.
        undoes: data of the rotation that is rolled back; empty if none is.
        reason: reason for which the rotation is being, or was, undone; or "".
        verifier: True if the user gave a verifier.
        grace: seconds that the former secret stays valid after the promotion; None: it is not invalidated.
        grace_until: end of the grace in RFC 3339, or "".
        pending: the new values; removed when the record is closed.
        former: all keys of the secret at the start; removed when the record is closed. The engine may drop the version
            `base` earlier.
        revision: KV version of the record.
    """

    id: str
    kind: str
    step: Stage
    who: str
    since: str
    at: str
    base: int
    keys: tuple[str, ...]
    version: int = 0
    process: Mapping[str, Any] = field(default_factory=dict)
    mark: str = ""
    setup: Mapping[str, Any] = field(default_factory=dict)
    exclusive: bool | None = None
    promoted_at: str = ""
    restores: int = 0
    undoes: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    verifier: bool = False
    grace: float | None = None
    grace_until: str = ""
    pending: Sealed = field(default=_NOTHING, repr=False)
    former: Sealed = field(default=_NOTHING, repr=False)
    revision: int = 0

    @property
    def open(self) -> bool:
        """True if the rotation still has to be completed or undone."""
        return self.step in OPEN

    @property
    def unheard(self) -> bool:
        """True if the user gave a verifier that has not yet accepted the new value."""
        return self.verifier and self.step in ("reserved", "applied")

    @property
    def closed(self) -> Record:
        """The record as stored when the rotation ends. It has no values: a rollback reads them from the KV versions."""
        return replace(self, step="done", undoes={}, pending=_NOTHING, former=_NOTHING)

    def dump(self) -> dict[str, Any]:
        """Return the record as data to store. Only the data of an open record contain values of the secret."""
        data = {name: getattr(self, name) for name in _PLAIN}
        data["keys"] = list(self.keys)
        if self.open:
            data.update({name: getattr(self, name).open() for name in _SEALED})
        return data


_SEALED = ("pending", "former")
_PLAIN = tuple(one.name for one in fields(Record) if one.name not in (*_SEALED, "revision"))


_LONGEST_GRACE = 366 * 86_400
_STEPS = frozenset(get_args(Stage))
_COUNTS = ("base", "version", "restores")
_MAPPINGS = ("process", "setup", "undoes")
_TEXTS = ("id", "kind", "step", "who", "since", "at", "mark", "promoted_at", "reason", "grace_until")


def load_record(data: Mapping[str, Any], revision: int) -> Record | None:
    """Return the record that the data of a path contains, or None if the data are not a record."""
    try:
        plain = {name: data[name] for name in _PLAIN if name in data}
        for name in _MAPPINGS:
            plain[name] = dict(plain.get(name) or {})
        if not _is_record(plain):
            return None
        plain["keys"] = tuple(plain["keys"])
        sealed: dict[str, Any] = {name: Sealed(data.get(name) or {}) for name in _SEALED}
        return Record(**plain, **sealed, revision=revision)
    except (KeyError, TypeError, ValueError):
        return None


def _is_record(plain: Mapping[str, Any]) -> bool:
    """Return True if the data are a record: each part has the expected type, and this release knows the step."""
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
