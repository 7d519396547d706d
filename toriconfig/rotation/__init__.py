"""Rotation of secrets: replace a secret in Vault while programs use the secret.

    from toriconfig.rotation import Rotation, kinds

    Rotation("secret/app#api_key", kinds.Generated(length=48), verify=works).run()

**The record.** A rotation of `secret/app` keeps a record at `secret/app.rotation`, separate from the secret. The record
holds the id, the kind with its setup, the current step, the rotator and its process, and the version at the start.
While the record is open, it also holds the pending and the former values, which are as sensitive as the secret. The
record's path keeps one version only, so a closed record leaves no value behind. The policy of the secret's readers must
not include the record's path. Allow only rotators to write the record, because a resumed rotation connects to the
database that the record names. There is one record per path, so the keys of one path are rotated one at a time.

**The steps.** Each step is recorded with check-and-set before the next one starts:

    reserve     write the record with the pending value over the last record; only one rotator succeeds
    apply       make the new value valid in the system that uses it
    verify      run the kind's own check, then the user's verifier, each with a deadline
    promote     merge the new value into the newest version of the secret; after a concurrent write, try again
    grace       with `grace=seconds`: keep the former value valid for that time
    retire      invalidate the former value
    close       write the record without the values

After promote, the time of the rotation is written into the custom metadata of the secret: as `rotated_at`, or as
`rotated_at.KEY` if the reference names a key.

A write that gets no answer is repeated for `timeout` seconds. If it is still unknown whether the write succeeded, the
newest version is read. A lost answer is therefore not a failure.

**Conflicts.** A rotator that loses a check-and-set of the record makes no further change, and raises a RotationLost
that names the winner. If another program changes the rotated keys before promote, the rotation is undone. Before a
rotator changes a password in a database, the rotator checks again that no other rotator has taken over the record. In
PostgreSQL, MySQL and MariaDB, this check and the change run under one lock of the database. A rotator that was replaced
therefore cannot overwrite a newer password.

**Failures.** A rotation that fails before promotion is undone, and its record is closed. The record keeps the kind and
the options of the last completed rotation for the next one. After a crash the record stays open. `resume` continues
from the recorded step, and needs a verifier if the rotation started with one. `rollback` undoes the rotation. A
rollback before promotion first writes the secret again unchanged, so that a concurrent promotion fails. A rollback
after promotion is a rotation to the former value. The next rollback completes a rollback that was interrupted, and
repeats a rollback that failed. No other rotation starts while a record is open. `rotate_due` resumes an open rotation
when its process has ended, or has made no progress for `abandoned_after`.

**A single database user.** With most kinds, the former value still works after apply. A single database user has only
one password. The former password stops working at apply, so new logins fail until promote. If Vault then refuses a
write, or does not answer in time, the former password is restored, and the record is closed. If the record cannot be
closed, `resume` starts again with apply. After a failure of Vault, readers may stay locked
out in two cases: it is unknown whether the new password was stored, or the database fails too. The error then reports
this risk.

**Engines of Vault** that keep the secret themselves (static role, database root, transit key) rotate in one request,
which succeeds or fails as a whole. There is no record, nothing to resume, and no rollback.
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
from toriconfig.rotation._outcome import Outcome, Plan
from toriconfig.rotation._protocol import Kind, Work
from toriconfig.rotation._rotation import Rotation
from toriconfig.rotation._state import HalfWay, Status
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
