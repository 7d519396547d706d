"""One secret and how it is rotated: run, resume, roll back, look, plan."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from toriconfig._clean_call import clean_init, expect
from toriconfig._clock import SYSTEM, Clock
from toriconfig._reference import Ref
from toriconfig._vault import connect
from toriconfig.errors import VaultNotFound
from toriconfig.rotation._engine_rotation import rotate_in_engine
from toriconfig.rotation._errors import RotationError, RotationRefused
from toriconfig.rotation._events import Event, tell
from toriconfig.rotation._journal import SUFFIX
from toriconfig.rotation._outcome import Outcome, Plan, Status
from toriconfig.rotation._preflight import Preflight, check_kind, check_needs, check_there
from toriconfig.rotation._protocol import Kind, Values, Work
from toriconfig.rotation._record import Record, load_record
from toriconfig.rotation._run import Run
from toriconfig.rotation._run_with_timeout import answered, attempt, bare
from toriconfig.rotation._verifier import Command, Verify
from toriconfig.vault import Vault

if TYPE_CHECKING:
    from toriconfig._vault.session import Session

T = TypeVar("T")
_YEAR = 366 * 86_400


@clean_init
class Rotation:
    """One secret, and how it is rotated.

    Args:
        reference: `secret/app#api_key`, `secret/app` for several keys, or a path of the engine that keeps it.
        kind: how: one of `toriconfig.rotation.kinds`, or your own `Kind`.
        vault: where Vault is; None: from the environment.
        environ: None: that of this process.
        verify: says whether a new value works: a function that is called with it (text; a dict of what changes for a
            reference without a key), or a `Command`. None: only the kind's own check.
        verify_timeout: seconds that may take.
        timeout: seconds that one wait for a database may take.
        grace: seconds after which the former value is taken out of use, a year at most; None: it is left alone. A database user that
            alternates keeps its former login until the next rotation then.
        max_age: seconds after which it is due; None: what the reference says, if it is a `Ref`.
        on_event: called with each `Event`, in the rotating thread.
        who: this rotator, for the record; None: user, host and process.
        clock: for tests.

    Raises:
        ValueError: the reference, a number of seconds, or what describes Vault, cannot be.
        RotationRefused: Vault is not configured.
    """

    def __init__(
        self,
        reference: str | Ref,
        kind: Kind,
        *,
        vault: Vault | None = None,
        environ: Mapping[str, str] | None = None,
        verify: Verify | Command | None = None,
        verify_timeout: float = 30.0,
        timeout: float = 30.0,
        grace: float | None = None,
        max_age: float | None = None,
        on_event: Callable[[Event], None] | None = None,
        who: str | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        expect(reference, (str, Ref), "a Rotation needs a reference, such as `secret/app#key`")
        self.ref = reference if isinstance(reference, Ref) else Ref(reference)
        self.kind = kind
        self.max_age = self.ref.max_age if max_age is None else max_age
        if grace is not None and not 0 <= grace <= _YEAR:
            raise ValueError(f"grace is a number of seconds from 0 to {_YEAR}, a year, not {grace}")
        if not (verify_timeout > 0 and timeout > 0):
            raise ValueError("verify_timeout and timeout are numbers of seconds above 0")
        if self.ref.version is not None:
            raise ValueError(f"{self.ref} is pinned to a version, which never changes: leave `?version=` out")
        if self.ref.place.parameters:
            raise ValueError(
                f"{self.ref} is issued anew by itself, in every process that uses it: nothing is to be rotated"
            )
        session = connect(vault or Vault(), os.environ if environ is None else environ)
        if session is None:
            raise RotationRefused("Vault is not configured", reference=str(self.ref), help="set VAULT_ADDR")
        self.session: Session = session
        self.verify, self.verify_timeout, self.timeout, self.grace = verify, verify_timeout, timeout, grace
        self.on_event, self.clock = on_event, clock
        self.who = who or f"{_user()}@{socket.gethostname()} (process {os.getpid()})"

    def run(self) -> Outcome:
        """Rotate.

        Raises:
            RotationRefused: it cannot be rotated; nothing was changed.
            RotationLost: somebody else is at it, or was quicker.
            RotationError: a step failed; `undone` says whether all is as before.
            VaultError: Vault could not be asked; where the record stands, `resume` goes on.
        """
        return _outcome(_guarded(self._run))

    def resume(self) -> Outcome:
        """Bring a rotation that was left half-way to its end, from whichever step; nothing to do when there is none.

        Raises:
            RotationError: as `run`.
        """
        return _outcome(_guarded(self._resume))

    def rollback(self) -> Outcome:
        """Take back a rotation: undo it when it was left before promotion, else bring the former value back.

        A rollback that was left half-way is brought to its end; one that failed is begun again.

        Raises:
            RotationError: as `run`.
        """
        return _outcome(_guarded(self._rollback))

    def plan(self) -> Plan:
        """Find out what `run` would do, and whether it may; changes nothing.

        Raises:
            RotationError: `run` would raise it.
        """
        return _outcome(_guarded(self._plan))

    def status(self) -> Status:
        """Where it stands, from its record.

        Raises:
            VaultError: it cannot be read.
        """
        return _outcome(_guarded(self._status))

    def _run(self) -> Outcome:
        work = self._work()
        if not self.kind.stored:
            return rotate_in_engine(self, work)
        preflight = Preflight(self.session, work, self.clock)
        found, current = preflight.prepare(self.kind)
        refusal = attempt(lambda: self.kind.plan(work, current.data), f"{self.kind.name}: plan")
        if refusal is not None:
            # Somebody who began a moment ago may be the reason: a single user's password is his already.
            preflight.journal.confirm_unchanged()
            raise refusal
        run = self._run_on(preflight)
        record = run.reserve(lambda base: self.kind.generate(work, base.data), found, current)
        return self._ended(run.go_on(record))

    def _resume(self) -> Outcome:
        preflight = self._stored_preflight()
        found = preflight.journal.read()
        if found is None or not found.open:
            return Outcome(str(self.ref), self.kind.name, "nothing")
        return self._completed(preflight, found, undone_is_fine=found.step == "undoing")

    def _completed(self, preflight: Preflight, found: Record, *, undone_is_fine: bool) -> Outcome:
        """Bring an open rotation, or rollback, to its end."""
        check_kind(found, self.ref, self.kind)
        if found.unheard and self.verify is None:
            other = "" if found.undoes else "; or take the rotation back: `--rollback`"
            raise RotationRefused(
                f"the rotation of {self.ref.path} was begun with a verifier, which has yet to say that the value works",
                reference=str(self.ref),
                help=f"name it again: `--verify COMMAND`{other}",
            )
        preflight.work.retires |= found.grace is not None
        preflight.check_policies(self.kind)
        run = self._run_on(preflight)
        run.work.returning = bool(found.undoes)
        return self._ended(run.go_on(run.take_over(found)), undone_is_fine=undone_is_fine)

    def _rollback(self) -> Outcome:
        preflight = self._stored_preflight()
        found = preflight.journal.read()
        if found is not None and found.step == "undone":
            # What a failed rollback was to take back still stands; without one there is nothing of a rotation left.
            found = load_record(found.undoes, found.revision)
        if found is None:
            return Outcome(str(self.ref), self.kind.name, "nothing")
        if found.open and found.undoes:
            return self._completed(preflight, found, undone_is_fine=False)
        check_kind(found, self.ref, self.kind)
        preflight.check_policies(self.kind)
        run = self._run_on(preflight)
        if found.open and found.step != "promoted":
            found = run.halt(found)
            if found.step == "undoing":
                return self._ended(run.go_on(found), undone_is_fine=True)
        run.work.returning = True
        former, promoted = self._around(run, found)
        current = run.main.read()
        check_there(current, self.ref)
        if any(promoted.get(key) != current.data.get(key) for key in found.keys):
            raise RotationRefused(
                f"{self.ref.path} was changed since that rotation: version {current.number} is not what it made",
                reference=str(self.ref),
                help="write the value that is wanted by hand",
            )
        if not set(found.keys) <= former.keys():
            raise RotationRefused(
                f"before that rotation {self.ref.path} had no {', '.join(sorted(set(found.keys) - former.keys()))}",
                reference=str(self.ref),
                help="write, or delete, by hand what is wanted",
            )
        back = {key: former[key] for key in found.keys}
        return self._ended(run.go_on(run.reserve(lambda _: back, found, current)))

    def _around(self, run: Run, found: Record) -> tuple[Values, Values]:
        """What the secret was before that rotation, and what it made of it; a closed record no longer knows."""
        if found.open:
            return found.former.open(), found.pending.open()
        former = run.main.read(found.base)
        if former.state != "there":
            raise RotationRefused(
                f"version {found.base} of {self.ref.path}, which was before, is {former.state}",
                reference=str(self.ref),
                help="undelete it; what was destroyed cannot be brought back",
            )
        return former.data, run.main.read(found.version).data

    def _plan(self) -> Plan:
        work = self._work()
        if self.kind.stored:
            _, current = Preflight(self.session, work, self.clock).prepare(self.kind)
            actions = [
                f"write a record at {self.ref.path}{SUFFIX}",
                *answered(lambda: self.kind.plan(work, current.data), f"{self.kind.name}: plan"),
                *(["have the new value verified"] if self.verify is not None else []),
                f"write version {current.number + 1} of {self.ref.path}",
                *([f"after {self.grace:g} s take the former value out of use"] if self.grace is not None else []),
            ]
        else:
            check_needs(work, {}, self.kind)
            actions = answered(lambda: self.kind.plan(work, {}), f"{self.kind.name}: plan")
        return Plan(str(self.ref), self.kind.name, tuple(actions))

    def _status(self) -> Status:
        work = self._work()
        if not self.kind.stored:
            dated = answered(lambda: self.kind.rotated_at(work), f"{self.kind.name}: rotated_at")
            return Status(str(self.ref), self.kind.name, rotated_at=dated)
        preflight = Preflight(self.session, work, self.clock)
        record = preflight.journal.read()
        own = record is not None and (self.ref.key is None or self.ref.key in record.keys)
        if record is None or not (own or record.open):
            return Status(str(self.ref), rotated_at=preflight.rotated_at())
        try:
            rotated = preflight.rotated_at()
        except VaultNotFound:  # deleted meanwhile: all the more is the record to be seen
            rotated = None
        return Status(
            str(self.ref) if own else f"{self.ref.path}#{record.keys[0]}",
            record.kind,
            record.step,
            record.open,
            record.who,
            record.since,
            record.at,
            record.base,
            record.version,
            record.reason,
            rotated,
        )

    def age(self) -> float | None:
        """Seconds since it was last rotated, else since it was first written; None when nobody knows.

        Raises:
            VaultError: it cannot be read.
        """
        at = self.status().rotated_at
        return None if at is None else max(0.0, self.clock.time() - at)

    def _work(self) -> Work:
        work = Work(self.session, self.ref, self.timeout)
        work.retires = self.grace is not None
        return work

    def _stored_preflight(self) -> Preflight:
        if not self.kind.stored:
            raise RotationRefused(
                f"a rotation of kind {self.kind.name} is one request, of which Vault keeps no former state",
                reference=str(self.ref),
                help="rotate again",
            )
        return Preflight(self.session, self._work(), self.clock)

    def _run_on(self, preflight: Preflight) -> Run:
        def on_event(event: Event) -> None:
            tell(event, self.on_event)

        return Run(
            work=preflight.work,
            kind=self.kind,
            main=preflight.main,
            journal=preflight.journal,
            who=self.who,
            clock=self.clock,
            verify=self.verify,
            verify_timeout=self.verify_timeout,
            grace=self.grace,
            tell=on_event,
        )

    def _ended(self, record: Record, *, undone_is_fine: bool = False) -> Outcome:
        if record.step == "undone" and not undone_is_fine:
            step = record.reason.partition(":")[0]
            stands = "the value that was to be taken back" if record.undoes else "the former value"
            raise RotationError(f"{record.reason}; {stands} stands", reference=str(self.ref), step=step, undone=True)
        result = "undone" if record.step == "undone" else "rotated"
        return Outcome(str(self.ref), record.kind, result, record.id, record.base, record.version)

    def __repr__(self) -> str:
        return f"Rotation({str(self.ref)!r}, {self.kind.name})"


def _guarded(work: Callable[[], T]) -> T | BaseException:
    """What `work` gives; its error without the frames and causes that it came through, which held values."""
    try:
        return work()
    except BaseException as error:  # noqa: BLE001  (Ctrl-C comes through the same frames; `_outcome` raises it)
        return bare(error)


def _outcome(outcome: T | BaseException) -> T:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user, as in many containers
        return f"uid {os.getuid()}"
