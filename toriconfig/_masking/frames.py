"""The lines of one input, with every secret masked. A secret may extend over several lines.

    password: hunter2        ->  password: **********
    private_key: |           ->  private_key: **********
      MIIEpAIBAAKCAQEA           **********
    db: {user: x, pwd: y}    ->  db: {user: x, pwd: **********
    # old password: hunter1  ->  # **********

A line is masked from the start of a secret to the end of the line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from toriconfig._core.origin import Origin
from toriconfig._masking.mask import ANCHOR, cut
from toriconfig._masking.reach import dotenv_cuts, yaml_cuts
from toriconfig._masking.sensitive import Sensitive

_ALIAS = re.compile(r"(?:^|[\s\[{,:])\*([^\s,\[\]{}]+)")
_MOST_LOOKS = 10
"""Maximum depth of anchors inside anchors; beyond it, each anchor that is used counts as secret."""
_FAR = 5000
"""Number of lines below the last requested line that are searched for the uses of an anchor."""


class Masked:
    """The lines of one input. A line is masked when it is requested.

    Args:
        lines: the whole input, because a secret may begin many lines above the requested line.
        sensitive: names and positions of the secrets; None: only the usual names of secrets are recognized.
    """

    def __init__(self, lines: Sequence[str], sensitive: Sensitive | None = None) -> None:
        self._lines = lines
        self._sensitive = sensitive or Sensitive()
        self._shown: list[str] = []

    def line(self, number: int) -> str:
        """Return line `number` (1-based), masked; "" if there is no such line."""
        if not 0 < number <= len(self._lines):
            return ""
        if number > len(self._shown):
            # Double the last end: a caller that reads line by line then masks each line at most twice.
            self._shown = self._mask(max(number, 2 * len(self._shown)))
        return self._shown[number - 1]

    def excerpt(self, origin: Origin) -> tuple[str, int, str]:
        """Return `(source, line number, masked line)` of `origin`; line 1 if `origin` has no line."""
        number = origin.line or 1
        return origin.source, number, self.line(number)

    def _mask(self, end: int) -> list[str]:
        """Return the first `end` lines, masked."""
        lines = [line.rstrip("\r\n") for line in self._lines[:end]]
        cuts = dotenv_cuts(lines) if self._sensitive.everything else self._yaml_cuts(lines)
        for line, column, end_line, end_column in self._sensitive.spans:
            last = end_line if end_column > 1 or end_line == line else end_line - 1
            for number in range(line, min(last, len(cuts)) + 1):
                cuts[number - 1] = min(cuts[number - 1], column - 1 if number == line else 0)
        return [cut(text, at) for text, at in zip(lines, cuts, strict=True)]

    def _yaml_cuts(self, lines: list[str]) -> list[int]:
        end = len(lines)
        # A secret may be at an anchor, far from the key that uses it: search again for such anchors.
        lines, anchors = self._down_to_uses(lines)
        looks = 0
        while True:
            cuts = yaml_cuts(lines, self._sensitive, anchors)
            looks += 1
            masked = lines if looks == _MOST_LOOKS else map(_rest, lines, cuts)
            used = {name for text in masked for name in _ALIAS.findall(text)}
            if used <= anchors:
                return cuts[:end]
            anchors |= used

    def _down_to_uses(self, lines: list[str]) -> tuple[list[str], frozenset[str]]:
        """Return `(extended, anchors)` for the first lines of the input.

        `extended` is `lines` plus the next lines, down to the last use of a YAML anchor that is defined in `lines`.
        At most `_FAR` lines are added. `anchors` are the anchors that are used even further down; the caller treats
        these anchors as secret.
        """
        if len(lines) == len(self._lines):
            return lines, frozenset()
        anchors = {name for text in lines if "&" in text for name in ANCHOR.findall(text)}
        if not anchors:
            return lines, frozenset()
        far: set[str] = set()
        end = len(lines)
        for number in range(len(lines), len(self._lines)):
            text = self._lines[number]
            if "*" in text and not anchors.isdisjoint(names := _ALIAS.findall(text)):
                if number < len(lines) + _FAR:
                    end = number + 1
                else:
                    far.update(anchors.intersection(names))
        below = [line.rstrip("\r\n") for line in self._lines[len(lines) : end]]
        return lines + below, frozenset(far)


def _rest(text: str, at: int) -> str:
    return text[at:]


def excerpt(lines: Sequence[str], origin: Origin, sensitive: Sensitive | None = None) -> tuple[str, int, str]:
    """Return `(source, line number, masked line)` of `origin`. For several lines of one input, use `Masked`.

    If `sensitive` is None, mask every value in a `.env` file, and elsewhere the values of keys with the usual names of
    secrets.
    """
    if sensitive is None and origin.layer == "dotenv":
        sensitive = Sensitive(everything=True)
    return Masked(lines, sensitive).excerpt(origin)


def mask_line(text: str, sensitive: Sensitive | None = None) -> str:
    """Return a single line with its secrets masked. Other lines of the input are not known.

    >>> mask_line("database_url: postgresql://tori:hunter2@db/tori  # hunter2")
    'database_url: postgresql://**********'
    """
    return Masked([text], sensitive).line(1)
