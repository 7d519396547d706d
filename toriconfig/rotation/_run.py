"""The steps of one rotation of a stored secret. The record determines the next step, even after a crash."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from toriconfig._core.clock import Clock
from toriconfig._vault.engines.version import Version
from toriconfig._vault.engines.versions import Versions
from toriconfig.errors import SecretError, VaultError
from toriconfig.pipeline._library_logger import library_logger
from toriconfig.rotation import _process
from toriconfig.rotation._errors import DatabaseUnreachable, RotationError, RotationLost
from toriconfig.rotation._events import Event, State, Step
from toriconfig.rotation._journal import Journal
from toriconfig.rotation._preflight import note_of
from toriconfig.rotation._protocol import Kind, Values, Work, same
from toriconfig.rotation._record import Record
from toriconfig.rotation._run_with_timeout import attempt
from toriconfig.rotation._settle import PASSING, Unwritten, persist, settle
from toriconfig.rotation._stopped import could_not_undo, interrupted, maybe_reserved, stopped
from toriconfig.rotation._timestamps import seconds_of, stamp
from toriconfig.rotation._verifier import Command, Verify, verified

T = TypeVar("T")
_TRIES = 10


@dataclass
class Run:
    """Steps of one rotation, and their context.

    Attributes:
        work: the secret with the connection to Vault.
        kind: the kind of the rotation.
        main: the versions of the secret.
        journal: the record of the rotation.
        who: name of this rotator.
        clock: source of the recorded times.
        verify: the user's verifier, or None.
        verify_timeout: seconds for the verifier.
        grace: seconds until the former value is invalidated; None: it stays valid.
        tell: function called with each event.
        cause: the error because of which the rotation is undone, or None.
        promotion: "no": the new version is not written. "maybe": the write is not confirmed. "yes": it is confirmed.
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
    cause: SecretError | None = field(default=None, init=False)
    promotion: Literal["no", "maybe", "yes"] = field(default="no", init=False)

    def go_on(self, record: Record) -> Record:
        """Perform the remaining steps, and return the closed record.

        Raises:
            SecretError: the rotation cannot continue now; its record is still open.
        """
        steps = {
            "reserved": self._apply,
            "applied": self._verify,
            "verified": self._promote,
            "promoted": self._finish,
            "undoing": self._undo,
        }
        _process.begin(record.id)
        try:
            while record.open:
                self.work.fenced_by(lambda mine=record: self.journal.confirm(mine))  # type: ignore[misc]
                try:
                    record = steps[record.step](record)
                except (VaultError, DatabaseUnreachable) as error:
                    raise stopped(self, record, error) from None
                except (KeyboardInterrupt, SystemExit):
                    interrupted(self, record)
                    raise
        finally:
            _process.end(record.id)
        return record

    def _apply(self, record: Record) -> Record:
        self.say("apply", "started", record)
        pending, former = record.pending.open(), record.former.open()
        error = self._attempt("apply", lambda: self.kind.apply(self.work, pending, former))
        if error is not None:
            return self._failed("apply", record, error)
        return self._advance("apply", record, step="applied")

    def _verify(self, record: Record) -> Record:
        self.say("verify", "started", record)
        error = self._attempt("verify", lambda: self.kind.verify(self.work, record.pending.open()))
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
            try:
                current = self.persist(self.main.read)
                if current.state == "there" and same(current.data, pending, record.keys):
                    return self._promoted(record, current.number)
                if current.state != "there" or not same(current.data, former, record.keys):
                    reason = f"another program wrote {self.work.ref.path} in the meantime, as version {current.number}"
                    return self._failed("promote", record, RotationError(reason))
                # Called between reading the version and overwriting it. A rollback first takes over the record and
                # then writes the secret again, so one of the two checks fails.
                self.persist(self.work.fence)
            except VaultError as error:
                return self._failed("promote", record, error)
            new = {**current.data, **pending}
            self.promotion = "maybe"
            version = settle(
                lambda data=new, base=current.number: self.main.write(data, base),  # type: ignore[misc]
                lambda: self._landed(pending, record.keys),
                self.work.timeout,
            )
            if isinstance(version, Unwritten) and not version.known:
                raise version.error
            self.promotion = "no"
            if isinstance(version, Unwritten):
                if self._newer_exists(current, version.error):
                    continue
                return self._failed("promote", record, version.error, undo=record.exclusive is True)
            if version is not None:
                return self._promoted(record, version)
        crowded = RotationError(
            f"other programs keep writing {self.work.ref.path}", step="promote", help="`--resume` completes it"
        )
        if record.exclusive:
            return self._failed("promote", record, crowded)
        raise crowded

    def _landed(self, pending: Values, keys: tuple[str, ...]) -> int | None:
        now = self.main.read()
        return now.number if now.state == "there" and same(now.data, pending, keys) else None

    def _newer_exists(self, current: Version, error: VaultError) -> bool:
        """Return True if Vault has a newer version than `current`, perhaps created by an earlier unanswered write.

        To find out, write the data of `current` again, with check-and-set on `current`. If this write succeeds, the
        earlier write can no longer succeed.

        Args:
            current: the version that the earlier write was to replace.
            error: the error of the earlier write. If this error is final, write nothing, and return False.
        """
        if not isinstance(error, PASSING):
            return False
        said: list[int | None] = []
        failed = attempt(lambda: said.append(self.main.write(current.data, current.number)), "writing")
        return failed is None and said == [None]

    def _promoted(self, record: Record, version: int) -> Record:
        self.promotion = "yes"
        now = self.clock.time()
        grace = record.grace if self.grace is None else self.grace  # a resumed rotation may have another grace period
        if same(record.pending.open(), record.former.open(), record.keys):
            grace = None  # the stored values were made valid again: nothing is to be retired
        until = {} if grace is None else {"grace_until": stamp(now + grace)}
        return self._advance("promote", record, step="promoted", version=version, promoted_at=stamp(now), **until)

    def _finish(self, record: Record) -> Record:
        self._note(record)
        if record.grace_until:
            self._wait(record)
            self.say("retire", "started", record)
            former = record.former.open()
            previous = {key: former[key] for key in record.keys if key in former}
            error = self._attempt("retire", lambda: self.kind.retire(self.work, previous, record.base))
            if isinstance(error, RotationLost):
                self.say("retire", "lost", record, error.message)
                raise error
            if error is not None:
                self.say("retire", "failed", record, error.message)
                raise RotationError(
                    f"the new value is in use, but the old one could not be invalidated: {error.message}",
                    step="retire",
                    help="`--resume` tries again",
                    unreachable=isinstance(error, PASSING),
                )
            self.say("retire", "done", record)
        return self._advance("close", record, step="done")

    def _note(self, record: Record) -> None:
        """Store the time of the rotation beside the secret. If Vault refuses this, log a warning and continue."""
        try:
            self.persist(lambda: self.main.note({note_of(self.work.ref): record.promoted_at or record.at}))
        except PASSING:
            raise
        except VaultError as error:
            log = library_logger("toriconfig.rotation")
            log.warning("%s was rotated, but the time could not be stored with it: %s", self.work.ref, error.message)

    def _wait(self, record: Record) -> None:
        self.say("grace", "started", record, f"until {record.grace_until}")
        end = seconds_of(record.grace_until) or 0.0
        while (left := end - self.clock.time()) > 0:
            threading.Event().wait(min(left, 1.0))
        self.persist(self.work.fence)
        self.say("grace", "done", record)

    def _undo(self, record: Record) -> Record:
        self.say("undo", "started", record, record.reason)
        error = self.put_back(record)
        if isinstance(error, RotationLost):
            self.say("undo", "lost", record, error.message)
            raise error
        if error is not None:
            self.say("undo", "failed", record, error.message)
            raise could_not_undo(record, self.work.ref.path, error)
        return self._advance("undo", record, step="undone")

    def put_back(self, record: Record) -> SecretError | None:
        """Make the former values valid again. Return None after success, else the error.

        If another rotator has taken over the rotation, stop. If Vault cannot be asked about this, continue.
        """

        def still_ours() -> None:
            try:
                self.journal.confirm(record)
            except VaultError:
                return  # readers may be locked out, so continue without an answer

        self.work.fenced_by(still_ours)
        pending, former = record.pending.open(), record.former.open()
        return self._attempt("undo", lambda: self.kind.undo(self.work, pending, former))

    def _attempt(self, method: str, work: Callable[[], object]) -> SecretError | None:
        """Call `work`. If Vault or the database does not answer, repeat the call until the rotation's timeout.

        Return None if a call succeeded, else the error of the last call.
        """
        return attempt(lambda: self.persist(work), f"{self.kind.name}: {method}")

    def persist(self, work: Callable[[], T]) -> T:
        """Return the result of `work`. If Vault or the database does not answer, repeat until the rotation's timeout.

        Raises:
            SecretError: the error of the last call of `work`.
        """
        return persist(work, self.work.timeout)

    def _failed(self, step: Step, record: Record, error: SecretError, *, undo: bool = False) -> Record:
        """Write the record with the step "undoing", and return the written record.

        Args:
            step: the failed step.
            record: the record of the rotation.
            error: the error of the step.
            undo: True: undo the rotation even if `error` may be temporary.

        Raises:
            SecretError: `error` itself, if the rotation must not be undone now. The record stays unchanged.
        """
        if isinstance(error, RotationLost):
            self.say(step, "lost", record, error.message)
            raise error
        self.say(step, "failed", record, error.message)
        # The database does not answer, but readers can still use the former value, so the rotation is undone.
        needs_nothing = isinstance(error, DatabaseUnreachable) and record.exclusive is False
        if self.promotion != "no" or (isinstance(error, PASSING) and not undo and not needs_nothing):
            raise error
        self.cause = error
        return self.write(record, step, step="undoing", reason=f"{step}: {error.message}")

    def _advance(self, name: Step, record: Record, **changes: Any) -> Record:
        new = self.write(record, name, **changes)
        self.say(name, "done", new)
        return new

    def write(self, record: Record, during: Step, **changes: Any) -> Record:
        """Write the record, and return the written record.

        Args:
            record: the record as last read or written.
            during: the current step, for events and errors.
            changes: new values of attributes of the record.

        Raises:
            RotationLost: another rotator has written the record since.
            VaultError: the write failed, or its outcome is unknown.
        """
        try:
            written = self.journal.write(record, **changes)
        except RotationLost as error:
            self.say(during, "lost", record, error.message)
            raise
        if isinstance(written, Unwritten):
            raise maybe_reserved(self.work.ref, written) if during in ("reserve", "resume") else written.error
        return written

    def say(self, step: Step, state: State, record: Record, message: str = "") -> None:
        """Send an event of this rotation."""
        reference = str(self.work.ref)
        self.tell(Event(step, state, reference, record.kind, record.id, self.who, self.work.requests(), message))
