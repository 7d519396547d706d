"""Rotation of a key of the transit engine."""

from __future__ import annotations

from collections.abc import Mapping

from toriconfig._core.clean_call import clean_methods
from toriconfig.rotation._errors import RotationError
from toriconfig.rotation._protocol import Values, Work
from toriconfig.rotation._timestamps import seconds_of
from toriconfig.rotation.kinds._in_engine import InEngine, place_of


@clean_methods
class TransitKey(InEngine):
    """`transit/keys/NAME`: the key gets a new version. Data encrypted with earlier versions can still be decrypted."""

    name = "transit-key"
    summary = "transit/keys/NAME: a new version of the key"

    def needs(self, work: Work) -> Mapping[str, str]:
        """Return the Vault policy that the rotation of the key needs, as `{path: capability}`."""
        return {f"{work.ref.path}/rotate": "update", work.ref.path: "read"}

    def plan(self, work: Work, current: Values) -> list[str]:
        """Return a list with one planned action.

        Raises:
            VaultNotFound: there is no such key.
        """
        place_of(work, "keys")
        work.before = int(work.request("GET", work.ref.path).data.get("latest_version", 0))
        return [f"create version {work.before + 1} of the key"]

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        """Request the rotation from Vault."""
        work.request("POST", f"{work.ref.path}/rotate")

    def verify(self, work: Work, pending: Values) -> None:
        """Check that the key has a newer version than before the rotation.

        Raises:
            RotationError: the key has no newer version.
        """
        found = work.request("GET", work.ref.path).data
        if int(found.get("latest_version", 0)) <= work.before:
            raise RotationError("Vault shows no newer version")

    def rotated_at(self, work: Work) -> float | None:
        """Return the creation time of the key's newest version, in seconds since 1970; None if the time is unknown."""
        made = work.request("GET", work.ref.path).data.get("keys") or {}
        newest = made.get(max(made, key=int)) if made else None
        if isinstance(newest, dict):
            return seconds_of(str(newest.get("creation_time", "")))
        return float(newest) if isinstance(newest, (int, float)) else None
