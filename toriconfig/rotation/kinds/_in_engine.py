"""Base of the kinds whose secret is kept by Vault's engine: one request rotates it, nothing is stored beside it."""

from __future__ import annotations

from toriconfig.rotation._errors import RotationError, RotationRefused
from toriconfig.rotation._protocol import Values, Work


class InEngine:
    """Rotated by Vault itself, whole or not at all."""

    name: str
    stored = False

    def generate(self, work: Work, current: Values) -> Values:
        """Return the values that the engine generated, as far as the engine shows them."""
        return {}

    def undo(self, work: Work, pending: Values, current: Values) -> None:
        """There is no way back.

        Raises:
            RotationError: always.
        """
        raise RotationError("Vault keeps no former state of it")

    def retire(self, work: Work, previous: Values, version: int) -> None:
        """Nothing: the engine has done so."""

    def rotated_at(self, work: Work) -> float | None:
        """Nobody knows."""
        return None


def place_of(work: Work, middle: str) -> tuple[str, str]:
    """Mount and name in a reference such as `database/static-creds/app`.

    Raises:
        RotationRefused: it is none.
    """
    mount, found, name = work.ref.path.rpartition(f"/{middle}/")
    if not found or not mount or "/" in name:
        raise RotationRefused(
            f"{work.ref.path} is no `MOUNT/{middle}/NAME`",
            reference=str(work.ref),
            help="name it so, or name another kind",
        )
    return mount, name
