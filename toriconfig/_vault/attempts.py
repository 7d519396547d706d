"""Record of the requests for one path of Vault since the last success."""

from __future__ import annotations

from toriconfig._secrets.attempts import Attempts
from toriconfig._vault.http.translate import is_outage
from toriconfig.errors import SecretError, VaultNotFound


class PathAttempts(Attempts):
    """Record of the requests for one path of Vault since the last success.

    Attributes:
        unanswered_since: monotonic seconds of the first request since the last answer; None: every request was
            answered.
    """

    __slots__ = ("_warned", "unanswered_since")

    def __init__(self) -> None:
        super().__init__()
        self.unanswered_since: float | None = None
        self._warned = False

    @property
    def outage_since(self) -> float | None:
        """`unanswered_since` if the last error is an outage (see `is_outage`); otherwise None."""
        return self.unanswered_since if is_outage(self.error) else None

    def sent(self, now: float) -> None:
        """Record that a request was sent at the monotonic time `now`, unless an earlier request has no answer yet."""
        if self.unanswered_since is None:
            self.unanswered_since = now

    def answered(self) -> None:
        """Record that no request waits for an answer: Vault has answered, or the request was abandoned."""
        self.unanswered_since = None

    def succeeded(self) -> None:
        """Record a success."""
        super().succeeded()
        self.unanswered_since = None
        self._warned = False

    def failed(self, error: SecretError) -> None:
        """Record a failure. An `error` that is no outage is an answer of Vault, so `unanswered_since` becomes None."""
        super().failed(error)
        if not is_outage(error):
            self.unanswered_since = None

    def take_warning(self) -> bool:
        """Return True if this call is the first since the last success and the last error is not a `VaultNotFound`.

        If the result is True, the caller logs a warning.
        """
        first, self._warned = not self._warned and not isinstance(self.error, VaultNotFound), True
        return first
