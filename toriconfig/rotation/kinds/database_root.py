"""Rotation of the account with which Vault logs in to a database."""

from __future__ import annotations

from collections.abc import Mapping

from toriconfig._core.clean_call import clean_methods
from toriconfig.rotation._protocol import Values, Work
from toriconfig.rotation.kinds._in_engine import InEngine, place_of


@clean_methods
class DatabaseRoot(InEngine):
    """`database/config/NAME`: Vault changes the password of its own database account.

    Only Vault knows the new password. Other users of the account are locked out, so first create an account that only
    Vault uses.
    """

    name = "database-root"
    summary = "database/config/NAME: Vault's own database account"

    def needs(self, work: Work) -> Mapping[str, str]:
        """Return the Vault policy that the rotation needs, as `{path: capability}`."""
        mount, name = place_of(work, "config")
        return {f"{mount}/rotate-root/{name}": "update", f"{mount}/reset/{name}": "update", work.ref.path: "read"}

    def plan(self, work: Work, current: Values) -> list[str]:
        """Return a list with one planned action.

        Raises:
            VaultNotFound: Vault has no database connection at the path of the reference.
        """
        found = work.request("GET", work.ref.path).data
        user = (found.get("connection_details") or {}).get("username", "its user")
        return [f"have Vault set a new password for {user}, which only Vault will know"]

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        """Request the rotation from Vault."""
        mount, name = place_of(work, "config")
        work.request("POST", f"{mount}/rotate-root/{name}")

    def verify(self, work: Work, pending: Values) -> None:
        """Make Vault connect again with the new password.

        Raises:
            VaultError: Vault cannot connect.
        """
        mount, name = place_of(work, "config")
        work.request("POST", f"{mount}/reset/{name}")
