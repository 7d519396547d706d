"""A key of the transit engine."""

from __future__ import annotations

from collections.abc import Mapping

from toriconfig.rotation._errors import RotationError
from toriconfig.rotation._journal import seconds_of
from toriconfig.rotation._protocol import Values, Work
from toriconfig.rotation.kinds._in_engine import InEngine, place_of


class TransitKey(InEngine):
    """`transit/keys/NAME`: gets a new version. What was encrypted with earlier ones can still be decrypted."""

    name = "transit-key"
    summary = "transit/keys/NAME: a new version of the key"

    def needs(self, work: Work) -> Mapping[str, str]:
        """To read the key and to rotate it."""
        return {f"{work.ref.path}/rotate": "update", work.ref.path: "read"}

    def plan(self, work: Work, current: Values) -> list[str]:
        """One line.

        Raises:
            VaultNotFound: there is no such key.
        """
        place_of(work, "keys")
        work.before = int(work.request("GET", work.ref.path).data.get("latest_version", 0))
        return [f"make version {work.before + 1} of the key"]

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        """Have Vault do it."""
        work.request("POST", f"{work.ref.path}/rotate")

    def verify(self, work: Work, pending: Values) -> None:
        """There is a newer version.

        Raises:
            RotationError: there is none.
        """
        found = work.request("GET", work.ref.path).data
        if int(found.get("latest_version", 0)) <= work.before:
            raise RotationError("Vault shows no newer version")

    def rotated_at(self, work: Work) -> float | None:
        """Return the creation time of the key's newest version."""
        made = work.request("GET", work.ref.path).data.get("keys") or {}
        newest = made.get(max(made, key=int)) if made else None
        if isinstance(newest, dict):
            return seconds_of(str(newest.get("creation_time", "")))
        return float(newest) if isinstance(newest, (int, float)) else None
