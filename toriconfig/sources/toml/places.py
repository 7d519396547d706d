"""Positions of the keys and values of a TOML text.

`tomllib` returns values without positions, so the text is scanned again. The scanner reports no errors, because
`tomllib` has already read the text. It follows strings, brackets and headers.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

_BLANK = re.compile(r"(?:[ \t\r\n]|\#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRINGS = {
    '"""': re.compile(r'"""(?:\\.|[^\\])*?"{3,5}(?!")', re.DOTALL),
    "'''": re.compile(r"'''.*?'{3,5}(?!')", re.DOTALL),
    '"': re.compile(r'"(?:\\.|[^"\\\n])*"'),
    "'": re.compile(r"'[^'\n]*'"),
}
_SCALAR = re.compile(r"[^,\]}\#\n]*[^,\]}\#\s]")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")

Span = tuple[int, int]
"""Offsets of the first character and of the character after the last."""


class Spot:
    """The position of one value.

    Attributes:
        at: position of the value; for a table, of the first header that names it.
        key_at: position of its key, or None for the items of an array.
        below: for a table, a dict from each key to its spot; for an array, a list of the spots of its items; else None.
    """

    __slots__ = ("at", "below", "key_at")

    def __init__(self, at: Span, key_at: Span | None, below: dict[str, Spot] | list[Spot] | None = None) -> None:
        self.at = at
        self.key_at = key_at
        self.below = below


class TooDeep(Exception):
    """Error for values that are nested too deeply. `at` is the offset of the first such value or key."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


def places(text: str, max_depth: int) -> Spot:
    """Return the positions of the tables, keys and values of a TOML text, as a tree.

    Args:
        text: a valid TOML text.
        max_depth: maximum nesting depth, including the top level.

    Raises:
        TooDeep: values are nested more deeply.
    """
    return _Walk(text, max_depth).document()


class _Walk:
    def __init__(self, text: str, max_depth: int) -> None:
        self.text = text
        self.max_depth = max_depth
        self.at = 0

    def document(self) -> Spot:
        root = table = Spot((0, 0), None, {})
        depth = 1
        while self._skip(_BLANK) < len(self.text):
            if self.text.startswith("[", self.at):
                table, depth = self._header(root)
            else:
                self._pair(table, depth)
        return root

    def _header(self, root: Spot) -> tuple[Spot, int]:
        start = self.at
        many = self.text.startswith("[[", start)
        self.at += 2 if many else 1
        keys = self._keys()
        self.at = self.text.index("]", self.at) + (2 if many else 1)
        *parents, (name, key_at) = keys
        here = root
        for parent, parent_at in parents:
            here = _below(here, parent, (start, self.at), parent_at)
        if not many:
            return _below(here, name, (start, self.at), key_at), len(keys) + 1
        array = _table(here).setdefault(name, Spot((start, self.at), key_at, []))
        item = Spot((start, self.at), None, {})
        assert isinstance(array.below, list)
        array.below.append(item)
        return item, len(keys) + 2

    def _pair(self, table: Spot, depth: int) -> None:
        *parents, (name, key_at) = self._keys()
        for parent, parent_at in parents:
            table = _below(table, parent, parent_at, parent_at)
        self.at = self.text.index("=", self.at) + 1
        self._skip(_SPACE)
        spot = self._value(depth + len(parents) + 1)
        spot.key_at = key_at
        _table(table)[name] = spot

    def _keys(self) -> list[tuple[str, Span]]:
        found: list[tuple[str, Span]] = []
        while True:
            start = self._skip(_SPACE)
            if self.text[start] in "\"'":
                raw = self._take(_STRINGS[self.text[start]])
                name: str = tomllib.loads(f"key = {raw}")["key"]
            else:
                name = self._take(_BARE_KEY)
            found.append((name, (start, self.at)))
            if len(found) >= self.max_depth:
                raise TooDeep(start)
            self._skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return found
            self.at += 1

    def _value(self, depth: int) -> Spot:
        start = self.at
        if depth > self.max_depth:
            raise TooDeep(start)
        below: dict[str, Spot] | list[Spot] | None = None
        first = self.text[start]
        if first == "[":
            below = self._items(depth)
        elif first == "{":
            spot = Spot((start, start), None, {})
            self._members(spot, depth)
            below = spot.below
        elif first in "\"'":
            mark = self.text[start : start + 3]
            self._take(_STRINGS[mark if mark in _STRINGS else first])
        else:
            self._take(_SCALAR)
        return Spot((start, self.at), None, below)

    def _items(self, depth: int) -> list[Spot]:
        items: list[Spot] = []
        self.at += 1
        while self.text[self._skip(_BLANK)] != "]":
            items.append(self._value(depth + 1))
            if self.text[self._skip(_BLANK)] == ",":
                self.at += 1
        self.at += 1
        return items

    def _members(self, spot: Spot, depth: int) -> None:
        self.at += 1
        while self.text[self._skip(_BLANK)] != "}":
            self._pair(spot, depth)
            if self.text[self._skip(_BLANK)] == ",":
                self.at += 1
        self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        return self.at

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        return match[0]


def _table(spot: Spot) -> dict[str, Spot]:
    """Return the members of a table, or of the last table of an array of tables."""
    below: Any = spot.below
    if isinstance(below, list):
        below = below[-1].below
    assert isinstance(below, dict)
    return below


def _below(spot: Spot, name: str, at: Span, key_at: Span) -> Spot:
    members = _table(spot)
    if name not in members:
        members[name] = Spot(at, key_at, {})
    found = members[name]
    return found.below[-1] if isinstance(found.below, list) else found
