"""Warnings about cached values that Vault cannot confirm, and messages about the recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from toriconfig._secrets.outages import Named, Outages
from toriconfig._vault.log import LOGGER, logger
from toriconfig.errors import SecretError, VaultDenied

if TYPE_CHECKING:
    from toriconfig._vault.requester import PathRequester


class Affected(Named, Protocol):
    """Protocol of a cached path whose requests may fail in an outage."""

    def vault_answers(self) -> None:
        """Request new credentials if the old credentials ended during the outage."""
        ...


class VaultOutages(Outages[Affected]):
    """The cached paths whose last request failed while a usable value is in memory.

    Args:
        requester: client, whose address appears in messages.
    """

    def __init__(self, requester: PathRequester) -> None:
        super().__init__(LOGGER, lambda: f"Vault at {requester.address}")

    def reset(self) -> None:
        super().reset()
        self._renewable = True

    def confirmed(self, path: Affected) -> None:
        """Record that Vault confirmed the value of `path`. Call `vault_answers` of the other failing paths."""
        for other in self.succeeded(path):
            other.vault_answers()

    def not_renewable(self, path: Affected, error: SecretError | None) -> None:
        """If `error` is a `VaultDenied`, log a warning that a policy forbids the renewal of leases.

        The warning is logged only once for all paths.
        """
        if isinstance(error, VaultDenied) and self._renewable:
            self._renewable = False
            logger().warning("%s: %s; new credentials are fetched before these end", path.reference, error)
