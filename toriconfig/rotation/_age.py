"""Checks of the time since the last rotation of a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toriconfig.rotation._errors import RotatedRecently
from toriconfig.rotation._outcome import spoken

if TYPE_CHECKING:
    from toriconfig.rotation._rotation import Rotation


def check_due(rotation: Rotation, rotated_at: float | None, began: float) -> None:
    """Raise an error if a secret is not due: it was rotated less than `max_age` seconds ago, or at or after `began`.

    Args:
        rotation: rotation of the secret. If `rotation.max_age` is None, only `began` counts.
        rotated_at: time of the last rotation in seconds since 1970; None: unknown, so the secret is due.
        began: start of the run in seconds since 1970; 0: only `max_age` counts.

    Raises:
        RotatedRecently: the secret is not due.
    """
    if rotated_at is None:
        return
    age = max(0.0, rotation.clock.time() - rotated_at)
    reference = str(rotation.ref)
    if rotated_at >= began > 0:
        raise RotatedRecently(f"{reference} was rotated meanwhile", reference=reference, help="nothing was changed")
    if rotation.max_age is not None and age < rotation.max_age:
        raise RotatedRecently(
            f"{reference} is {spoken(age)} old, and due after {spoken(rotation.max_age)}",
            reference=reference,
            help="nothing was changed",
        )


def check_readers(rotation: Rotation, promoted: float | None) -> None:
    """Check that `min_age` has passed since the last rotation of a secret whose two users or passwords alternate.

    Without this pause, programs that still use the password from before the last rotation would be locked out.

    Args:
        rotation: rotation of the secret, with the setting `min_age` in seconds.
        promoted: time of the last rotation or rollback in seconds since 1970; None: unknown, so the check succeeds.

    Raises:
        RotatedRecently: `promoted` was less than `min_age` ago.
    """
    age = None if promoted is None else max(0.0, rotation.clock.time() - promoted)
    if age is None or age >= rotation.min_age:
        return
    raise RotatedRecently(
        f"{rotation.ref} was rotated {age:.0f} s ago, and its users alternate: programs that have not refreshed since "
        f"would be locked out; at least {rotation.min_age:g} s must pass between two rotations",
        reference=str(rotation.ref),
        help=f"rotate in {rotation.min_age - age:.0f} s, or use `--force`",
    )
