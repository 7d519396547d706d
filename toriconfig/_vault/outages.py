"""Log messages for values in memory that cannot be confirmed, and for their recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from toriconfig._runtime.log import logger
from toriconfig._runtime.transitions import Transitions
from toriconfig._vault.http.translate import is_outage
from toriconfig.errors import SecretError, VaultDenied

if TYPE_CHECKING:
    from toriconfig._vault.requester import PathRequester


class Affected(Protocol):
    """Protocol of a cached path, as far as an outage concerns it."""

    reference: str

    def vault_answers(self) -> None:
        """Replace credentials that ended during the outage."""
        ...


class Outages:
    """The cached paths whose last request failed although they have a value.

    Args:
        requester: its address is named in the log.
    """

    def __init__(self, requester: PathRequester) -> None:
        self._requester = requester
        self.reset()

    def reset(self) -> None:
        """Forget all paths, and the lock: in a forked child, a thread of the parent may hold it."""
        self._memory = Transitions()
        self._failing: WeakSet[Affected] = WeakSet()
        self._renewable = True

    def failed(self, path: Affected, error: SecretError, used: str, *, alone: bool) -> None:
        """Warn that a value could not be confirmed: once an outage, and once for each lease.

        Args:
            path: whose request failed.
            error: why it could not be.
            used: what is used instead, and until when.
            alone: warn even if another path did so in this outage.
        """
        with self._memory:
            first = not self._failing
            known = path in self._failing
            self._failing.add(path)
        if alone or (first if is_outage(error) else not known):
            logger().warning("%s: %s; %s", path.reference, error, used)

    def succeeded(self, path: Affected) -> None:
        """Record that a value was confirmed; other paths whose credentials have ended fetch new ones at once."""
        if not self._failing:
            return
        with self._memory:
            was = path in self._failing
            self._failing.discard(path)
            others = list(self._failing)
        if was and not others:
            logger().info("Vault at %s answers again", self._requester.address)
        for other in others:
            other.vault_answers()

    def not_renewable(self, path: Affected, error: SecretError | None) -> None:
        """Warn once that a policy forbids renewals: new credentials are fetched before the current ones end."""
        if isinstance(error, VaultDenied) and self._renewable:
            self._renewable = False
            logger().warning("%s: %s; new credentials are fetched before these end", path.reference, error)
