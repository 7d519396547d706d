"""Log messages for values in memory that cannot be confirmed, and for their recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from toriconfig._runtime.log import logger
from toriconfig._runtime.transitions import Transitions
from toriconfig._vault.http.translate import is_outage
from toriconfig._vault.renewal import vault_answers
from toriconfig.errors import SecretError, VaultDenied

if TYPE_CHECKING:
    from toriconfig._vault.cached_path import Cell
    from toriconfig._vault.session import Session


class Outages:
    """The cells of one session whose last request failed although they have a value."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._memory = Transitions()
        self._failing: WeakSet[Cell] = WeakSet()
        self._renewable = True

    def failed(self, cell: Cell, error: SecretError, used: str, *, alone: bool) -> None:
        """Warn that a value could not be confirmed: once an outage, and once for each lease.

        Args:
            cell: that asked.
            error: why it could not be.
            used: what is used instead, and until when.
            alone: whether to warn though another cell did in this outage.
        """
        with self._memory:
            first = not self._failing
            known = cell in self._failing
            self._failing.add(cell)
        if alone or (first if is_outage(error) else not known):
            logger().warning("%s: %s; %s", cell.reference, error, used)

    def succeeded(self, cell: Cell) -> None:
        """A cell was confirmed; the others with credentials that have ended ask at once."""
        if not self._failing:
            return
        with self._memory:
            was = cell in self._failing
            self._failing.discard(cell)
            others = list(self._failing)
        if was and not others:
            logger().info("Vault at %s answers again", self._session.address)
        for other in others:
            vault_answers(other)

    def not_renewable(self, cell: Cell, error: SecretError | None) -> None:
        """Warn once that a policy forbids renewals: new credentials are fetched before the current ones end."""
        if isinstance(error, VaultDenied) and self._renewable:
            self._renewable = False
            logger().warning("%s: %s; new credentials are fetched before these end", cell.reference, error)
