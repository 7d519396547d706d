"""Record of the requests for one value since the last success."""

from __future__ import annotations

from toriconfig.errors import SecretError, SecretNotFound

AGREEING = 3
"""Number of requests in a row that must not find the value before a cached one is dropped."""


class Attempts:
    """Record of the failed requests for one value. A success resets the record.

    Attributes:
        error: error of the last request; None: no failure since the last success.
        failures: number of failed requests in a row.
        absent: number of requests in a row that did not find the value.
    """

    __slots__ = ("absent", "error", "failures")

    def __init__(self) -> None:
        self.error: SecretError | None = None
        self.failures = 0
        self.absent = 0

    @property
    def gone(self) -> bool:
        """True if at least `AGREEING` requests in a row did not find the value, so that a cached value must be dropped."""
        return self.absent >= AGREEING

    def succeeded(self) -> None:
        """Record a success."""
        self.error, self.failures, self.absent = None, 0, 0

    def failed(self, error: SecretError) -> None:
        """Record a failure."""
        self.error = error
        self.failures += 1
        self.absent = self.absent + 1 if isinstance(error, SecretNotFound) else 0
