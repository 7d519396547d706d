"""Errors of a rotation that cannot continue, and restoration of the former password so that readers can log in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toriconfig._core.markers import Ref
from toriconfig.errors import SecretError, VaultError
from toriconfig.rotation._command_line import command
from toriconfig.rotation._errors import RotationError, RotationLost
from toriconfig.rotation._record import Record
from toriconfig.rotation._settle import PASSING, Unwritten

if TYPE_CHECKING:
    from toriconfig.rotation._run import Run

LOCKED_OUT = "readers are locked out NOW"


def stopped(run: Run, record: Record, error: SecretError) -> SecretError:
    """Return the error of a rotation that cannot continue. If readers are locked out, restore the old password first.

    Readers count as locked out if the rotation invalidates the old password, and the new password is certainly not
    stored in Vault.

    Args:
        run: context of the steps.
        record: the last written record.
        error: the error because of which the rotation cannot continue.

    Returns:
        The error to raise. The message states whether readers are locked out, and `help` contains the command to run.
    """
    path = run.work.ref.path
    resume, back = (f"`{command(path, record, act)}`" for act in ("--resume", "--rollback"))
    remedy = f"{resume} completes it, {back} undoes it"
    if record.step == "promoted" or run.promotion == "yes":
        return _extended(error, "the new value is in use, and only the record of its rotation is still open", remedy)
    if record.exclusive is False:
        return _extended(error, "the stored value keeps working", remedy)
    if record.exclusive is None:
        return _extended(error, "the rotation is half-way", remedy)
    if run.promotion == "maybe":
        state = f"it is not known whether the new value was stored; if it was not, {LOCKED_OUT}"
        return _extended(error, state, f"as soon as Vault answers: {remedy}")
    run.say("undo", "started", record, "so that readers are not locked out")
    failure = run.put_back(record)
    if isinstance(failure, RotationLost):
        run.say("undo", "lost", record, failure.message)
        return failure
    if failure is None:
        run.say("undo", "done", record)
        return _extended(
            error, "the former password works, so no reader is locked out; the record is not closed", remedy
        )
    run.say("undo", "failed", record, failure.message)
    return _extended(error, _locked_out(record, failure), f"once that is fixed: {remedy}")


def interrupted(run: Run, record: Record) -> None:
    """Restore the former password after an interruption such as Ctrl-C.

    Do nothing if the former password stays valid, or if Vault has possibly stored the new password already.
    """
    if not record.exclusive or run.promotion != "no" or record.step not in ("reserved", "applied", "verified"):
        return
    run.say("undo", "started", record, "interrupted; so that readers are not locked out")
    failure = run.put_back(record)
    if failure is None:
        run.say("undo", "done", record)
    else:
        run.say("undo", "failed", record, f"{LOCKED_OUT}: {failure.message}")


def could_not_undo(record: Record, path: str, failure: SecretError) -> RotationError:
    """Return the error of a rotation whose former values could not be made valid again."""
    first = f"{record.reason}; and " if record.reason else ""
    locked_out = f"; {LOCKED_OUT}" if record.exclusive else ""
    return RotationError(
        f"{first}the former value could not be restored: {failure.message}{locked_out}",
        step="undo",
        help=f"once that is fixed: `{command(path, record, '--rollback')}` tries again",
        unreachable=isinstance(failure, PASSING),
    )


def maybe_reserved(ref: Ref, unwritten: Unwritten) -> VaultError:
    """Return the error of a rotation whose record may not have been written. Its text states what was changed."""
    error = unwritten.error
    if unwritten.known:
        _extend(error, "nothing was changed", "")
        return error
    base = f"toriconfig rotate {ref}"
    _extend(
        error,
        "the record of the rotation may have been written; nothing else was changed",
        f"`{base} --status` shows it, `{base} --resume` completes it, `{base} --rollback` undoes it",
    )
    return error


def _locked_out(record: Record, failure: SecretError) -> str:
    sure = LOCKED_OUT if record.step != "reserved" else f"unless its password was not changed yet, {LOCKED_OUT}"
    return f"{sure}: the former password could not be restored: {failure.message}"


def _extended(error: SecretError, state: str, remedy: str) -> SecretError:
    _extend(error, state, remedy)
    return error


def _extend(error: SecretError, state: str, remedy: str) -> None:
    error.message = f"{error.message}; {state}"
    error.args = (error.message,)
    error.help = "; ".join(one for one in (error.help, remedy) if one)
