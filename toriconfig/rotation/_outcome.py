"""What is told about a rotation: how it ended, what it would do, where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from toriconfig._clean_call import clean_init


@clean_init
@dataclass(frozen=True, slots=True)
class Outcome:
    """How a rotation ended.

    Attributes:
        reference: of the secret.
        kind: how it was rotated.
        result: `rotated`; `undone`: the former value is valid; `nothing`: there was nothing to do.
        id: of the rotation, "" where there is no record.
        former, version: KV versions before and after, 0 where there are none.
    """

    reference: str
    kind: str
    result: str
    id: str = ""
    former: int = 0
    version: int = 0


@clean_init
@dataclass(frozen=True, slots=True)
class Plan:
    """What a rotation would do, as found out without changing anything.

    Attributes:
        reference: of the secret.
        kind: how it would be rotated.
        actions: a line each.
    """

    reference: str
    kind: str
    actions: tuple[str, ...]


@clean_init
@dataclass(frozen=True, slots=True)
class Status:
    """Where the rotation of a secret stands.

    Attributes:
        reference: of the secret; of another key of its path, when that is half-way, since nobody else begins then.
        kind: how it was, or is being, rotated; "" when it never was.
        step: the last step that was completed; "" when it was never rotated.
        open: whether somebody has yet to bring it to its end.
        who: the rotator.
        since, at: when it began, and when that step was completed, in RFC 3339.
        former, version: KV versions before and after, 0 when there are none (yet).
        reason: why it is, or was, undone.
        rotated_at: seconds since 1970, or None when it is not known.
    """

    reference: str
    kind: str = ""
    step: str = ""
    open: bool = False
    who: str = ""
    since: str = ""
    at: str = ""
    former: int = 0
    version: int = 0
    reason: str = ""
    rotated_at: float | None = None
