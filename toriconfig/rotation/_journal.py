"""The record in Vault, written with check-and-set, so that only one of two rotators continues."""

from __future__ import annotations

import secrets
import shlex
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from toriconfig._core.clock import Clock
from toriconfig._vault.engines.versions import Versions
from toriconfig.errors import VaultError
from toriconfig.rotation._errors import RotationLost, RotationRefused
from toriconfig.rotation._record import Record
from toriconfig.rotation._settle import Unwritten, persist, settle
from toriconfig.rotation._stored_record import load_record

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
        """Write the record with check-and-set.

        Args:
            record: the record as last read or written.
            changes: new values of attributes of the record.

        Returns:
            The written record. An `Unwritten` if Vault refused the write or did not answer.

        Raises:
            RotationLost: the stored record is newer than `record`.
        """
        new = replace(record, at=stamp(self._clock.time()), mark=secrets.token_hex(8), **changes)
        self._marks.add(new.mark)
        if not self._stands:
            # Also where versions are left of something else: without this the values would stay in those of the record.
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
        except VaultError:  # that it is somebody else's is known all the same
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


def command(path: str, record: Record | None, act: str = "") -> str:
    """Return a command line that rotates a secret.

    Args:
        path: path of the secret.
        record: the last record, or None. If it has one key, the command rotates that key; else the path.
        act: an option such as `--resume`; "": a new rotation.

    If the recorded kind is not installed, the command has `--kind MODULE:CLASS` for the user to complete.
    """
    from toriconfig.rotation.kinds import names

    key = f"#{record.keys[0]}" if record is not None and len(record.keys) == 1 else ""
    again = given_again(record.kind) if record is not None else []
    kind = ["--kind", record.kind] if record is not None and again and not act else []
    if record is not None and record.kind not in names():
        kind = ["--kind MODULE:CLASS"]
    return " ".join(["toriconfig rotate", shlex.quote(path + key), *([act] if act else []), *kind, *again])


def given_again(name: str) -> list[str]:
    """Return the options of the kind `name` that the user must type again, such as `--apply COMMAND`.

    These are the required options that the record does not keep. For a kind of another package, return [].
    """
    from toriconfig.rotation.kinds import KINDS

    options = getattr(KINDS.get(name), "options", ())
    again = [one for one in options if one.required and one.lasting and not one.recorded]
    return [f"{one.flag} {one.metavar}" for one in again]


def _until_then(path: str, record: Record) -> str:
    resume, back = (command(path, record, act) for act in ("--resume", "--rollback"))
    return f"wait; if that program has ended, `{resume}` completes it, `{back}` undoes it"


def stamp(seconds: float) -> str:
    """Return seconds since 1970 as RFC 3339 text with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_of(text: str) -> float | None:
    """Return RFC 3339 text, even with nanoseconds, as seconds since 1970; None for other text."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
