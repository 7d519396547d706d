"""Outcomes of the requests for one path since the last success."""

from __future__ import annotations

from toriconfig._vault.http.translate import is_outage
from toriconfig.errors import SecretError, VaultNotFound


class Attempts:
    """The outcomes of the requests of one path, newest first in mind.

    Attributes:
        error: of the last one; None: it succeeded, or there was none.
        failures: how many have failed in a row.
        absent: how many in a row were answered with 404.
        unanswered_since: monotonic seconds at which the first request since Vault's last answer was sent, or None.
    """

    __slots__ = ("_warned", "absent", "error", "failures", "unanswered_since")

    def __init__(self) -> None:
        self.error: SecretError | None = None
        self.failures = 0
        self.absent = 0
        self.unanswered_since: float | None = None
        self._warned = False

    @property
    def outage_since(self) -> float | None:
        """`unanswered_since` where the last request failed because Vault answers nobody; else None."""
        return self.unanswered_since if is_outage(self.error) else None

    def sent(self, now: float) -> None:
        """A request was sent."""
        if self.unanswered_since is None:
            self.unanswered_since = now

    def answered(self) -> None:
        """Vault answered, or nobody will know whether it did."""
        self.unanswered_since = None

    def succeeded(self) -> None:
        """A request brought what it was sent for."""
        self.__init__()  # type: ignore[misc]

    def failed(self, error: SecretError) -> None:
        """A request did not."""
        self.error = error
        self.failures += 1
        self.absent = self.absent + 1 if isinstance(error, VaultNotFound) else 0
        if not is_outage(error):
            self.unanswered_since = None

    def to_be_warned_of(self) -> bool:
        """Return True if the failures since the last success need a warning, and mark the warning as given."""
        first, self._warned = not self._warned and not isinstance(self.error, VaultNotFound), True
        return first
