"""One rotation of a stored secret, step by step: what is recorded decides what comes next, also after a crash."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from toriconfig._clock import Clock
from toriconfig._vault.versions import Version, Versions
from toriconfig.errors import SecretError, VaultError, VaultSealed, VaultUnreachable
from toriconfig.pipeline._logging import library_logger
from toriconfig.rotation._errors import RotationError, RotationLost, RotationRefused
from toriconfig.rotation._events import Event, State, Step
from toriconfig.rotation._journal import Journal, seconds_of, stamp
from toriconfig.rotation._preflight import note_of
from toriconfig.rotation._protocol import Kind, Values, Work
from toriconfig.rotation._record import Record, Sealed
from toriconfig.rotation._run_with_timeout import attempt
from toriconfig.rotation._verifier import Command, Verify, verified

_TRIES = 10


@dataclass
class Run:
    """What the steps of one rotation need.

    Attributes:
        work: the secret, and the way to ask Vault.
        kind: how it is rotated.
        main: the versions of the secret.
        journal: its record.
        who: this rotator.
        clock: dates what is written.
        verify: what the user has the new value verified with, or None.
        verify_timeout: seconds that may take.
        grace: seconds after which the old value is taken out of use; None: it is left alone.
        tell: hears of each event.
    """

    work: Work
    kind: Kind
    main: Versions
    journal: Journal
    who: str
    clock: Clock
    verify: Verify | Command | None
    verify_timeout: float
    grace: float | None
    tell: Callable[[Event], None]

    def reserve(self, values: Callable[[Version], Values], found: Record | None, current: Version) -> Record:
        """Write the record of a new rotation over `found`, before anything is touched.

        Raises:
            RotationLost: somebody was quicker.
        """
        now = stamp(self.clock.time())
        new = Record(
            id=secrets.token_hex(8),
            kind=self.kind.name,
            step="reserved",
            who=self.who,
            since=now,
            at=now,
            base=current.number,
            keys=(),
            verifier=self.verify is not None,
            grace=self.grace,
            undoes=found.closed.dump() if found is not None and self.work.returning else {},
            revision=self.journal.newest,
        )
        self.say("reserve", "started", new)
        pending: Values = {}
        error = attempt(lambda: pending.update(values(current)), f"{self.kind.name}: generate")
        if error is not None:
            self.say("reserve", "failed", new, error.message)
            raise error
        if _same(pending, current.data, tuple(pending)):
            # Old and new could not be told apart later: what is promoted already, what is to be destroyed.
            refusal = f"{self.work.ref} holds that value already: there is nothing to do"
            self.say("reserve", "failed", new, refusal)
            raise RotationRefused(refusal, reference=str(self.work.ref), help="nothing was changed")
        record = self._write(new, "reserve", keys=tuple(pending), pending=Sealed(pending), former=Sealed(current.data))
        self.say("reserve", "done", record)
        return record

    def take_over(self, found: Record) -> Record:
        """Make an open record ours; its former rotator finds out before he changes anything else."""
        self.say("resume", "started", found)
        asked = found.verifier or self.verify is not None
        record = self._write(found, "resume", who=self.who, verifier=asked)
        self.say("resume", "done", record, f"it was left by {found.who}: {found.step}")
        return record

    def halt(self, record: Record) -> Record:
        """Take over an open record so that it can be undone: after this, nobody promotes it any more.

        Returns:
            It, about to be undone; or promoted, when that had already happened without being recorded.
        """
        record = self.take_over(record)
        if record.step != "verified":
            return self._write(record, "undo", step="undoing", reason=record.reason or "taken back")
        for _ in range(_TRIES):
            current = self.main.read()
            if current.state == "there" and _same(current.data, record.pending.open(), record.keys):
                return self._write(record, "undo", step="promoted", version=current.number)
            # The former rotator may be just about to promote: writing the secret anew, unchanged, makes him fail.
            if current.state != "there" or self.main.write(current.data, current.number) is not None:
                return self._write(record, "undo", step="undoing", reason="taken back")
        raise RotationError(f"others keep writing {self.work.ref.path}", step="undo", help="`--rollback` tries again")

    def go_on(self, record: Record) -> Record:
        """Do what is left to do; the closed record."""
        steps = {
            "reserved": self._apply,
            "applied": self._verify,
            "verified": self._promote,
            "promoted": self._finish,
            "undoing": self._undo,
        }
        while record.open:
            self.work.fenced_by(lambda mine=record: self.journal.confirm(mine))  # type: ignore[misc]
            try:
                record = steps[record.step](record)
            except VaultError as error:
                if "--resume" not in error.help:
                    remedy = "nothing is lost: `--resume` goes on, `--rollback` takes it back"
                    error.help = f"{error.help}; {remedy}" if error.help else remedy
                raise
        return record

    def _apply(self, record: Record) -> Record:
        self.say("apply", "started", record)
        pending, former = record.pending.open(), record.former.open()
        error = attempt(lambda: self.kind.apply(self.work, pending, former), f"{self.kind.name}: apply")
        if error is not None:
            return self._failed("apply", record, error)
        return self._advance("apply", record, step="applied")

    def _verify(self, record: Record) -> Record:
        self.say("verify", "started", record)
        error = attempt(lambda: self.kind.verify(self.work, record.pending.open()), f"{self.kind.name}: verify")
        if error is None:
            error = attempt(lambda: verified(self.verify, self._shown(record), self.verify_timeout), "the verifier")
        if error is not None:
            return self._failed("verify", record, error)
        return self._advance("verify", record, step="verified")

    def _shown(self, record: Record) -> Any:
        pending = record.pending.open()
        return pending if self.work.ref.key is None else pending[self.work.ref.key]

    def _promote(self, record: Record) -> Record:
        self.say("promote", "started", record)
        pending, former = record.pending.open(), record.former.open()
        for _ in range(_TRIES):
            current = self.main.read()
            if current.state == "there" and _same(current.data, pending, record.keys):
                return self._advance("promote", record, step="promoted", version=current.number, **self._grace(record))
            if current.state != "there" or not _same(current.data, former, record.keys):
                reason = f"somebody else wrote {self.work.ref.path} meanwhile, as version {current.number}"
                return self._failed("promote", record, RotationError(reason))
            # Between reading the version and writing over it: whoever takes a rotation back takes over the record
            # first and then writes the secret anew, so one of the two checks fails.
            self.work.fence()
            version = self.main.write({**current.data, **pending}, current.number)
            if version is not None:
                return self._advance("promote", record, step="promoted", version=version, **self._grace(record))
        raise RotationError(f"others keep writing {self.work.ref.path}", step="promote", help="`--resume` goes on")

    def _grace(self, record: Record) -> dict[str, str]:
        grace = record.grace if self.grace is None else self.grace  # whoever resumes may say another one
        return {} if grace is None else {"grace_until": stamp(self.clock.time() + grace)}

    def _finish(self, record: Record) -> Record:
        self._note(record)
        if record.grace_until:
            self._wait(record)
            self.say("retire", "started", record)
            former = record.former.open()
            previous = {key: former[key] for key in record.keys if key in former}
            error = attempt(lambda: self.kind.retire(self.work, previous, record.base), f"{self.kind.name}: retire")
            if error is not None:
                self.say("retire", "failed", record, error.message)
                raise RotationError(
                    f"the new value is in use, but the old one could not be taken out of use: {error.message}",
                    step="retire",
                    help="`--resume` tries again",
                )
            self.say("retire", "done", record)
        return self._advance("close", record, step="done")

    def _note(self, record: Record) -> None:
        """Note when it was rotated; that it may not be noted, such as by a new policy, is no reason to stop half-way."""
        try:
            self.main.note({note_of(self.work.ref): record.at})
        except (VaultSealed, VaultUnreachable):
            raise
        except VaultError as error:
            log = library_logger("toriconfig.rotation")
            log.warning("%s was rotated, which cannot be noted beside it: %s", self.work.ref, error.message)

    def _wait(self, record: Record) -> None:
        self.say("grace", "started", record, f"until {record.grace_until}")
        end = seconds_of(record.grace_until) or 0.0
        while (left := end - self.clock.time()) > 0:
            threading.Event().wait(min(left, 1.0))
        self.work.fence()
        self.say("grace", "done", record)

    def _undo(self, record: Record) -> Record:
        self.say("undo", "started", record, record.reason)
        pending, former = record.pending.open(), record.former.open()
        error = attempt(lambda: self.kind.undo(self.work, pending, former), f"{self.kind.name}: undo")
        if error is not None:
            self.say("undo", "failed", record, error.message)
            first = f"{record.reason}; and " if record.reason else ""
            raise RotationError(
                f"{first}the former value could not be put back: {error.message}",
                step="undo",
                help="`--rollback` tries again",
            )
        return self._advance("undo", record, step="undone")

    def _failed(self, step: Step, record: Record, error: SecretError) -> Record:
        """Decide about an error of a step: what Vault cannot be told now is left to a resume; anything else is undone."""
        if isinstance(error, RotationLost):
            self.say(step, "lost", record, error.message)
            raise error
        self.say(step, "failed", record, error.message)
        if isinstance(error, (VaultSealed, VaultUnreachable)):
            raise error
        return self._write(record, step, step="undoing", reason=f"{step}: {error.message}")

    def _advance(self, name: Step, record: Record, **changes: Any) -> Record:
        new = self._write(record, name, **changes)
        self.say(name, "done", new)
        return new

    def _write(self, record: Record, during: Step, **changes: Any) -> Record:
        try:
            return self.journal.write(record, **changes)
        except RotationLost as error:
            self.say(during, "lost", record, error.message)
            raise
        except VaultUnreachable as error:
            unknown = "it may have been written: `--status` tells, `--resume` goes on, `--rollback` takes it back"
            error.help = f"{error.help}; {unknown}" if error.help else unknown
            raise

    def say(self, step: Step, state: State, record: Record, message: str = "") -> None:
        """Tell an event."""
        reference = str(self.work.ref)
        self.tell(Event(step, state, reference, record.kind, record.id, self.who, self.work.requests(), message))


def _same(one: Values, other: Values, keys: tuple[str, ...]) -> bool:
    return all(one.get(key) == other.get(key) for key in keys)
