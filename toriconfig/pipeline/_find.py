"""Search for many words in a text, with a cost that hardly depends on the number of words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

Span = tuple[int, int]


class Automaton(Protocol):
    """Protocol of those parts of `ahocorasick_rs.AhoCorasick` that this package uses."""

    def find_matches_as_indexes(self, haystack: str, overlapping: bool = False) -> list[tuple[int, int, int]]: ...


def fast_automaton() -> Callable[[list[str]], Automaton] | None:
    """Return the class of the Aho-Corasick automaton (extra `fast-logs`); None if the library is not installed."""
    try:
        from ahocorasick_rs import AhoCorasick
    except ImportError:
        return None
    return AhoCorasick


_COMMON_FIRST = " etaoinsrhldcmupf.,:-_/gw0123456789yb\"'=()[]INFORGWAEvTSDkCLPMUBHVYKXjxqzJQZ"
_RANKS = str.maketrans({character: chr(rank) for rank, character in enumerate(_COMMON_FIRST)})
"""Table for `str.translate` that replaces each character by one that sorts by rarity. Other characters stay."""


class Anchors:
    """Index of words by their rarest inner character, for a fast search without a lock.

    `_index` maps each rarest character to a dict. The keys of this dict are strings of three characters: the rarest
    character with its left and right neighbour. The values are lists of `(word, position of the rarest character)`.
    """

    def __init__(self) -> None:
        self._index: dict[str, dict[str, list[tuple[str, int]]]] = {}

    def add(self, word: str) -> None:
        """Add a word of at least three characters."""
        anchor, gram, at = _anchor(word)
        grams = self._index.get(anchor)
        if grams is None:
            # Read without a lock: replace the outer dict as a whole; only append to a list or replace it.
            self._index = {**self._index, anchor: {gram: [(word, at)]}}
        else:
            grams.setdefault(gram, []).append((word, at))

    def remove(self, word: str) -> None:
        anchor, gram, at = _anchor(word)
        grams = self._index.get(anchor, {})
        rest = [entry for entry in grams.get(gram, ()) if entry != (word, at)]
        if rest:
            grams[gram] = rest
        else:
            grams.pop(gram, None)

    def spans(self, text: str) -> list[Span]:
        """Return `(start, end)` of each occurrence of an indexed word, also of overlapping ones, in any order."""
        found: list[Span] = []
        for anchor, grams in self._index.items():
            if anchor not in text:
                continue
            position = text.find(anchor)
            while position >= 0:
                for word, at in grams.get(text[position - 1 : position + 2], ()):
                    if position >= at and text.startswith(word, position - at):
                        found.append((position - at, position - at + len(word)))
                position = text.find(anchor, position + 1)
        return found


def _anchor(word: str) -> tuple[str, str, int]:
    ranks = word[1:-1].translate(_RANKS)
    # The last one: a prefix that many tokens share (`eyJ`, `ghp_`) is at the start.
    at = 1 + ranks.rindex(max(ranks))
    return word[at], word[at - 1 : at + 2], at


class Finder:
    """Search for words in texts. A word that was added several times must be removed as many times.

    An Aho-Corasick automaton finds the words that existed when the automaton was built. `Anchors`, another index,
    finds the words added later. The automaton is rebuilt only after many additions.

    Args:
        build: creates an automaton; None: only `Anchors` is used.
    """

    def __init__(self, build: Callable[[list[str]], Automaton] | None = None) -> None:
        self._build = build
        self._counts: dict[str, int] = {}
        self._all = Anchors()
        self._unknown: list[str] = []
        self._ready: tuple[Automaton | None, Anchors | None] = (None, None)

    def add(self, words: Iterable[str]) -> None:
        for word in words:
            count = self._counts.get(word, 0)
            self._counts[word] = count + 1
            if count:
                continue
            self._all.add(word)
            if self._build is not None:
                self._unknown.append(word)
                automaton, rest = self._ready
                if automaton is not None:
                    rest = rest or Anchors()
                    rest.add(word)
                    self._ready = (automaton, rest)

    def remove(self, words: Iterable[str]) -> None:
        for word in words:
            count = self._counts.get(word, 0)
            if count > 1:
                self._counts[word] = count - 1
            elif count:
                del self._counts[word]
                self._all.remove(word)
                if self._build is not None:
                    self._ready = (None, None)
                    self._unknown = list(self._counts)

    def settle(self) -> None:
        """Rebuild the automaton if the number of missing words exceeds both 32 and a quarter of all words."""
        if self._build is None or len(self._unknown) <= max(32, len(self._counts) // 4):
            return
        known = [word for word in self._counts if _is_encodable(word)]
        rest = None
        for word in self._counts.keys() - set(known):
            rest = rest or Anchors()
            rest.add(word)
        self._ready = (self._build(known), rest)
        self._unknown = []

    def spans(self, text: str) -> list[Span]:
        """Return `(start, end)` of each occurrence of an added word in `text`, in any order."""
        automaton, rest = self._ready
        if automaton is None:
            return self._all.spans(text)
        try:
            found = automaton.find_matches_as_indexes(text)
            if not found:
                return rest.spans(text) if rest is not None else []
            found = automaton.find_matches_as_indexes(text, overlapping=True)
        except UnicodeEncodeError:  # a lone surrogate, as in a file name that is no UTF-8
            return self._all.spans(text)
        spans = [(start, end) for _, start, end in found]
        return spans + rest.spans(text) if rest is not None else spans


def _is_encodable(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
