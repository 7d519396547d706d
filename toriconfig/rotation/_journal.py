"""The record in Vault, written with check-and-set, so that only one of two rotators continues."""

from __future__ import annotations

import secrets
import shlex
from dataclasses import replace
from typing import Any

from toriconfig._core.clock import Clock
from toriconfig._vault.engines.versions import Versions
from toriconfig.errors import VaultError
from toriconfig.rotation._command_line import command
from toriconfig.rotation._errors import RotationLost, RotationRefused
from toriconfig.rotation._record import Record
from toriconfig.rotation._settle import Unwritten, persist, settle
from toriconfig.rotation._stored_record import load_record
from toriconfig.rotation._timestamps import stamp

SUFFIX = ".rotation"
"""Suffix of a record's path: the record of `secret/app` is at `secret/app.rotation`."""


class Journal:
    """The record of one path.

    Args:
        path: path of the secret, for messages.
        versions: the KV versions of the record.
        clock: source of the recorded times.
        patience: seconds for repeating an unanswered request.
    """

    def __init__(self, path: str, versions: Versions, clock: Clock, patience: float) -> None:
        self.versions = versions
        self.newest = 0
        self._stands = False
        self._path = path
        self._clock = clock
        self._patience = patience
        self._marks: set[str] = set()

    def read(self) -> Record | None:
        """Return the last record, or None if there is no record.

        Raises:
            RotationRefused: the path of the record holds other data.
        """
        found = self.versions.read()
        self.newest = found.number
        self._stands = found.state == "there"
        if not self._stands:
            return None
        record = load_record(found.data, found.number)
        if record is None:
            raise RotationRefused(
                f"{self._path}{SUFFIX} does not hold the record of a rotation",
                reference=self._path,
                help="move that secret: rotation stores its record there",
            )
        return record

    def write(self, record: Record, **changes: Any) -> Record | Unwritten:
        """Write the record with check-and-set, and return the written record.

        If the write failed or its outcome is unknown, return an `Unwritten`.

        Args:
            record: the record as last read or written.
            changes: new values of attributes of the record.

        Raises:
            RotationLost: the stored record is newer than `record`.
            VaultError: the request that prepares the path failed, so the record was not written.
        """
        new = replace(record, at=stamp(self._clock.time()), mark=secrets.token_hex(8), **changes)
        self._marks.add(new.mark)
        if not self._stands:
            # Also if versions of other data are left: otherwise the values would stay in the versions of the record.
            persist(self.versions.keep_only_newest, self._patience)
        revision = settle(
            lambda: self.versions.write(new.dump(), record.revision), lambda: self._landed(new), self._patience
        )
        if isinstance(revision, Unwritten):
            return revision
        if revision is None:
            raise self.lost()
        self.newest, self._stands = revision, True
        return replace(new, revision=revision)

    def _landed(self, record: Record) -> int | None:
        found = self.versions.read()
        return found.number if found.state == "there" and found.data.get("mark") == record.mark else None

    def confirm(self, record: Record) -> None:
        """Check that no other rotator has taken over the record.

        Raises:
            RotationLost: another rotator has taken over the record.
        """
        found = self.versions.read()
        if found.number != record.revision and found.data.get("mark") not in self._marks:
            raise self.lost()

    def confirm_unchanged(self) -> None:
        """Raise an error if another rotator has written the record since this journal read or wrote the record.

        Raises:
            RotationLost: another rotator has written the record.
        """
        if self.versions.read().number != self.newest:
            raise self.lost()

    def lost(self) -> RotationLost:
        """Return an error that names the rotator of the stored record, or no rotator if no record can be read."""
        try:
            record = persist(self.read, self._patience)
        except VaultError:  # the record belongs to another rotator, even if it cannot be read
            return RotationLost(
                f"another rotator took over the rotation of {self._path}",
                reference=self._path,
                help=f"as soon as Vault answers, `toriconfig rotate {shlex.quote(self._path)} --status` shows which",
            )
        if record is None:
            return RotationLost(f"another program removed the record of {self._path}", reference=self._path)
        return lost_to(record, self._path)


def lost_to(record: Record, path: str) -> RotationLost:
    """Return the error for a rotation of `path` that cannot proceed because another rotator wrote `record`."""
    begun = f"begun {record.since}"
    remedy = f"nothing to do; to rotate again, run `{command(path, record)}`"
    if record.step == "undoing":
        message = f"the rotation of {path}, {begun}, is being rolled back by {record.who} since {record.at}"
        remedy = _until_then(path, record)
    elif record.open:
        act = f"being rolled back to version {record.restores}" if record.restores else "being rotated"
        message = f"{path} is {act} by {record.who} since {record.since} ({record.step} at {record.at})"
        remedy = _until_then(path, record)
    elif record.step == "undone":
        why = f": {record.reason}" if record.reason else ""
        message = f"the rotation of {path}, {begun}, was undone by {record.who} at {record.at}{why}"
        remedy = f"the former value is valid; to rotate again, run `{command(path, record)}`"
    elif record.restores:
        message = f"{path} was rolled back to the value of version {record.restores} by {record.who} at {record.at}"
    else:
        message = f"{path} was rotated by {record.who}, {begun}, {record.step} at {record.at}"
    return RotationLost(message, reference=path, help=remedy, winner=record.who, since=record.since)


def _until_then(path: str, record: Record) -> str:
    resume, back = (command(path, record, act) for act in ("--resume", "--rollback"))
    return f"wait; if that program has ended, `{resume}` completes it, `{back}` undoes it"
