"""The account with which Vault itself enters a database."""

from __future__ import annotations

from collections.abc import Mapping

from toriconfig.rotation._protocol import Values, Work
from toriconfig.rotation.kinds._in_engine import InEngine, place_of


class DatabaseRoot(InEngine):
    """`database/config/NAME`: Vault gives its own account a password that nobody else will ever know.

    Whoever else used that account is locked out; let Vault have one of its own first.
    """

    name = "database-root"
    summary = "database/config/NAME: Vault's own account there"

    def needs(self, work: Work) -> Mapping[str, str]:
        """To read the connection, to rotate it and to have it tried."""
        mount, name = place_of(work, "config")
        return {f"{mount}/rotate-root/{name}": "update", f"{mount}/reset/{name}": "update", work.ref.path: "read"}

    def plan(self, work: Work, current: Values) -> list[str]:
        """One line.

        Raises:
            VaultNotFound: there is no such connection.
        """
        found = work.request("GET", work.ref.path).data
        user = (found.get("connection_details") or {}).get("username", "its user")
        return [f"have Vault set a new password for {user}, which nobody else will know"]

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        """Have Vault do it."""
        mount, name = place_of(work, "config")
        work.request("POST", f"{mount}/rotate-root/{name}")

    def verify(self, work: Work, pending: Values) -> None:
        """Vault connects anew with it.

        Raises:
            VaultError: it cannot.
        """
        mount, name = place_of(work, "config")
        work.request("POST", f"{mount}/reset/{name}")
