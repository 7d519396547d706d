"""Start of a rotation: reserve a new rotation, take over an unfinished one, or stop an unfinished one to undo it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from toriconfig._vault.engines.version import Version
from toriconfig.rotation import _process
from toriconfig.rotation._abilities import ends_former, setup_of
from toriconfig.rotation._errors import RotationError, RotationRefused
from toriconfig.rotation._protocol import Values, same
from toriconfig.rotation._record import Record
from toriconfig.rotation._run_with_timeout import attempt
from toriconfig.rotation._sealed import Sealed
from toriconfig.rotation._timestamps import stamp

if TYPE_CHECKING:
    from toriconfig.rotation._run import Run

_TRIES = 10


def reserve(
    run: Run,
    values: Callable[[Version], Values],
    found: Record | None,
    current: Version,
    *,
    restores: int = 0,
    again: bool = False,
) -> Record:
    """Write the record of a new rotation over the record `found`, and return the new record. Nothing else is changed.

    Args:
        run: context of the steps.
        values: function that receives `current` and returns the new values.
        found: the last record; None: there is none.
        current: the newest version.
        restores: version whose values are restored; 0: the values are new.
        again: True: allow new values that equal the stored ones, because a later step makes these values valid.

    Raises:
        RotationLost: another rotator was faster.
        RotationRefused: the new values equal the stored ones, and `again` is False.
        SecretError: `values` or the write failed.
    """
    now = stamp(run.clock.time())
    new = Record(
        id=secrets.token_hex(8),
        kind=run.kind.name,
        step="reserved",
        who=run.who,
        since=now,
        at=now,
        base=current.number,
        keys=(),
        process=_process.this_process(),
        verifier=run.verify is not None,
        grace=run.grace,
        setup=setup_of(run.kind),
        restores=restores,
        undoes=found.closed.dump() if found is not None and run.work.returning else {},
        last=_completed(found),
        revision=run.journal.newest,
    )
    run.say("reserve", "started", new)
    pending: Values = {}
    error = attempt(lambda: pending.update(values(current)), f"{run.kind.name}: generate")
    if error is not None:
        run.say("reserve", "failed", new, error.message)
        raise error
    if not again and same(pending, current.data, tuple(pending)):
        # Later, the promoted version and the version to destroy could not be distinguished.
        refusal = f"{run.work.ref} already holds that value: there is nothing to do"
        run.say("reserve", "failed", new, refusal)
        raise RotationRefused(refusal, reference=str(run.work.ref), help="nothing was changed")
    _process.begin(new.id)
    try:
        record = run.write(
            new,
            "reserve",
            keys=tuple(pending),
            exclusive=ends_former(run.kind, pending, current.data),
            pending=Sealed(pending),
            former=Sealed(current.data),
        )
    except BaseException:
        _process.end(new.id)
        raise
    run.say("reserve", "done", record)
    return record


def _completed(found: Record | None) -> Mapping[str, Any]:
    """Return the data of the last completed rotation: `found` itself, or else `found.last`; {} if there is none."""
    if found is None:
        return {}
    return found.closed.dump() if found.step in ("promoted", "done") else found.last


def take_over(run: Run, found: Record, *, halting: bool = False) -> Record:
    """Write an open record with this rotator as the owner, and return the new record.

    The former rotator fails at the next check or write of the record.

    Args:
        run: context of the steps.
        found: the open record.
        halting: True: the rotation will be undone. False: the rotation will be completed. Then the step may be set back
            to "reserved", so that apply and verify are repeated.
    """
    run.say("resume", "started", found)
    asked = found.verifier or run.verify is not None
    setup = setup_of(run.kind) or found.setup
    exclusive = found.exclusive
    if exclusive is None:  # a record of an earlier release
        exclusive = ends_former(run.kind, found.pending.open(), found.former.open())
    # A rotator that was interrupted may have restored the former password without recording it.
    step = "reserved" if exclusive and found.step in ("applied", "verified") and not halting else found.step
    record = run.write(
        found,
        "resume",
        step=step,
        who=run.who,
        process=_process.this_process(),
        setup=setup,
        exclusive=exclusive,
        verifier=asked,
    )
    run.say("resume", "done", record, f"it was abandoned by {found.who}: {found.step}")
    return record


def halt(run: Run, record: Record) -> Record:
    """Take over an open record so that the rotation can be undone. Afterwards no rotator can promote it.

    Returns:
        The record with the step "undoing"; with the step "promoted" if the new value is already stored.

    Raises:
        RotationError: other programs keep writing the secret, so a promotion is still possible.
    """
    record = take_over(run, record, halting=True)
    if record.step != "verified":
        return run.write(record, "undo", step="undoing", reason=record.reason or "rolled back")
    for _ in range(_TRIES):
        current = run.persist(run.main.read)
        if current.state == "there" and same(current.data, record.pending.open(), record.keys):
            return run.write(record, "undo", step="promoted", version=current.number)
        # The former rotator may be about to promote: writing the secret again, unchanged, makes that promotion fail.
        if current.state != "there" or run.persist(lambda now=current: run.main.write(now.data, now.number)):  # type: ignore[misc]
            return run.write(record, "undo", step="undoing", reason="rolled back")
    raise RotationError(
        f"other programs keep writing {run.work.ref.path}", step="undo", help="`--rollback` tries again"
    )
