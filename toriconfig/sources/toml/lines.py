"""Lines and columns of a TOML text."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Any

from toriconfig._core.origin import LayerKind, Origin


class Lines:
    """A text, with the conversion of its offsets to lines and columns."""

    def __init__(self, text: str, kind: LayerKind, name: str) -> None:
        self.text = text
        self._kind: LayerKind = kind
        self._name = name
        self._starts: list[int] | None = None

    def origin(self, at: Any) -> Origin:
        """Return the origin of the text between two offsets; for None, the origin of the whole file."""
        if at is None:
            return Origin(self._kind, self._name)
        return Origin(self._kind, self._name, *self._place(at[0]), *self._place(at[1]))

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a 1-based position, at most the end of the text."""
        starts = self._lines()
        return min(starts[line - 1] + column - 1, len(self.text)) if line <= len(starts) else len(self.text)

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._lines(), offset)
        return line, offset - self._lines()[line - 1] + 1

    def _lines(self) -> list[int]:
        if self._starts is None:
            self._starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
        return self._starts
