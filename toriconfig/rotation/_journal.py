"""The record in Vault: reserved, moved on and closed with check-and-set, so that two never both go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from toriconfig._clock import Clock
from toriconfig._vault.versions import Versions
from toriconfig.rotation._errors import RotationLost, RotationRefused
from toriconfig.rotation._record import Record, load_record

SUFFIX = ".rotation"
"""The record of `secret/app` stands at `secret/app.rotation`."""


class Journal:
    """The record of one path.

    Args:
        path: of the secret, for messages.
        versions: where the record stands.
        clock: dates what is written.
    """

    def __init__(self, path: str, versions: Versions, clock: Clock) -> None:
        self.versions = versions
        self.newest = 0
        self._stands = False
        self._path = path
        self._clock = clock

    def read(self) -> Record | None:
        """The last record, or None when nobody ever rotated.

        Raises:
            RotationRefused: something else stands there.
        """
        found = self.versions.read()
        self.newest = found.number
        self._stands = found.state == "there"
        if not self._stands:
            return None
        record = load_record(found.data, found.number)
        if record is None:
            raise RotationRefused(
                f"{self._path}{SUFFIX} holds something else than the record of a rotation",
                reference=self._path,
                help="move it away: rotation keeps its record there",
            )
        return record

    def write(self, record: Record, **changes: Any) -> Record:
        """The record with these changes, once it is written over the revision that it was read from.

        Raises:
            RotationLost: somebody else has written since.
        """
        new = replace(record, at=stamp(self._clock.time()), **changes)
        if not self._stands:
            # Also where versions are left of something else: without this the values would stay in those of the record.
            self.versions.keep_only_newest()
        revision = self.versions.write(new.dump(), record.revision)
        if revision is None:
            raise self.lost()
        self.newest, self._stands = revision, True
        return replace(new, revision=revision)

    def confirm(self, record: Record) -> None:
        """Make sure that nobody took over.

        Raises:
            RotationLost: somebody did.
        """
        if self.versions.read().number != record.revision:
            raise self.lost()

    def confirm_unchanged(self) -> None:
        """Make sure that nobody has written since the record was read.

        Raises:
            RotationLost: somebody has.
        """
        if self.versions.read().number != self.newest:
            raise self.lost()

    def lost(self) -> RotationLost:
        """The error that says who has the rotation now."""
        record = self.read()
        if record is None:
            return RotationLost(f"somebody else removed the record of {self._path}", reference=self._path)
        return lost_to(record, self._path)


def lost_to(record: Record, path: str) -> RotationLost:
    """The error for whoever finds that record in his way."""
    if record.open:
        message = f"{path} is being rotated by {record.who} since {record.since} ({record.step} at {record.at})"
        remedy = "wait; if that program is gone, `--resume` brings it to its end, `--rollback` takes it back"
    else:
        message = f"{path} was rotated by {record.who}, begun {record.since}, {record.step} at {record.at}"
        remedy = "nothing is to be done, unless it is to be rotated again"
    return RotationLost(message, reference=path, help=remedy, winner=record.who, since=record.since)


def stamp(seconds: float) -> str:
    """Seconds since 1970 as RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_of(text: str) -> float | None:
    """RFC 3339 as seconds since 1970, or None when it is none; nanoseconds are understood."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
