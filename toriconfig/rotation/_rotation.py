"""Rotation of one secret: run, resume, roll back, status, plan."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from toriconfig._core.clean_call import clean_methods, expect
from toriconfig._core.clock import SYSTEM, Clock, check_age
from toriconfig._core.markers import Ref
from toriconfig._vault import connect
from toriconfig.rotation._abilities import takes_turns
from toriconfig.rotation._age import check_due, check_readers
from toriconfig.rotation._chosen import Chosen
from toriconfig.rotation._command_line import command
from toriconfig.rotation._engine_rotation import rotate_in_engine
from toriconfig.rotation._errors import RotationError, RotationRefused
from toriconfig.rotation._events import Event, tell
from toriconfig.rotation._journal import SUFFIX
from toriconfig.rotation._opening import reserve, take_over
from toriconfig.rotation._outcome import Outcome, Plan
from toriconfig.rotation._preflight import Preflight, check_needs, check_own, needs_of
from toriconfig.rotation._process import this_rotator
from toriconfig.rotation._protocol import Kind, Work
from toriconfig.rotation._record import Record
from toriconfig.rotation._rollback import roll_back
from toriconfig.rotation._run import Run
from toriconfig.rotation._run_with_timeout import answered, attempt, bare
from toriconfig.rotation._settle import PASSING
from toriconfig.rotation._state import HalfWay, Status
from toriconfig.rotation._status import half_way, rotated_at, status_of
from toriconfig.rotation._verifier import Command, Verify
from toriconfig.vault import Vault

if TYPE_CHECKING:
    from toriconfig._vault.session import Session

T = TypeVar("T")
_YEAR = 366 * 86_400


@clean_methods
class Rotation:
    """Rotation of one secret.

    Args:
        reference: `secret/app#api_key`; `secret/app` for several keys; or, for a secret that another engine of
            Vault creates, a path such as `database/static-creds/app`.
        kind: an instance of a kind of `toriconfig.rotation.kinds`, or of a custom `Kind`. A class or name: the kind
            is created with the setup of the last record. For an instance, a class or a name, `resume` and `rollback`
            refuse a record of another kind. None: `run` uses the kind that the reference implies, or else the kind of
            the last record; `resume` and `rollback` use the kind of the record.
        setup: settings that replace those of the record, such as `{"conninfo": "host=new"}`. Not used if `kind`
            is an instance. None: none.
        vault: the connection to Vault; None: from the environment variables.
        environ: the environment variables; None: those of the process.
        verify: check of the new value: a function, or a `Command`. The function receives text, or a dict of the changed
            keys if the reference has no key. None: only the kind's own check.
        verify_timeout: seconds for the verifier.
        timeout: seconds for one wait on a database, and for repeating a request to Vault that is not answered.
        grace: seconds until the former value is invalidated, at most one year. None: it stays valid; alternating
            database users then keep the former login until the next rotation.
        max_age: seconds after which the secret is due; None: the `max_age` of `reference`, if it is a `Ref`.
        min_age: minimum seconds between two rotations of alternating users. A program that does not read the secret
            between these two rotations is locked out. None: twice the `refresh_interval` of `vault`.
        abandoned_after: seconds of inactivity after which an unfinished rotation counts as abandoned, even if its
            process still runs. A rotation whose process has ended counts as abandoned at once.
        on_event: called with each `Event`, on the thread that performs the rotation; None: no call.
        who: name of this rotator in the record; None: user, host and process.
        clock: source of time, for tests.

    Raises:
        ValueError: the reference, a number of seconds, the name of the kind, an option in `vault`, or a variable
            of Vault in `environ` is invalid.
        RotationRefused: Vault is not configured.

    Example::

        Rotation("secret/app#api_key", kinds.Generated(length=48), max_age=30 * 86_400).run()
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
        if self.ref.scheme != "vault":
            raise ValueError(f"{self.ref.shown} is not a secret of Vault: rotate it where its backend stores it")
        variables = os.environ if environ is None else environ
        self.chosen = Chosen(self.ref, kind, setup or {}, variables)
        self.max_age = self.ref.max_age if max_age is None else max_age
        check_age(self.max_age)
        if grace is not None and not 0 <= grace <= _YEAR:
            raise ValueError(f"grace must be a number of seconds from 0 to {_YEAR}, a year, not {grace}")
        if not (verify_timeout > 0 and timeout > 0):
            raise ValueError("verify_timeout and timeout must be numbers of seconds above 0")
        if not (abandoned_after >= 0 and (min_age is None or min_age >= 0)):
            raise ValueError("min_age and abandoned_after must be numbers of seconds from 0")
        if self.ref.version is not None:
            raise ValueError(f"{self.ref} is pinned to a version, which never changes: omit `?version=`")
        if self.ref.parsed.parameters:
            raise ValueError(
                f"{self.ref} is issued automatically, for every process that uses it: there is nothing to rotate"
            )
        where = vault or Vault()
        session = connect(where, variables)
        if session is None:
            raise RotationRefused("Vault is not configured", reference=str(self.ref), help="set VAULT_ADDR")
        self.session: Session = session
        self.verify, self.verify_timeout, self.timeout, self.grace = verify, verify_timeout, timeout, grace
        self.min_age = 2 * where.refresh_interval if min_age is None else min_age
        self.abandoned_after, self.on_event, self.clock = abandoned_after, on_event, clock
        self.who = who or this_rotator()

    @property
    def kind(self) -> Kind | None:
        """The given instance of a kind; None if a class, a name or no kind was given."""
        return self.chosen.kind

    def run(self, *, force: bool = False) -> Outcome:
        """Rotate the secret now.

        Args:
            force: True: ignore `min_age`, the minimum time between two rotations of alternating users.

        Raises:
            RotatedRecently: the last rotation is younger than `min_age`; nothing was changed.
            RotationRefused: the secret cannot be rotated; nothing was changed.
            RotationLost: another rotator is rotating the secret, or was faster.
            DatabaseUnreachable: the database gave no usable answer.
            RotationError: a step failed; its attribute `undone` is True if the former state was restored.
            VaultError: a request to Vault failed. If the rotation had begun, `resume` continues it.
        """
        return _outcome(_guarded(lambda: self._run(force=force, began=None)))

    def run_if_due(self, *, force: bool = False, began: float | None = None) -> Outcome:
        """Rotate the secret if `max_age` seconds have passed since its last rotation, or if it has no `max_age`.

        Args:
            force: as for `run`.
            began: seconds since 1970. A secret that was rotated at or after this time is not rotated again. None:
                no such limit.

        Raises:
            RotatedRecently: the secret is not due, or was rotated at or after `began`.
            RotationError: as for `run`.
        """
        return _outcome(_guarded(lambda: self._run(force=force, began=0.0 if began is None else began)))

    def resume(self) -> Outcome:
        """Complete the unfinished rotation from its recorded step. If there is none, the outcome is "nothing".

        Raises:
            RotationError: as for `run`.
        """
        return _outcome(_guarded(self._resume))

    def rollback(self, to: int | None = None) -> Outcome:
        """Undo the last rotation if the new value is not stored yet; otherwise restore the former value.

        An interrupted rollback is completed, and a failed rollback is started again. If there is nothing to roll back,
        the outcome is "nothing". If the secret was changed after the last completed rotation, RotationRefused is
        raised. But if the database refuses the stored credential, the newest version that the database accepts is
        restored instead of either.

        Args:
            to: number of the version whose values are restored. If the secret has these values already, but
                the database refuses them, the values are made valid again in the database. None: the version before
                the last rotation.

        Raises:
            RotationError: as for `run`.
        """
        return _outcome(_guarded(lambda: roll_back(self, to)))

    def plan(self, *, force: bool = False) -> Plan:
        """Return the actions that `run` would perform, without changing anything.

        Args:
            force: as for `run`.

        Raises:
            RotationError: `run` would raise the same error.
        """
        return _outcome(_guarded(lambda: self._plan(force=force)))

    def status(self) -> Status:
        """Return the recorded state of the rotation, and the version that works now if the kind can check it.

        Raises:
            VaultError: the secret or its record cannot be read.
        """
        return _outcome(_guarded(lambda: status_of(self)))

    def half_way(self) -> HalfWay | None:
        """Return the unfinished rotation of any key at the secret's path; None if there is none.

        Raises:
            VaultError: the record cannot be read.
        """
        return _outcome(_guarded(lambda: half_way(self)))

    def _run(self, *, force: bool, began: float | None) -> Outcome:
        work = self.work()
        if not self.chosen.is_stored:
            # Engines report whole seconds.
            due = None if began is None else lambda at: check_due(self, at, float(int(began)))
            return rotate_in_engine(self, self.chosen.for_new(None), work, due)
        preflight = Preflight(self.session, work, self.clock)
        kind = self._kind_of_new(preflight)
        found, current = preflight.prepare(kind)
        self.chosen.check_last(found)
        # From here on the reservation fails if the secret is rotated, so an age that is read now stays true.
        if began is not None:
            check_due(self, preflight.rotated_at(found, current), began)
        if takes_turns(kind) and not force:
            check_readers(self, preflight.last_promoted(found, current))
        refusal = attempt(lambda: kind.plan(work, current.data), f"{kind.name}: plan")
        if refusal is not None:
            # A rotation that began a moment ago may be the cause: a single user's password is already the new one.
            preflight.journal.confirm_unchanged()
            raise refusal
        run = self.run_on(preflight, kind)
        record = reserve(run, lambda base: kind.generate(work, base.data), found, current)
        return self.ended(run, run.go_on(record))

    def _kind_of_new(self, preflight: Preflight) -> Kind:
        found = preflight.last_closed() if self.chosen.needs_record or self.chosen.for_all else None
        if self.chosen.for_all:  # else the error could be that this kind lacks an option or a policy
            self.chosen.check_last(found)
        return self.chosen.for_new(found)

    def _resume(self) -> Outcome:
        preflight = self.preflight()
        found = preflight.journal.read()
        if found is None or not found.open:
            return Outcome(str(self.ref), self.chosen.name, "nothing")
        return self.completed(preflight, found, undone_is_fine=found.step == "undoing")

    def completed(self, preflight: Preflight, found: Record, *, undone_is_fine: bool) -> Outcome:
        """Complete an open rotation or rollback. Only the library calls this method.

        Args:
            preflight: the stored secret and its record.
            found: the open record.
            undone_is_fine: True: if the changes were undone, return the outcome "undone". False: raise an error.

        Raises:
            RotationError: the rotation failed, or may not be completed.
        """
        check_own(found, self.ref)
        kind = self.chosen.for_record(found)
        if found.unheard and self.verify is None:
            other = "" if found.undoes else f"; or undo the rotation: `{command(self.ref.path, found, '--rollback')}`"
            raise RotationRefused(
                f"the rotation of {self.ref.path} was started with a verifier, which has not accepted the value yet",
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
            self.chosen.check_last(found)
            if takes_turns(kind) and not force:
                check_readers(self, preflight.last_promoted(found, current))
            actions = [
                f"write a record at {self.ref.path}{SUFFIX}",
                *answered(lambda: kind.plan(work, current.data), f"{kind.name}: plan"),
                *(["verify the new value"] if self.verify is not None else []),
                f"write version {current.number + 1} of {self.ref.path}",
                *([f"after {self.grace:g} s invalidate the former value"] if self.grace is not None else []),
            ]
        else:
            kind = self.chosen.for_new(None)
            check_needs(work, needs_of(kind, work))
            actions = answered(lambda: kind.plan(work, {}), f"{kind.name}: plan")
        return Plan(str(self.ref), kind.name, tuple(actions))

    def age(self) -> float | None:
        """Return the seconds since the last rotation, or since the first write if there was none; None: unknown.

        Raises:
            VaultError: the secret cannot be read.
        """
        at = _outcome(_guarded(lambda: rotated_at(self)))
        return None if at is None else max(0.0, self.clock.time() - at)

    def work(self) -> Work:
        """Return the secret with its connection to Vault. Only the library calls this method."""
        work = Work(self.session, self.ref, self.timeout)
        work.retires = self.grace is not None
        return work

    def preflight(self) -> Preflight:
        """Return the object for reading the stored secret and its record. Only the library calls this method.

        Raises:
            RotationRefused: the secret is kept by an engine of Vault other than KV v2.
        """
        if not self.chosen.is_stored:
            raise RotationRefused(
                f"a rotation of kind {self.chosen.name} is one request, and Vault keeps no former state",
                reference=str(self.ref),
                help="rotate again",
            )
        return Preflight(self.session, self.work(), self.clock)

    def run_on(self, preflight: Preflight, kind: Kind) -> Run:
        """Return the object that performs the steps of one rotation. Only the library calls this method.

        Args:
            preflight: the stored secret and its record.
            kind: the kind of the rotation.
        """

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
        """Return the outcome of a closed record. Only the library calls this method.

        Args:
            run: the steps of the rotation.
            record: the closed record.
            undone_is_fine: True: if the changes were reversed, return the outcome "undone".

        Raises:
            RotationError: the changes were reversed, and `undone_is_fine` is False.
        """
        if record.step == "undone" and not undone_is_fine:
            stands = "the value that was to be rolled back" if record.undoes else "the former value"
            raise RotationError(
                f"{record.reason}; {stands} is valid",
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
    """Return the result of `work`, or its error without frames and causes, because they may hold values."""
    try:
        return work()
    except BaseException as error:  # noqa: BLE001  (Ctrl-C comes through the same frames; `_outcome` raises it)
        return bare(error)


def _outcome(outcome: T | BaseException) -> T:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome
