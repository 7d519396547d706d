"""Suggestions of known names for a mistyped name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice

CUTOFF = 0.6
"""Minimum similarity (difflib's ratio, 0 to 1) of a suggested name."""
LONGEST = 200
"""Maximum length of a compared name, in characters. The time of difflib grows with the square of the length."""
MOST_COMPARED = 20_000
"""Maximum number of compared pairs of names. It limits the time for a file with very many unknown keys."""
_SHORTEST = 3


class Suggestions:
    """Suggestions for one load, with a limit on the number of comparisons. After the limit, every result is None.

    Args:
        most: maximum number of compared pairs of names.
    """

    __slots__ = ("_left",)

    def __init__(self, most: int = MOST_COMPARED) -> None:
        self._left = most

    def near(self, word: str, candidates: Collection[str]) -> str | None:
        """Return the candidate most similar to `word`, or None if no candidate is similar.

        If this object has reached its limit of comparisons, always return None.
        """
        return near(word, candidates) if self._afford(len(candidates)) else None

    def sure(self, word: str, candidates: Collection[str]) -> str | None:
        """Return the only candidate that differs from `word` by at most one typing error. Otherwise return None.

        If this object has reached its limit of comparisons, always return None.
        """
        return sure(word, candidates) if self._afford(len(candidates)) else None

    def _afford(self, pairs: int) -> bool:
        if self._left <= 0:
            return False
        self._left -= pairs
        return True


def near(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most similar to `word`, or None if no candidate is similar.

    >>> near("max-Szie", ["min_size", "max_size", "timeout"])
    'max_size'
    """
    found = near_all(word, candidates, limit=1)
    return found[0] if found else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Return ", did you mean 'NAME'?" with the candidate most similar to `word`; "" if no candidate is similar.

    >>> "unknown method 'aprole'" + did_you_mean("aprole", ["approle", "jwt"])
    "unknown method 'aprole', did you mean 'approle'?"
    """
    found = near(word, candidates)
    return "" if found is None else f", did you mean {found!r}?"


def near_all(word: str, candidates: Iterable[str], *, limit: int = 3, cutoff: float = CUTOFF) -> list[str]:
    """Return the candidates that are similar to `word`, the most similar first; [] if none is similar.

    Differences of case, and between `-` and `_`, are ignored. A name of more than 200 characters is never similar.

    Args:
        limit: maximum number of candidates.
        cutoff: minimum similarity, 0 to 1.
    """
    if len(word) > LONGEST:
        return []
    spelt: dict[str, str] = {}
    for candidate in islice(candidates, MOST_COMPARED):
        if len(candidate) <= LONGEST:
            spelt.setdefault(fold(candidate), candidate)
    # The import takes 7 ms, so it waits for the first unknown name.
    from difflib import get_close_matches

    return [spelt[match] for match in get_close_matches(fold(word), spelt, n=limit, cutoff=cutoff)]


def sure(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate within one typing error of `word`; None unless exactly one candidate fits.

    A typing error is a missing, added or changed letter, or two swapped letters. Differences of case, and between
    `-` and `_`, are ignored.

    >>> sure("max-szie", ["min_size", "max_size"]), sure("siz", ["size", "sizes"]), sure("sie", ["size", "side"])
    ('max_size', 'size', None)
    """
    if len(word) > LONGEST:
        return None
    folded = fold(word)
    found = [candidate for candidate in candidates if _one_slip(folded, fold(candidate))]
    return found[0] if len(found) == 1 else None


def _digits(word: str) -> str:
    return "".join(filter(str.isdigit, word))


def _one_slip(one: str, other: str) -> bool:
    if one == other:
        return True
    # Short words are too similar to each other. Words with different digits have different meanings.
    if min(len(one), len(other)) < _SHORTEST or abs(len(one) - len(other)) > 1 or _digits(one) != _digits(other):
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, meant = one[start:], other[start:]
    swapped = rest[:2] == meant[1::-1] and rest[2:] == meant[2:]
    return swapped or meant in (rest, rest[1:]) or rest[1:] == meant[1:] or rest == meant[1:]


def fold(word: str) -> str:
    """Return `word` in lower case, with `_` for `-`.

    >>> fold("Max-Size")
    'max_size'
    """
    return word.replace("-", "_").casefold()
