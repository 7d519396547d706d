"""State of a rotation, the version that works now, and suggested commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toriconfig.errors import VaultNotFound
from toriconfig.rotation._preflight import check_there
from toriconfig.rotation._process import is_running
from toriconfig.rotation._record import Record
from toriconfig.rotation._run_with_timeout import answered
from toriconfig.rotation._state import HalfWay, Status
from toriconfig.rotation._stored_record import last_completed
from toriconfig.rotation._timestamps import seconds_of
from toriconfig.rotation._what_works import commands, what_works

if TYPE_CHECKING:
    from toriconfig.rotation._rotation import Rotation


def rotated_at(rotation: Rotation) -> float | None:
    """Return the time of the last rotation, else of the first write, in seconds since 1970; None if it is unknown.

    Raises:
        VaultError: the time cannot be read.
    """
    if rotation.chosen.is_stored:
        return rotation.preflight().rotated_at()
    kind, work = rotation.chosen.for_new(None), rotation.work()
    return answered(lambda: kind.rotated_at(work), f"{kind.name}: rotated_at")


def half_way(rotation: Rotation) -> HalfWay | None:
    """Return the unfinished rotation of any key at the path of the secret; None if no rotation is unfinished.

    Raises:
        VaultError: the record cannot be read.
    """
    if not rotation.chosen.is_stored:
        return None
    found = rotation.preflight().journal.read()
    if found is None or not found.open:
        return None
    key = f"#{found.keys[0]}" if len(found.keys) == 1 and rotation.ref.key is not None else ""
    grace = found.grace_until if found.step == "promoted" and _seconds_left(rotation, found) > 0 else ""
    return HalfWay(
        f"{rotation.ref.path}{key}",
        found.kind,
        rotation.ref.key is None or rotation.ref.key in found.keys,
        found.step,
        found.who,
        is_abandoned(rotation, found),
        grace,
    )


def status_of(rotation: Rotation) -> Status:
    """Return the state of the rotation.

    Raises:
        VaultError: the secret or its record cannot be read.
    """
    ref = rotation.ref
    if not rotation.chosen.is_stored:
        return Status(str(ref), rotation.chosen.name, rotated_at=rotated_at(rotation))
    preflight = rotation.preflight()
    found = preflight.journal.read()
    own = found is not None and (ref.key is None or ref.key in found.keys)
    if found is None or not (own or found.open):
        current = preflight.main.read()
        dated = preflight.rotated_at(found, current)
        return Status(str(ref), rotated_at=dated, stored=current.number, stored_at=current.created)
    known = last_completed(found, ref) or found
    current = preflight.main.read()
    dated = None
    try:
        check_there(current, ref)
        dated = preflight.rotated_at(known, current)
    except VaultNotFound:  # deleted meanwhile: the record is still shown
        pass
    locked_out, text = what_works(rotation, preflight, known, current) if own else (None, "")
    return Status(
        str(ref) if own else f"{ref.path}#{found.keys[0]}",
        found.kind,
        found.step,
        found.open,
        found.who,
        found.since,
        found.at,
        found.base,
        found.version,
        found.reason,
        dated,
        alive=is_running(found.process, found.id) if found.open else None,
        abandoned=found.open and is_abandoned(rotation, found),
        grace_until=found.grace_until,
        restored=found.restores,
        stored=current.number if current.state == "there" else 0,
        stored_at=current.created,
        works=text,
        locked_out=locked_out,
        commands=commands(ref.path, found, known, locked_out),
    )


def is_abandoned(rotation: Rotation, found: Record) -> bool:
    """Return True if the process of the rotator has ended, or has been inactive for more than `abandoned_after`.

    The inactive time begins when the record `found` is written. If `found.grace_until`, the end of the former
    value's validity, is later, the inactive time begins then.
    """
    if is_running(found.process, found.id) is False:
        return True
    last = max(one for one in (seconds_of(found.at), seconds_of(found.grace_until), 0.0) if one is not None)
    return rotation.clock.time() - last > rotation.abandoned_after


def _seconds_left(rotation: Rotation, found: Record) -> float:
    return (seconds_of(found.grace_until) or 0.0) - rotation.clock.time()
