"""State of the rotation of a secret, as reports show it."""

from __future__ import annotations

from dataclasses import dataclass

from toriconfig._core.clean_call import clean_init


@clean_init
@dataclass(frozen=True, slots=True)
class Status:
    """State of the rotation of a secret, and the version that works now.

    Attributes:
        reference: reference of the secret. If an unfinished rotation of another key of the path blocks this secret: the
            reference of that key.
        kind: name of the kind; "" when the secret was never rotated.
        step: the last completed step; "" when the secret was never rotated.
        open: True if the rotation is not finished.
        who: name of the rotator.
        since: start time of the rotation, in RFC 3339.
        at: completion time of `step`, in RFC 3339.
        former: KV version before the rotation; 0 when there is none.
        version: KV version after the rotation; 0 when there is none yet.
        reason: reason why the rotation is or was undone, or "".
        rotated_at: time of the last rotation in seconds since 1970, or None when it is unknown.
        alive: True if the rotator's process is running; None: unknown on this machine, or the rotation is finished.
        abandoned: True if the rotator's process has ended, or has been inactive for too long. `--due` then resumes the
            rotation.
        grace_until: end of the former value's validity, in RFC 3339, or "".
        restored: KV version whose values a rollback restores or has restored; 0: the rotation is not a rollback.
        stored: KV version that readers get now, or 0.
        stored_at: creation time of the version `stored`, in RFC 3339.
        works: description of the version that works now.
        locked_out: True if readers of the stored value are refused now; None when that is unknown.
        commands: suggested commands; the first one is recommended.
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
    """An unfinished rotation.

    Attributes:
        reference: reference of the secret that is being rotated.
        kind: name of the kind.
        own: True: the requested secret is being rotated. False: another key of the same path is being rotated.
        step: the last completed step.
        who: name of the rotator.
        abandoned: True if the rotator's process has ended, or has been inactive for too long.
        grace_until: future end of the former value's validity, in RFC 3339; "": none.
    """

    reference: str
    kind: str
    own: bool
    step: str
    who: str
    abandoned: bool
    grace_until: str = ""
