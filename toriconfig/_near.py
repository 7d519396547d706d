"""Near misses: which known name a mistyped one probably meant."""

from __future__ import annotations

from collections.abc import Iterable

CUTOFF = 0.6
"""Likeness (difflib's ratio, 0 to 1) from which a name is worth suggesting."""


def near(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` most probably meant, or None when none is like it.

    >>> near("max-Szie", ["min_size", "max_size", "timeout"])
    'max_size'
    """
    found = near_all(word, candidates, limit=1)
    return found[0] if found else None


def near_all(word: str, candidates: Iterable[str], *, limit: int = 3, cutoff: float = CUTOFF) -> list[str]:
    """The candidates like `word`, most alike first, as they were spelt.

    `-` and `_`, and upper and lower case, count as the same: people mix them up more than letters.

    Args:
        limit: how many at most.
        cutoff: least likeness, 0 to 1.
    """
    spelt: dict[str, str] = {}
    for candidate in candidates:
        spelt.setdefault(fold(candidate), candidate)
    # 7 ms of import that only a typo should cost.
    from difflib import get_close_matches

    return [spelt[match] for match in get_close_matches(fold(word), spelt, n=limit, cutoff=cutoff)]


def fold(word: str) -> str:
    """`word` with case and the kind of dash taken away.

    >>> fold("Max-Size")
    'max_size'
    """
    return word.replace("-", "_").casefold()
