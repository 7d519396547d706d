"""One secret and how it is rotated: run, resume, roll back, look, plan."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from toriconfig._core.clean_call import clean_init, expect
from toriconfig._core.clock import SYSTEM, Clock
from toriconfig._core.markers import Ref
from toriconfig._vault import connect
from toriconfig.rotation._abilities import takes_turns
from toriconfig.rotation._age import check_due, check_readers
from toriconfig.rotation._chosen import Chosen
from toriconfig.rotation._engine_rotation import rotate_in_engine
from toriconfig.rotation._errors import RotationError, RotationRefused
from toriconfig.rotation._events import Event, tell
from toriconfig.rotation._journal import SUFFIX, command
from toriconfig.rotation._opening import reserve, take_over
from toriconfig.rotation._outcome import HalfWay, Outcome, Plan, Status
from toriconfig.rotation._preflight import Preflight, check_needs, check_own, needs_of
from toriconfig.rotation._protocol import Kind, Work
from toriconfig.rotation._record import Record
from toriconfig.rotation._rollback import roll_back
from toriconfig.rotation._run import Run
from toriconfig.rotation._run_with_timeout import answered, attempt, bare
from toriconfig.rotation._settle import PASSING
from toriconfig.rotation._status import half_way, rotated_at, status_of
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
        kind: how: one of `toriconfig.rotation.kinds`, or your own `Kind`; the name of one, the class of your own, or None: it is made
            again from what the last record keeps, where None takes any kind, and without a record the one that the
            form of the reference means.
        setup: parts of what the record keeps of the kind that are to be others, such as `{"conninfo": "host=new"}`; only
            where the kind comes from the record.
        vault: where Vault is; None: from the environment.
        environ: None: that of this process.
        verify: says whether a new value works: a function that is called with it (text; a dict of what changes for a
            reference without a key), or a `Command`. None: only the kind's own check.
        verify_timeout: seconds that may take.
        timeout: seconds that one wait for a database may take, and for which a request to Vault that is not answered is
            repeated.
        grace: seconds after which the former value is taken out of use, a year at most; None: it is left alone. A database user that
            alternates keeps its former login until the next rotation then.
        max_age: seconds after which it is due; None: what the reference says, if it is a `Ref`.
        min_age: seconds that must lie between two rotations of users that take turns, since programs that have not looked
            since the one before the last would be locked out; None: twice the `refresh_interval` of `vault`.
        abandoned_after: seconds after its last sign of life from which a half-way rotation counts as left, where it is
            not known whether its process still runs.
        on_event: called with each `Event`, in the rotating thread.
        who: this rotator, for the record; None: user, host and process.
        clock: for tests.

    Raises:
        ValueError: the reference, a number of seconds, the name of the kind, or what describes Vault, is invalid.
        RotationRefused: Vault is not configured.
    """

    def __init__(
        self,
        reference: str | Ref,
        kind: Kind | type[Any] | str | None = None,
        *,
        setup: Mapping[str, Any] | None = None,
        vault: Vault | None = None,
        environ: Mapping[str, str] | None = None,
        verify: Verify | Command | None = None,
        verify_timeout: float = 30.0,
        timeout: float = 30.0,
        grace: float | None = None,
        max_age: float | None = None,
        min_age: float | None = None,
        abandoned_after: float = 3600.0,
        on_event: Callable[[Event], None] | None = None,
        who: str | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        expect(reference, (str, Ref), "a Rotation needs a reference, such as `secret/app#key`")
        self.ref = reference if isinstance(reference, Ref) else Ref(reference)
        variables = os.environ if environ is None else environ
        self.chosen = Chosen(self.ref, kind, setup or {}, variables)
        self.max_age = self.ref.max_age if max_age is None else max_age
        if grace is not None and not 0 <= grace <= _YEAR:
            raise ValueError(f"grace is a number of seconds from 0 to {_YEAR}, a year, not {grace}")
        if not (verify_timeout > 0 and timeout > 0):
            raise ValueError("verify_timeout and timeout are numbers of seconds above 0")
        if not (abandoned_after >= 0 and (min_age is None or min_age >= 0)):
            raise ValueError("min_age and abandoned_after are numbers of seconds from 0")
        if self.ref.version is not None:
            raise ValueError(f"{self.ref} is pinned to a version, which never changes: leave `?version=` out")
        if self.ref.place.parameters:
            raise ValueError(
                f"{self.ref} is issued anew by itself, in every process that uses it: nothing is to be rotated"
            )
        where = vault or Vault()
        session = connect(where, variables)
        if session is None:
            raise RotationRefused("Vault is not configured", reference=str(self.ref), help="set VAULT_ADDR")
        self.session: Session = session
        self.verify, self.verify_timeout, self.timeout, self.grace = verify, verify_timeout, timeout, grace
        self.min_age = 2 * where.refresh_interval if min_age is None else min_age
        self.abandoned_after, self.on_event, self.clock = abandoned_after, on_event, clock
        self.who = who or f"{_user()}@{socket.gethostname()} (process {os.getpid()})"

    @property
    def kind(self) -> Kind | None:
        """Kind of the rotation, if one was given."""
        return self.chosen.kind

    def run(self, *, force: bool = False) -> Outcome:
        """Rotate.

        Args:
            force: also where users take turns and the last rotation is younger than `min_age`.

        Raises:
            RotatedRecently: it is younger than that; nothing was changed.
            RotationRefused: it cannot be rotated; nothing was changed.
            RotationLost: somebody else is at it, or was quicker.
            DatabaseUnreachable: the database gave no usable answer.
            RotationError: a step failed; `undone` says whether all is as before.
            VaultError: Vault could not be asked; where the record stands, `resume` goes on.
        """
        return _outcome(_guarded(lambda: self._run(force=force, began=None)))

    def run_if_due(self, *, force: bool = False, began: float | None = None) -> Outcome:
        """Rotate if `max_age` has passed, as seen when nobody else can rotate any more.

        Args:
            force: as `run`.
            began: seconds since 1970; who was rotated since then is not due, whatever `max_age` says. None: nobody.

        Raises:
            RotatedRecently: it is not due.
            RotationError: as `run`.
        """
        return _outcome(_guarded(lambda: self._run(force=force, began=0.0 if began is None else began)))

    def resume(self) -> Outcome:
        """Bring a rotation that was left half-way to its end, from whichever step; nothing to do when there is none.

        Raises:
            RotationError: as `run`.
        """
        return _outcome(_guarded(self._resume))

    def rollback(self, to: int | None = None) -> Outcome:
        """Take back the last rotation: undo it if it was left before promotion, else bring the former value back.

        A rollback that was left half-way is brought to its end; one that failed is begun again. Once it was taken back,
        there is nothing to roll back to: a second rollback changes nothing. Where the stored credential was changed, or
        is refused, for another reason than a rotation, the newest version that is accepted comes back.

        Args:
            to: the version of the secret whose values are brought back, whatever was rotated; the current one is made
                valid again if it is refused. None: the one before the last rotation.

        Raises:
            RotationError: as `run`.
        """
        return _outcome(_guarded(lambda: roll_back(self, to)))

    def plan(self, *, force: bool = False) -> Plan:
        """Find out what `run` would do, and whether it may; changes nothing.

        Args:
            force: as `run`.

        Raises:
            RotationError: `run` would raise it.
        """
        return _outcome(_guarded(lambda: self._plan(force=force)))

    def status(self) -> Status:
        """Return the recorded state of the rotation, and the version that works now, as far as the kind can check it.

        Raises:
            VaultError: it cannot be read.
        """
        return _outcome(_guarded(lambda: status_of(self)))

    def half_way(self) -> HalfWay | None:
        """Return the half-way rotation at the secret's path, of any of the path's keys; None if there is none.

        Raises:
            VaultError: it cannot be read.
        """
        return _outcome(_guarded(lambda: half_way(self)))

    def _run(self, *, force: bool, began: float | None) -> Outcome:
        work = self.work()
        if not self.chosen.is_stored:
            # Engines tell whole seconds.
            due = None if began is None else lambda at: check_due(self, at, float(int(began)))
            return rotate_in_engine(self, self.chosen.for_new(None), work, due)
        preflight = Preflight(self.session, work, self.clock)
        kind = self._kind_of_new(preflight)
        found, current = preflight.prepare(kind)
        # From here on the reservation fails if anybody rotates, so that an age that is seen now is true then.
        if began is not None:
            check_due(self, preflight.rotated_at(found, current), began)
        if takes_turns(kind) and not force:
            check_readers(self, preflight.last_promoted(found, current))
        refusal = attempt(lambda: kind.plan(work, current.data), f"{kind.name}: plan")
        if refusal is not None:
            # Somebody who began a moment ago may be the reason: a single user's password is already theirs.
            preflight.journal.confirm_unchanged()
            raise refusal
        run = self.run_on(preflight, kind)
        record = reserve(run, lambda base: kind.generate(work, base.data), found, current)
        return self.ended(run, run.go_on(record))

    def _kind_of_new(self, preflight: Preflight) -> Kind:
        return self.chosen.for_new(preflight.last_closed() if self.chosen.needs_record else None)

    def _resume(self) -> Outcome:
        preflight = self.preflight()
        found = preflight.journal.read()
        if found is None or not found.open:
            return Outcome(str(self.ref), self.chosen.name, "nothing")
        return self.completed(preflight, found, undone_is_fine=found.step == "undoing")

    def completed(self, preflight: Preflight, found: Record, *, undone_is_fine: bool) -> Outcome:
        """Bring an open rotation, or rollback, to its end.

        Raises:
            RotationError: it failed, or may not be.
        """
        check_own(found, self.ref)
        kind = self.chosen.for_record(found)
        if found.unheard and self.verify is None:
            other = (
                "" if found.undoes else f"; or take the rotation back: `{command(self.ref.path, found, '--rollback')}`"
            )
            raise RotationRefused(
                f"the rotation of {self.ref.path} was begun with a verifier, which has yet to say that the value works",
                reference=str(self.ref),
                help=f"name it again: `{command(self.ref.path, found, '--resume --verify COMMAND')}`{other}",
            )
        preflight.work.retires |= found.grace is not None
        preflight.check_rest(kind, found, back=False)
        run = self.run_on(preflight, kind)
        run.work.returning = bool(found.undoes or found.restores)
        return self.ended(run, run.go_on(take_over(run, found)), undone_is_fine=undone_is_fine)

    def _plan(self, *, force: bool) -> Plan:
        work = self.work()
        if self.chosen.is_stored:
            preflight = Preflight(self.session, work, self.clock)
            kind = self._kind_of_new(preflight)
            found, current = preflight.prepare(kind)
            if takes_turns(kind) and not force:
                check_readers(self, preflight.last_promoted(found, current))
            actions = [
                f"write a record at {self.ref.path}{SUFFIX}",
                *answered(lambda: kind.plan(work, current.data), f"{kind.name}: plan"),
                *(["have the new value verified"] if self.verify is not None else []),
                f"write version {current.number + 1} of {self.ref.path}",
                *([f"after {self.grace:g} s take the former value out of use"] if self.grace is not None else []),
            ]
        else:
            kind = self.chosen.for_new(None)
            check_needs(work, needs_of(kind, work))
            actions = answered(lambda: kind.plan(work, {}), f"{kind.name}: plan")
        return Plan(str(self.ref), kind.name, tuple(actions))

    def age(self) -> float | None:
        """Seconds since it was last rotated, else since it was first written; None when nobody knows.

        Raises:
            VaultError: it cannot be read.
        """
        at = _outcome(_guarded(lambda: rotated_at(self)))
        return None if at is None else max(0.0, self.clock.time() - at)

    def work(self) -> Work:
        """The secret, and the way to ask Vault about it."""
        work = Work(self.session, self.ref, self.timeout)
        work.retires = self.grace is not None
        return work

    def preflight(self) -> Preflight:
        """The stored secret and its record.

        Raises:
            RotationRefused: Vault's engine keeps the secret, or it is in no engine that keeps versions.
        """
        if not self.chosen.is_stored:
            raise RotationRefused(
                f"a rotation of kind {self.chosen.name} is one request, of which Vault keeps no former state",
                reference=str(self.ref),
                help="rotate again",
            )
        return Preflight(self.session, self.work(), self.clock)

    def run_on(self, preflight: Preflight, kind: Kind) -> Run:
        """The steps of one rotation."""

        def on_event(event: Event) -> None:
            tell(event, self.on_event)

        return Run(
            work=preflight.work,
            kind=kind,
            main=preflight.main,
            journal=preflight.journal,
            who=self.who,
            clock=self.clock,
            verify=self.verify,
            verify_timeout=self.verify_timeout,
            grace=self.grace,
            tell=on_event,
        )

    def ended(self, run: Run, record: Record, *, undone_is_fine: bool = False) -> Outcome:
        """The outcome of a closed record.

        Raises:
            RotationError: it was undone, unless that is what was asked for.
        """
        if record.step == "undone" and not undone_is_fine:
            stands = "the value that was to be taken back" if record.undoes else "the former value"
            raise RotationError(
                f"{record.reason}; {stands} stands",
                reference=str(self.ref),
                help=run.cause.help if run.cause is not None else "",
                step=record.reason.partition(":")[0],
                undone=True,
                unreachable=isinstance(run.cause, PASSING),
            )
        result = "undone" if record.step == "undone" else "rotated"
        return Outcome(str(self.ref), record.kind, result, record.id, record.base, record.version, record.restores)

    def __repr__(self) -> str:
        return f"Rotation({str(self.ref)!r}, {self.chosen.name})"


def _guarded(work: Callable[[], T]) -> T | BaseException:
    """Return the result of `work`, or its error without the traceback frames and causes, which held values."""
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
