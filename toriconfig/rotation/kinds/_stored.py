"""Base of the kinds whose new value becomes valid when it is stored, because no other system must be changed."""

from __future__ import annotations

from collections.abc import Mapping

from toriconfig._core.clean_call import clean_methods
from toriconfig._vault.engines.versions import Versions
from toriconfig.pipeline._library_logger import library_logger
from toriconfig.rotation._errors import RotationRefused
from toriconfig.rotation._protocol import Values, Work


@clean_methods
class Stored:
    """Base class of kinds whose new value becomes valid when it is stored."""

    name: str
    stored = True

    def needs(self, work: Work) -> Mapping[str, str]:
        """Return the policy for destroying versions, as `{path: "update"}`; {} if no version is to be destroyed."""
        return {work.main.destroy_path: "update"} if work.retires and work.main is not None else {}

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        """Do nothing: readers get the new value once it is stored."""

    def verify(self, work: Work, pending: Values) -> None:
        """Do nothing. The option `verify` of the rotation, a function or command of the user, can check the value."""

    def undo(self, work: Work, pending: Values, current: Values) -> None:
        """Do nothing, because `apply` does nothing."""

    def ends_former(self, pending: Values, current: Values) -> bool:
        """Return False, because the former value stays valid after `apply`.

        Args:
            pending: the new values.
            current: values of all keys of the secret, as read at the start of the rotation.
        """
        return False

    def retire(self, work: Work, previous: Values, version: int) -> None:
        """Destroy the KV versions that hold the former value.

        If other versions were deleted earlier, log a warning: their values are unknown, so they are not destroyed.
        """
        if work.main is not None:
            numbers, unknown = _holding(work.main, previous, version)
            if numbers:
                work.fence()
                work.main.destroy(numbers)
            if unknown:
                library_logger("toriconfig.rotation").warning(
                    "%s: deleted versions cannot be read; if they hold the former value, destroy them: %s",
                    work.ref.path,
                    ", ".join(map(str, unknown)),
                )

    def rotated_at(self, work: Work) -> float | None:
        """Return None. The library reads the time from the record or the metadata, and never calls this method."""
        return None


def _holding(main: Versions, values: Values, base: int) -> tuple[list[int], list[int]]:
    """Return `(holding, unknown)`: the numbers of versions that hold `values`, and of deleted versions.

    The newest version is in neither list. The version `base` is known to hold the values, so it is in `holding` even if
    it is deleted.
    """
    if not values:
        return [], []
    found: list[int] = []
    unknown: list[int] = []
    for number in range(main.read().number - 1, 0, -1):
        version = main.read(number)
        if version.state == "absent":
            break  # the engine keeps none that is older
        if version.state == "deleted":
            (found if number == base else unknown).append(number)
        elif version.state == "there" and values.items() <= version.data.items():
            found.append(number)
    return found, unknown


def key_of(work: Work) -> str:
    """Return the key of the reference.

    Raises:
        RotationRefused: the reference has no key.
    """
    if work.ref.key is None:
        raise RotationRefused(
            f"{work.ref} names no key",
            reference=str(work.ref),
            help=f"write `{work.ref.path}#key`, or name another kind",
        )
    return work.ref.key
