"""Storage for the values of a secret. No repr, pickle or traceback shows the values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Sealed:
    """Values of a secret. No `repr`, log or traceback shows them, and they cannot be pickled."""

    __slots__ = ("_data",)

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = dict(data)

    def open(self) -> dict[str, Any]:
        """Return the secret values that this object hides from output, as a new dict."""
        return dict(self._data)

    def __repr__(self) -> str:
        return "Sealed(**********)"

    def __reduce__(self) -> Any:
        raise TypeError("sealed values are not pickled")
