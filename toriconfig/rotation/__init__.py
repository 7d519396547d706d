"""The writing side of rotation: a new secret, without ever leaving a dead one behind.

    from toriconfig.rotation import Rotation, kinds

    Rotation("secret/app#api_key", kinds.Generated(length=48), verify=works).run()

**The record.** A rotation of `secret/app` keeps a record at `secret/app.rotation`, which readers of the secret do not
see: id, kind and how to make it again, step, rotator and its process, the version it began from, and until it is closed
the pending and the former values, which are as secret as the secret. The record's path keeps one version only, so a
closed record leaves no value behind; the policy of whoever reads the secret must not cover it, and whoever may write it
decides which database a resumed rotation goes to. There is one record a path, so the keys of one path rotate one by one.

**The steps.** Each is recorded with check-and-set before the next begins:

    reserve     the record with the pending value is written over the last one: of all rotators one succeeds
    apply       the new value is made valid where it is used; whether it already is, is found out first
    verify      the kind's own check, then the user's verifier, both with a deadline
    promote     the secret is written over the version that was read; keys that others change meanwhile stay theirs
    grace       with `grace=seconds`: the former value stays valid that long
    retire      then it is taken out of use
    close       the record is written without the values, and `rotated_at` in the custom metadata

A write without an answer is repeated for `timeout` seconds and read back, so that a lost answer is no failure.

**Who loses** a check-and-set changes nothing any more, and gets a RotationLost that names the winner. Where an act
cannot be taken back by a successor (a password), it is done under a lock of the database, within which the record is
looked at once more; so a rotator that was taken over cannot undo what its successor did.

**When it fails** before promotion it is undone and the record closed. After a crash the record stands open:
`resume` goes on from its step, with a verifier if it was begun with one; `rollback` takes it back. Before promotion a
rollback only undoes; before that it writes the secret anew, unchanged, so that a rotator that is just about to promote
fails. After promotion a rollback is a rotation to the former value; left half-way, the next one brings it to its end,
and failed, the next one begins it again. While a record is open nobody else begins; `rotate_due` resumes it once its
process is gone.

**A single user's** former password ends at apply. If Vault then refuses, or does not answer in time, the former password
is put back, even where that cannot be recorded; the next rotator applies and verifies again. Only where it is not known
whether the new one was stored, or the database fails too, readers may be locked out, and the error says so.

**Engines of Vault** that keep the secret themselves (static role, database root, transit key) rotate in one request,
whole or not at all: there is no record, nothing to resume, and no way back.
"""

from __future__ import annotations

from toriconfig.rotation import kinds
from toriconfig.rotation._due import Line, Report, rotate_due
from toriconfig.rotation._errors import (
    DatabaseUnreachable,
    RotatedRecently,
    RotationError,
    RotationLost,
    RotationRefused,
)
from toriconfig.rotation._events import Event
from toriconfig.rotation._option import Option
from toriconfig.rotation._outcome import HalfWay, Outcome, Plan, Status
from toriconfig.rotation._protocol import Kind, Work
from toriconfig.rotation._rotation import Rotation
from toriconfig.rotation._verifier import Command

__all__ = [
    "Command",
    "DatabaseUnreachable",
    "Event",
    "HalfWay",
    "Kind",
    "Line",
    "Option",
    "Outcome",
    "Plan",
    "Report",
    "RotatedRecently",
    "Rotation",
    "RotationError",
    "RotationLost",
    "RotationRefused",
    "Status",
    "Work",
    "kinds",
    "rotate_due",
]
