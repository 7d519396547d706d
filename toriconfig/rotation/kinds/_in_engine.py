"""Base of the kinds for secrets that an engine of Vault stores and changes itself.

One request rotates the secret. Toriconfig keeps no record of the rotation.
"""

from __future__ import annotations

from toriconfig._core.clean_call import clean_methods
from toriconfig.rotation._errors import RotationError, RotationRefused
from toriconfig.rotation._protocol import Values, Work


@clean_methods
class InEngine:
    """Base class of the kinds for secrets that an engine of Vault changes itself, in one request."""

    name: str
    stored = False

    def generate(self, work: Work, current: Values) -> Values:
        """Return {}: the engine does not show the new value."""
        return {}

    def undo(self, work: Work, pending: Values, current: Values) -> None:
        """Raise an error, because a rotation by the engine cannot be undone.

        Raises:
            RotationError: always.
        """
        raise RotationError("Vault keeps no former state of it")

    def retire(self, work: Work, previous: Values, version: int) -> None:
        """Do nothing: the engine has invalidated the former value."""

    def rotated_at(self, work: Work) -> float | None:
        """Return None: the time of the last rotation is unknown."""
        return None


def place_of(work: Work, middle: str) -> tuple[str, str]:
    """Return `(mount, name)` of a reference such as `database/static-creds/app`.

    Args:
        work: the secret.
        middle: the segment between mount and name, such as `static-creds`.

    Raises:
        RotationRefused: the reference does not have that form.
    """
    mount, found, name = work.ref.path.rpartition(f"/{middle}/")
    if not found or not mount or "/" in name:
        raise RotationRefused(
            f"{work.ref.path} is not a `MOUNT/{middle}/NAME`",
            reference=str(work.ref),
            help="correct the reference, or name another kind",
        )
    return mount, name
