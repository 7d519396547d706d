"""Rotation of a static role: a database user whose password Vault changes."""

from __future__ import annotations

from collections.abc import Mapping

from toriconfig._core.clean_call import clean_methods
from toriconfig.rotation._errors import RotationError
from toriconfig.rotation._protocol import Values, Work
from toriconfig.rotation._timestamps import seconds_of
from toriconfig.rotation.kinds._in_engine import InEngine, place_of


@clean_methods
class StaticRole(InEngine):
    """`database/static-creds/NAME`: Vault sets a new password now, before the end of the rotation period.

    The former password stops working at once. Readers that hold it fail until they refresh.
    """

    name = "static-role"
    summary = "database/static-creds/NAME: Vault sets a new password"

    def needs(self, work: Work) -> Mapping[str, str]:
        """Return the Vault policy that the rotation of the role needs, as `{path: capability}`."""
        mount, name = place_of(work, "static-creds")
        return {f"{mount}/rotate-role/{name}": "update", work.ref.path: "read"}

    def plan(self, work: Work, current: Values) -> list[str]:
        """Return a list with one planned action.

        Raises:
            VaultNotFound: there is no such role.
        """
        mount, name = place_of(work, "static-creds")
        found = work.request("GET", work.ref.path).data
        work.before = str(found.get("last_vault_rotation", ""))
        return [f"let {mount} set a new password for {name} (last done {work.before})"]

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        """Request the rotation from Vault."""
        mount, name = place_of(work, "static-creds")
        work.request("POST", f"{mount}/rotate-role/{name}")

    def generate(self, work: Work, current: Values) -> Values:
        """Return the new user name and password."""
        found = work.request("GET", work.ref.path).data
        return {key: found[key] for key in ("username", "password", "last_vault_rotation") if key in found}

    def verify(self, work: Work, pending: Values) -> None:
        """Check that Vault has rotated the password, and remove the key `last_vault_rotation` from `pending`.

        Raises:
            RotationError: this key holds the same time as before the rotation.
        """
        if pending.pop("last_vault_rotation", "") == work.before:
            raise RotationError("Vault still shows the time of the previous rotation")

    def rotated_at(self, work: Work) -> float | None:
        """Return the time of the last rotation in seconds since 1970, as Vault reports it; None if it reports none."""
        return seconds_of(str(work.request("GET", work.ref.path).data.get("last_vault_rotation", "")))
