"""The record of a rotation: what is written beside the secret before anything is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

Stage = Literal["reserved", "applied", "verified", "promoted", "undoing", "undone", "done"]
OPEN = frozenset({"reserved", "applied", "verified", "promoted", "undoing"})


class Sealed:
    """Values that no `repr`, log or traceback shows."""

    __slots__ = ("_data",)

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = dict(data)

    def open(self) -> dict[str, Any]:
        """The values."""
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
        id: of the rotation.
        kind: name of the kind.
        step: the last step that was completed.
        who: the rotator that carries it out now, in words.
        process: its process, as `this_process` names it; empty in records of earlier releases.
        mark: random text of the last write, by which a writer knows its own record again.
        setup: what the kind needs to be made again, such as where the database is; never a credential.
        exclusive: True if the new values end the former ones the moment they are applied, so that readers fail until
            the promotion; None: the kind does not say.
        since: when it began, in RFC 3339.
        at: when this was written.
        base: version of the secret that it began from.
        keys: the keys of the secret that it changes.
        version: version of the secret that it made, or 0.
        promoted_at: when it made that version, in RFC 3339, or "".
        restores: the version whose values it brings back, or 0.
        undoes: what is stored of the rotation that it takes back; empty when it takes back none.
        reason: why it is, or was, undone.
        verifier: whether a verifier of the user's was asked for.
        grace: seconds for which the old secret was to stay from the promotion on; None: it is left alone.
        grace_until: RFC 3339; until when the old secret stays, or "" when it is left alone.
        pending: the new values; gone when it is closed.
        former: all keys of the secret as they were at the start; gone when it is closed. The engine may drop the
            version `base` before that.
        revision: KV version that the record was read from or written as.
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
        """True if a verifier was asked for and its result is still missing."""
        return self.verifier and self.step in ("reserved", "applied")

    @property
    def closed(self) -> Record:
        """It as a rotation that came to its end, without its values: what a rollback has to know of it."""
        return replace(self, step="done", undoes={}, pending=_NOTHING, former=_NOTHING)

    def dump(self) -> dict[str, Any]:
        """Return the data of the record that is stored."""
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
    """The record in what a path holds, or None when it holds something else."""
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
    """True if each part has the type that is written, and this release knows the step."""
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
