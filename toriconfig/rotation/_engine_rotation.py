"""Rotation of a secret that an engine of Vault keeps: one request, which succeeds or fails as a whole."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from toriconfig.rotation._errors import RotationError
from toriconfig.rotation._events import Event, State, Step, tell
from toriconfig.rotation._outcome import Outcome
from toriconfig.rotation._preflight import check_needs, needs_of
from toriconfig.rotation._protocol import Kind, Values, Work
from toriconfig.rotation._run_with_timeout import answered, attempt
from toriconfig.rotation._verifier import verified

if TYPE_CHECKING:
    from toriconfig.rotation._rotation import Rotation


def rotate_in_engine(
    rotation: Rotation, kind: Kind, work: Work, check_due: Callable[[float | None], None] | None
) -> Outcome:
    """Rotate a secret that an engine of Vault keeps, and verify the new value. The rotation cannot be undone.

    Args:
        rotation: the requested rotation.
        kind: the kind of the rotation.
        work: the secret with the connection to Vault.
        check_due: function that receives the time of the last rotation, and raises RotatedRecently if the secret is not
            due. None: no check.

    Raises:
        RotationError: the rotation cannot start, or the new value does not work.
        VaultError: a request to Vault failed.
    """
    number = secrets.token_hex(8)

    def say(step: Step, state: State, message: str = "") -> None:
        reference = str(rotation.ref)
        event = Event(step, state, reference, kind.name, number, rotation.who, work.requests(), message)
        tell(event, rotation.on_event)

    check_needs(work, needs_of(kind, work))
    answered(lambda: kind.plan(work, {}), f"{kind.name}: plan")
    if check_due is not None:
        check_due(answered(lambda: kind.rotated_at(work), f"{kind.name}: rotated_at"))
    say("apply", "started")
    refusal = attempt(lambda: kind.apply(work, {}, {}), f"{kind.name}: apply")
    if refusal is not None:
        say("apply", "failed", refusal.message)
        raise refusal
    say("apply", "done")
    say("verify", "started")
    made: Values = {}

    def check() -> None:
        made.update(kind.generate(work, {}))
        kind.verify(work, made)
        value = made if rotation.ref.key is None else made.get(rotation.ref.key)
        verified(rotation.verify, value, rotation.verify_timeout)

    failure = attempt(check, f"{kind.name}: verify")
    if failure is not None:
        say("verify", "failed", failure.message)
        raise RotationError(
            f"it was rotated, but does not verify: {failure.message}",
            reference=str(rotation.ref),
            step="verify",
            help="Vault keeps no former state of it: find out why it is refused, or rotate again",
        )
    say("verify", "done")
    return Outcome(str(rotation.ref), kind.name, "rotated")
