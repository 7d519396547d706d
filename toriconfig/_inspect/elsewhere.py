"""References to backends other than Vault, grouped by backend, for `doctor` and `policy`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from toriconfig._core.markers import scheme_of, split_key

if TYPE_CHECKING:
    from toriconfig.backends import Backend


def by_backend(references: Iterable[str], given: Sequence[Backend]) -> dict[Backend, list[str]]:
    """Return a mapping from each backend to the list of its references.

    Args:
        references: references of the form `scheme:path#key`.
        given: the backends of the option `backends`.
    """
    from toriconfig.backends import backend_of

    found: dict[str, list[str]] = {}
    for reference in references:
        found.setdefault(scheme_of(reference), []).append(reference)
    return {backend_of(scheme, given): names for scheme, names in found.items()}


def paths_of(references: Iterable[str]) -> list[str]:
    """Return the path in each reference, without scheme and key: `prod/app` for `aws:prod/app#password`.

    A path that several references share is returned once.
    """
    return list(dict.fromkeys(split_key(reference.partition(":")[2])[0] for reference in references))
