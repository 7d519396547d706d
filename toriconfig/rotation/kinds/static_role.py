"""A static role: a database user whose password Vault itself changes."""

from __future__ import annotations

from collections.abc import Mapping

from toriconfig.rotation._errors import RotationError
from toriconfig.rotation._journal import seconds_of
from toriconfig.rotation._protocol import Values, Work
from toriconfig.rotation.kinds._in_engine import InEngine, place_of


class StaticRole(InEngine):
    """`database/static-creds/NAME`: Vault sets a new password now, and not only when its period is over.

    The former password dies in the same instant; readers that hold it fail until they look again.
    """

    name = "static-role"
    summary = "database/static-creds/NAME: Vault changes it"

    def needs(self, work: Work) -> Mapping[str, str]:
        """To read it and to rotate it."""
        mount, name = place_of(work, "static-creds")
        return {f"{mount}/rotate-role/{name}": "update", work.ref.path: "read"}

    def plan(self, work: Work, current: Values) -> list[str]:
        """One line.

        Raises:
            VaultNotFound: there is no such role.
        """
        mount, name = place_of(work, "static-creds")
        found = work.request("GET", work.ref.path).data
        work.before = str(found.get("last_vault_rotation", ""))
        return [f"have {mount} set a new password for {name} (last done {work.before})"]

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        """Have Vault do it."""
        mount, name = place_of(work, "static-creds")
        work.request("POST", f"{mount}/rotate-role/{name}")

    def generate(self, work: Work, current: Values) -> Values:
        """The new user name and password."""
        found = work.request("GET", work.ref.path).data
        return {key: found[key] for key in ("username", "password", "last_vault_rotation") if key in found}

    def verify(self, work: Work, pending: Values) -> None:
        """Vault says that it has.

        Raises:
            RotationError: it says otherwise.
        """
        if pending.pop("last_vault_rotation", "") == work.before:
            raise RotationError("Vault still shows the time of the rotation before")

    def rotated_at(self, work: Work) -> float | None:
        """As Vault has it."""
        return seconds_of(str(work.request("GET", work.ref.path).data.get("last_vault_rotation", "")))
