"""Rollback: undo a rotation before its promotion, or restore an earlier version after it.

If the stored credential is refused and there is no rotation to roll back, the newest accepted version is restored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from toriconfig.rotation._accepted import is_refused, keys_of, kind_of, newest_accepted
from toriconfig.rotation._command_line import command
from toriconfig.rotation._errors import RotationRefused
from toriconfig.rotation._opening import halt, reserve
from toriconfig.rotation._outcome import Outcome
from toriconfig.rotation._preflight import Preflight, check_own, check_there
from toriconfig.rotation._protocol import Values, same
from toriconfig.rotation._record import Record
from toriconfig.rotation._stored_record import last_completed, load_record

if TYPE_CHECKING:
    from toriconfig.rotation._rotation import Rotation

# Remedies for a version without a value, by its state.
_REMEDIES = {
    "deleted": "undelete it, or name another version",
    "destroyed": "a destroyed version cannot be restored: name another version",
    "absent": "it was never written, or Vault no longer keeps it: name another version",
}


def roll_back(rotation: Rotation, to: int | None) -> Outcome:
    """Roll back the last rotation; if `to` is not None, restore version `to` instead.

    Raises:
        RotationError: the rollback is not possible, or failed.
    """
    preflight = rotation.preflight()
    found = preflight.journal.read()
    last = last_completed(found, rotation.ref)
    if to is not None:
        return _bring_back(rotation, preflight, last, to)
    if found is not None and found.step == "undone":
        # If a rollback failed, the rotation that it undoes is still open. Otherwise no rotation is left.
        found = load_record(found.undoes, found.revision)
    if found is not None and found.open and found.undoes:
        return rotation.completed(preflight, found, undone_is_fine=False)
    if found is not None:
        check_own(found, rotation.ref)
    if found is None or (not found.open and (found.restores or found.undoes)):
        return _mended(rotation, preflight, last) or _nothing(rotation, found)
    return _take_back(rotation, preflight, found)


def _nothing(rotation: Rotation, found: Record | None) -> Outcome:
    if found is None:
        return Outcome(str(rotation.ref), rotation.chosen.name, "nothing")
    return Outcome(str(rotation.ref), found.kind, "nothing", found.id, found.base, found.version, found.restores)


def _mended(rotation: Rotation, preflight: Preflight, last: Record | None) -> Outcome | None:
    """Restore the newest accepted version if the stored value is refused.

    Return None if the stored value is accepted or cannot be checked.

    Raises:
        RotationRefused: the stored value and all tried versions are refused, or the kind is not the recorded one.
        VaultNotFound: there is no stored value.
    """
    path, ref = rotation.ref.path, rotation.ref
    current = preflight.main.read()
    if current.state != "there" or last is None:
        check_there(current, ref)
    if last is not None and ref.key is not None and ref.key not in last.keys:
        return None
    if last is not None:
        rotation.chosen.check_kind(last)
    kind = kind_of(rotation, last)
    keys = last.keys if last is not None else keys_of(kind, ref)
    if kind is None or not keys or not is_refused(preflight, kind, keys, current):
        return None
    number = newest_accepted(preflight, kind, keys, current)
    if number:
        return _bring_back(rotation, preflight, last, number)
    raise RotationRefused(
        f"readers are refused now: version {current.number} of {path} is not accepted, nor is an earlier one",
        reference=str(ref),
        help=f"store what is accepted, or type `{command(path, last, f'--rollback --to {current.number}')}` to have "
        f"version {current.number} accepted again, or name an earlier one",
    )


def _take_back(rotation: Rotation, preflight: Preflight, found: Record) -> Outcome:
    path = rotation.ref.path
    kind = rotation.chosen.for_record(found)
    preflight.check_rest(kind, found, back=True)
    run = rotation.run_on(preflight, kind)
    if found.open and found.step != "promoted":
        found = halt(run, found)
        if found.step == "undoing":
            return rotation.ended(run, run.go_on(found), undone_is_fine=True)
    run.work.returning = True
    former, promoted = _around(preflight, found)
    current = run.main.read()
    check_there(current, rotation.ref)
    if any(promoted.get(key) != current.data.get(key) for key in found.keys):
        mended = None if found.open else _mended(rotation, preflight, found)
        if mended is not None:
            return mended
        raise RotationRefused(
            f"{path} was changed since that rotation: version {current.number} is not the version that it created",
            reference=str(rotation.ref),
            help=f"`{command(path, found, f'--rollback --to {found.base}')}` restores version {found.base} nevertheless",
        )
    back = _wanted(former, found.keys, f"before that rotation {path}", rotation)
    record = reserve(run, lambda _: back, found, current, restores=found.base)
    return rotation.ended(run, run.go_on(record))


def _bring_back(rotation: Rotation, preflight: Preflight, found: Record | None, to: int) -> Outcome:
    ref = rotation.ref
    if found is not None and found.open:
        raise RotationRefused(
            f"a rotation of {ref.path} is half-way ({found.step} at {found.at}, by {found.who})",
            reference=str(ref),
            help=f"first complete it, `{command(ref.path, found, '--resume')}`, or undo it, "
            f"`{command(ref.path, found, '--rollback')}`",
        )
    if found is not None and (ref.key is None or ref.key in found.keys):
        keys, kind = found.keys, rotation.chosen.for_record(found)
    elif keys := (ref.key,) if ref.key is not None else keys_of(kind_of(rotation, None), ref):
        kind = rotation.chosen.for_new(None)
    else:
        raise RotationRefused(
            f"{ref} was never rotated, so it is not known which keys belong together",
            reference=str(ref),
            help=f"name one: `{ref.path}#key`",
        )
    preflight.check_back(kind)
    run = rotation.run_on(preflight, kind)
    run.work.returning = True
    current = run.main.read()
    check_there(current, ref)
    version = _version(preflight, to)
    back = _wanted(version, keys, f"version {to} of {ref.path}", rotation)
    again = same(back, current.data, keys) and is_refused(preflight, kind, keys, current)
    record = reserve(run, lambda _: back, found, current, restores=to, again=again)
    return rotation.ended(run, run.go_on(record))


def _wanted(values: Values, keys: tuple[str, ...], where: str, rotation: Rotation) -> Values:
    missing = sorted(set(keys) - values.keys())
    if missing:
        raise RotationRefused(
            f"{where} had no {', '.join(missing)}",
            reference=str(rotation.ref),
            help="write or delete the keys by hand",
        )
    return {key: values[key] for key in keys}


def _around(preflight: Preflight, found: Record) -> tuple[Values, Values]:
    """Return `(values before, values after)` of a rotation: from an open record, else from the KV versions."""
    if found.open:
        return found.former.open(), found.pending.open()
    return _version(preflight, found.base, ", the one before,"), preflight.main.read(found.version).data


def _version(preflight: Preflight, number: int, which: str = "") -> Values:
    found = preflight.main.read(number)
    if found.state != "there":
        raise RotationRefused(
            f"version {number} of {preflight.ref.path}{which} is {found.state}",
            reference=str(preflight.ref),
            help=_REMEDIES[found.state],
        )
    return found.data
