"""The lines of one input as they may be shown: every secret in them masked, whatever lines it runs over.

    password: hunter2        ->  password: **********
    private_key: |           ->  private_key: **********
      MIIEpAIBAAKCAQEA           **********
    db: {user: x, pwd: y}    ->  db: {user: x, pwd: **********
    # old password: hunter1  ->  # **********

What stands before a secret keeps its columns; what stands behind it on its line is masked with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from toriconfig._masking.mask import cut
from toriconfig._masking.reach import dotenv_cuts, yaml_cuts
from toriconfig._masking.sensitive import Sensitive
from toriconfig._origin import Origin

_ALIAS = re.compile(r"(?:^|[\s\[{,:])\*([^\s,\[\]{}]+)")
_MOST_LOOKS = 10
"""Anchors that hold anchors are followed this far; then each one that is used anywhere is taken for a secret's."""


class Masked:
    """The lines of one input, masked; worked out once, when the first line is asked for.

    Args:
        lines: the whole input, because a secret may begin many lines above the one that is shown.
        sensitive: what is known of its secrets; by default only how secrets are usually named.
    """

    def __init__(self, lines: Sequence[str], sensitive: Sensitive | None = None) -> None:
        self._lines = [line.rstrip("\r\n") for line in lines]
        self._sensitive = sensitive or Sensitive()
        self._shown: list[str] | None = None

    def line(self, number: int) -> str:
        """Line `number` (1-based), masked; "" when there is no such line."""
        if self._shown is None:
            self._shown = self._mask()
        return self._shown[number - 1] if 0 < number <= len(self._shown) else ""

    def excerpt(self, origin: Origin) -> tuple[str, int, str]:
        """The line of `origin` for `Problem.excerpts`: source, number, masked text."""
        number = origin.line or 1
        return origin.source, number, self.line(number)

    def _mask(self) -> list[str]:
        cuts = dotenv_cuts(self._lines) if self._sensitive.everything else self._yaml_cuts()
        for line, column, end_line, end_column in self._sensitive.spans:
            last = end_line if end_column > 1 or end_line == line else end_line - 1
            for number in range(line, min(last, len(cuts)) + 1):
                cuts[number - 1] = min(cuts[number - 1], column - 1 if number == line else 0)
        return [cut(text, at) for text, at in zip(self._lines, cuts, strict=True)]

    def _yaml_cuts(self) -> list[int]:
        anchors: frozenset[str] = frozenset()
        looks = 0
        while True:
            cuts = yaml_cuts(self._lines, self._sensitive, anchors)
            looks += 1
            # A secret may stand at an anchor, far from the key that uses it: look again for those.
            masked = self._lines if looks == _MOST_LOOKS else map(_rest, self._lines, cuts)
            used = {name for text in masked for name in _ALIAS.findall(text)}
            if used <= anchors:
                return cuts
            anchors |= used


def _rest(text: str, at: int) -> str:
    return text[at:]


def excerpt(lines: Sequence[str], origin: Origin, sensitive: Sensitive | None = None) -> tuple[str, int, str]:
    """The line of `origin` for `Problem.excerpts`; for more than one line of an input keep a `Masked`."""
    if sensitive is None and origin.layer == "dotenv":
        sensitive = Sensitive(everything=True)
    return Masked(lines, sensitive).excerpt(origin)


def mask_line(text: str, sensitive: Sensitive | None = None) -> str:
    """One line alone, masked as far as one line tells.

    >>> mask_line("database_url: postgresql://tori:hunter2@db/tori  # hunter2")
    'database_url: postgresql://**********'
    """
    return Masked([text], sensitive).line(1)
