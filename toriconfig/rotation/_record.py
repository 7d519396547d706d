"""The record of a rotation, which is written next to the secret before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from toriconfig.rotation._sealed import Sealed

Stage = Literal["reserved", "applied", "verified", "promoted", "undoing", "undone", "done"]
OPEN = frozenset({"reserved", "applied", "verified", "promoted", "undoing"})
_NOTHING = Sealed({})


@dataclass(frozen=True, slots=True)
class Record:
    """Progress of one rotation.

    Attributes:
        step: the last completed step.
        who: name of the rotator that runs the rotation now.
        process: process of the rotator, from `this_process`; empty in records of earlier releases.
        mark: random text of the last write, by which a writer recognizes its own record.
        setup: settings from which the kind can be created again; never a credential.
        exclusive: True: applying the new values invalidates the former ones, so readers fail until the promotion. None:
            unknown.
        since: start time, in RFC 3339.
        at: time of this write, in RFC 3339.
        base: version of the secret at the start.
        keys: the keys of the secret that change.
        version: version of the secret that the rotation created, or 0.
        promoted_at: creation time of `version`, in RFC 3339, or "".
        restores: version whose values are restored, or 0.
        undoes: for a rollback, the data of the rotation that is rolled back; else empty.
        last: data of the last completed rotation before this one, or empty. If this rotation is undone, the next
            rotation takes the kind from `last`.
        reason: reason why this rotation is or was undone before the promotion, or "".
        verifier: True: the user gave a verifier.
        grace: seconds that the former secret stays valid after the promotion; None: it is not invalidated.
        grace_until: end of the grace in RFC 3339, or "".
        pending: the new values; removed when the record is closed.
        former: the values of all keys at the start; removed when the record is closed. They are stored because Vault
            may drop `base`.
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
    last: Mapping[str, Any] = field(default_factory=dict)
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
        return replace(self, step="done", undoes={}, last={}, pending=_NOTHING, former=_NOTHING)

    def dump(self) -> dict[str, Any]:
        """Return the record as data to store. Values of the secret are included only if the rotation is unfinished."""
        data = {name: getattr(self, name) for name in PLAIN}
        data["keys"] = list(self.keys)
        if self.open:
            data.update({name: getattr(self, name).open() for name in SEALED})
        return data


SEALED = ("pending", "former")
PLAIN = tuple(one.name for one in fields(Record) if one.name not in (*SEALED, "revision"))
