"""Reports about a rotation: its outcome, its plan, its status."""

from __future__ import annotations

from dataclasses import dataclass

from toriconfig._core.clean_call import clean_init


@clean_init
@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a rotation.

    Attributes:
        reference: of the secret.
        kind: how it was rotated.
        result: `rotated`; `undone`: the former value is valid; `nothing`: there was nothing to do.
        id: of the rotation, "" where there is no record.
        former, version: KV versions before and after, 0 where there are none.
        restored: the KV version whose values were brought back, or, for a rollback with nothing to do, that were brought
            back by the rollback before; 0: none.
    """

    reference: str
    kind: str
    result: str
    id: str = ""
    former: int = 0
    version: int = 0
    restored: int = 0


@clean_init
@dataclass(frozen=True, slots=True)
class Plan:
    """Planned actions of a rotation, found out without changing anything.

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
    """State of the rotation of a secret, and the version that works now.

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
        alive: whether the rotator's process still carries it out; None where this machine cannot know.
        abandoned: whether the rotator is gone, or has given no sign of life for too long, so that `--due` resumes it.
        grace_until: until when the former value stays valid, in RFC 3339, or "".
        restored: the KV version whose values it brings, or brought, back; 0: it is no rollback.
        stored: the KV version that readers get now, or 0.
        stored_at: since when they get it, in RFC 3339.
        works: what works now, in words.
        locked_out: whether readers of the stored value are refused now; None when that cannot be known.
        commands: what to type; the first is what is recommended.
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
    alive: bool | None = None
    abandoned: bool = False
    grace_until: str = ""
    restored: int = 0
    stored: int = 0
    stored_at: str = ""
    works: str = ""
    locked_out: bool | None = None
    commands: tuple[str, ...] = ()


@clean_init
@dataclass(frozen=True, slots=True)
class HalfWay:
    """A rotation that stands half-way.

    Attributes:
        reference: of the secret that it is about, by the path and key of its record.
        kind: how it is rotated.
        own: whether it is of the secret that was asked about, and not of another key of its path.
        step: the last step that was completed.
        who: the rotator.
        abandoned: whether the rotator is gone, or has given no sign of life for too long.
        grace_until: RFC 3339; until when the former value stays valid, if that is not over yet; else "".
    """

    reference: str
    kind: str
    own: bool
    step: str
    who: str
    abandoned: bool
    grace_until: str = ""


def spoken(seconds: float) -> str:
    """A number of seconds as people say it: in days, below a day in hours.

    >>> spoken(90_000), spoken(7200), spoken(60)
    ('1.0 days', '2.0 hours', '0.02 hours')
    """
    if seconds >= 86_400:
        return f"{seconds / 86_400:.1f} days"
    hours = seconds / 3600
    return f"{hours:.1f} hours" if hours >= 0.1 or not hours else f"{hours:.2f} hours"
