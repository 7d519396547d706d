"""Search of a text for its secrets. The result has one position per line: the line is masked from there on.

The scanner knows how values end in YAML (quotes, brackets, block scalars, indentation). In text that is not
valid YAML, the scanner assumes that the secret continues.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from toriconfig._masking.mask import LONGEST_LINE, PEM_BEGIN, PEM_END, openings, suspicious
from toriconfig._masking.sensitive import TOKEN, Sensitive

_KEY = re.compile(r"""(?P<lead>\s*(?:-\s+)*)(?:(?:"[^"]*"|'[^']*')\s*|[^\s\#&*!|>%@`"'\[\]{},?:-][^\#]*?):(?:\s|\Z)""")
_LEAD = re.compile(r"[ ]*(?:[-?]\s+)*")
_BLOCK = re.compile(r"(?:^|[\s:-])[|>][-+0-9]*\s*(?:\s#.*)?\Z")
_FLOW_KEY = re.compile(r"""\s*(?:(?:"[^"]*"|'[^']*')\s*|[^\s"'\[\]{},:][^\[\]{},:]*):""")
_AFTER_BRACKET = re.compile(r"""[\]}]{0,1000}+(?:[\s,]|\Z|(?P<quote>["']))""")
_AFTER_VALUE = re.compile(r"\s*(?:[,\]}:#]|\Z)")
_STRUCTURE = "[{]},:"
_CLOSING = {"[": "]", "{": "}"}
_AFTER_COLON = ("", " ", "\t", ",", "[", "]", "{", "}")
_QUOTE_ENDS = {'"': re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+"'), "'": re.compile(r"[^']*+(?:''[^']*+)*+'(?!')")}
"""Possessive quantifiers, because backtracking would store a hundred bytes for each character."""
_MOST_READINGS = 5
"""Maximum number of scans of a line for nested secrets; beyond it, all following lines are masked."""
_MOST_READ = 1_000_000
"""Maximum number of characters in lines with quotes, brackets or secrets; beyond it, all following lines are masked."""
_DEEPEST = 1000
"""Maximum number of brackets inside each other; beyond it, all following lines are masked."""
_PLAIN = re.compile(
    r"""[ ]*(?:-[ ]+)*(?:(?P<key>\w[\w.-]*):?(?:[ ]+(?:[\w.+/-][\w .+/-]*|"[\w .+/-]*"|'[\w .+/-]*'))?[ ]*)?\Z"""
)
"""A line without special characters: a key, a word or both, in block style."""
_SPACES = re.compile(r"\s*+")
_DOCUMENT = re.compile(r"(?:---|\.\.\.)(?:\s|\Z)")
_COLON_FIRST = re.compile(r"\s*[\"']?\s*[:=\uff1a\uff1d\ufe55\ufe66]")
_LAST_NAME = re.compile(r"""(?<![\w.-])([\w.-]++)["']?+\s*+\Z""")
_NAME_ALONE = re.compile(r"""\s*(?P<dashes>(?:-\s+)*)(?P<name>"[\w.-]+"|'[\w.-]+'|[\w.-]+)\s*(?:\s\#.*)?\Z""")
"""A line that is one word: perhaps a key without its colon."""
_BINDING = re.compile(r"""\s*(?:export\s+)?'?[A-Za-z_][A-Za-z0-9_.-]{0,99}'?\s*=""")


def yaml_cuts(lines: Sequence[str], sensitive: Sensitive, anchors: frozenset[str] = frozenset()) -> list[int]:
    """Return one position for each line of YAML or JSON. The line is masked from this position to its end.

    If nothing is masked, the position is the end of the line.

    Args:
        lines: the lines.
        sensitive: the names of secrets.
        anchors: YAML anchors whose value is used as a secret elsewhere.
    """
    walk = _Walk(sensitive, anchors)
    return [walk.line(text) for text in lines]


def dotenv_cuts(lines: Sequence[str]) -> list[int]:
    """Return one position for each line of a `.env` file. The line is masked from this position to its end.

    The position is after `NAME=`. In any other line, such as a comment, the position is after the indentation and
    `#`.
    """
    cuts: list[int] = []
    quote, pem = "", False
    for text in lines:
        binding = None if quote or pem else _BINDING.match(text)
        cuts.append(binding.end() if binding else len(text) - len(text.lstrip().removeprefix("#")))
        rest = text[binding.end() :].lstrip() if binding else text if quote else ""
        if not quote and rest[:1] in ("'", '"'):
            quote, rest = rest[0], rest[1:]
        if quote and re.match(rf"(?:[^{quote}\\]++|\\.)*+{quote}", rest):
            quote = ""
        pem = (pem or PEM_BEGIN in text) and PEM_END not in text
    return cuts


class _Bracket(NamedTuple):
    """An open bracket.

    Attributes:
        depth: number of open brackets, with this one.
        closing: the character that closes it.
        outer: the bracket around it; None: there is none.
    """

    depth: int
    closing: str
    outer: _Bracket | None


_NO_BRACKET = _Bracket(0, "", None)


class _Walk:
    """One pass over the lines, with enough of YAML's grammar to find the ends of values."""

    def __init__(self, sensitive: Sensitive, anchors: frozenset[str]) -> None:
        self.sensitive = sensitive
        self.anchors = anchors
        self.bracket = _NO_BRACKET
        self.quote = ""
        self.around = ""
        self.block: int | None = None
        self.floor: int | None = None
        self.base = 0
        self.column = 0
        self.pem = False
        self.comma = False
        self.keyed = False
        self.hanging: int | None = None
        self.closed = False
        self.lost = False
        self.read = 0
        self.before = ""

    @property
    def depth(self) -> int:
        return self.bracket.depth

    def line(self, text: str) -> int:
        if not text.strip():
            return len(text)
        before, self.before = self.before, text
        hanging, self.hanging = self.hanging, None
        closed, self.closed = self.closed, False
        # Brackets that are followed by text were part of a secret without its quotes.
        self.lost |= closed and text.lstrip()[0] not in ",]}#"
        if self.read <= _MOST_READ and not self.lost and (self._ends_a_key(before, text) or _is_below(text, hanging)):
            # The name of a secret is on the previous line, its colon on this line or missing.
            self.floor, self.base, self.column = 0, self.depth, _lead(before)
            self._lex(text, 0, 0)
            return 0
        return self._followed(text)

    def _followed(self, text: str) -> int:
        if self.read > _MOST_READ:
            return 0
        if self._is_plain(text):
            self.comma = False
            return len(text)
        self.read += len(text)
        if self.read > _MOST_READ:
            return 0
        if _DOCUMENT.match(text):
            self.bracket, self.quote, self.block, self.floor, self.lost = _NO_BRACKET, "", None, None, False
        if self.lost:
            return 0
        if self.pem or PEM_BEGIN in text:
            was, self.pem = self.pem, PEM_END not in text
            return 0 if was or self.floor is not None else min(self._open(text, 0), text.index(PEM_BEGIN))
        if self.floor is None:
            return self._open(text, 0)
        if self.floor:
            if not (self.comma and _FLOW_KEY.match(text)):
                self._within_flow(text, self.floor)
                return 0
            self.floor, self.comma = None, False
            return self._open(text, 0)
        if self.depth <= self.base and not self.quote and self._leaves(text):
            self.floor = None
            return self._open(text, 0)
        self._lex(text, 0, 0)
        return 0

    def _ends_a_key(self, before: str, text: str) -> bool:
        """Return True if `text` begins with a colon, and the line `before` ends with the name of a secret."""
        if self.pem or not _COLON_FIRST.match(text):
            return False
        name = _LAST_NAME.search(before, max(0, len(before) - LONGEST_LINE))
        return name is not None and self.sensitive.names(name[1])

    def _is_plain(self, text: str) -> bool:
        """Return True if the line is outside a secret, begins no secret, and has no special characters."""
        if self.lost or self.pem or self.floor is not None or self.depth or self.quote or self.block is not None:
            return False
        if len(text) > LONGEST_LINE or PEM_BEGIN in text:
            return False
        plain = _PLAIN.match(text)
        if plain is None or TOKEN.search(text):
            return False
        key = plain["key"]
        return key is None or not (self.sensitive.names(key) or self.sensitive.holds(key))

    def _within_flow(self, text: str, floor: int) -> None:
        """Process a line that continues a secret inside a YAML flow mapping (`{key: value}`).

        The secret may end on this line. `floor` is the number of open brackets around the secret.
        """
        bracket, quote = self.bracket, self.quote
        ended = self._lex(text, 0, floor)
        if ended is None:
            # The name of a secret within quotes: probably an extra quote above, so no end can be trusted.
            self.lost |= bool(quote or self.quote) and any(openings(text, self.sensitive, self.anchors))
            return
        self._lex(text, ended, 0)
        after = self.bracket, self.quote, self.block
        self.floor, self.bracket, self.quote = None, bracket, ""
        self._open(text, 0)
        if self.floor is None:
            self.bracket, self.quote, self.block = after
            # An extra bracket above makes block text look like flow: as in a block, only a key ends the secret.
            self.floor, self.base = 0, self.depth

    def _leaves(self, text: str) -> bool:
        # Only text that looks like a key ends a secret: a dedented line without a key is a broken block scalar.
        key = _KEY.match(text)
        return key is not None and "\t" not in key["lead"] and len(key["lead"]) <= self.column

    def _open(self, text: str, start: int) -> int:
        """Return the position of the first secret in a line, or the length of the line if it has none.

        The line must not begin inside a secret. If a secret continues on the next line, `self.floor` is set.

        Args:
            text: the line.
            start: position before which names of secrets are ignored.
        """
        first = suspicious(text)
        mask_from = len(text) if first is None else first
        read, found = 0, False
        for at, shown in openings(text, self.sensitive, self.anchors, inside=self.depth > 0):
            if at < start:
                continue
            if not shown:
                mask_from = min(mask_from, at)
            self._lex(text[:at], start, 0)
            start, self.around, self.quote, self.keyed = at, self.quote, "", True
            before = self.bracket
            ended = self._lex(text, at, before.depth)
            if ended is None:
                self.floor, self.base, self.column = before.depth, 0, _lead(text)
                return mask_from
            # Another secret may begin within the text that was taken for a value: a stray quote is enough.
            self.bracket, self.quote, found = before, "", True
            read += ended - at
            if read > _MOST_READINGS * len(text):
                self.lost = True
                break
        self._lex(text, start, 0)
        self.hanging = self._hanging(text)
        self.closed = found and self.depth > 0 and text.rstrip().endswith(("]", "}"))
        return mask_from

    def _hanging(self, text: str) -> int | None:
        """If the line contains only the name of a secret, return the column of the name. Otherwise return None.

        After a dash, the result is the column plus 1, because an item of the same list is not the value of the secret.
        """
        if self.bracket.depth or self.quote or self.block is not None or len(text) > LONGEST_LINE:
            return None
        alone = _NAME_ALONE.match(text)
        if alone is None or not self.sensitive.names(alone["name"].strip("\"'")):
            return None
        # Items may be level with their key, but not with a dash before it.
        return alone.start("name") if not alone["dashes"] else alone.start("name") + 1

    def _lex(self, text: str, start: int, floor: int) -> int | None:
        """Record the quotes and brackets of the line, and return the position at which a secret in brackets ends.

        If the secret does not end on this line, or its end is uncertain, return None.

        Args:
            start: first position to read.
            floor: depth of brackets at which the secret stands. The secret ends at the closing bracket of this depth,
                or at a comma before the next key. 0: there is no secret in brackets, and the result is None.
        """
        if self._literal(text):
            return None
        at, fresh, tagged = start, True, False
        spaces = _SPACES.match(text, start)
        first = spaces.end() if spaces else start
        while at < len(text):
            if self.quote:
                at, fresh = self._close(text, at, floor), False
                continue
            char = text[at]
            if char == "#" and (not at or text[at - 1] in " \t"):
                break
            if fresh and char in "\"'":
                self.quote = char
            elif char in _STRUCTURE:
                self._count(text, at, first, floor)
            if self.lost:
                return None
            at += 1
            if floor and self.depth < floor:
                # An uncertain end: with `lost`, the following lines are masked.
                self.lost = not self._goes_on(text, at)
                return None if self.lost else at
            if floor and char == "," and self.depth == floor and _FLOW_KEY.match(text, at):
                return at
            # A quote counts only where a value or key begins, and after a tag or an anchor.
            fresh, tagged = (
                char in "[{,:" or (fresh and char in " \t-?!&*|>") or (tagged and char in " \t"),
                (fresh and char in "!&") or (tagged and char not in " \t"),
            )
        if floor and not self.quote:
            self.comma = self.depth == floor and text.rstrip().endswith(",")
            self.closed = text.rstrip().endswith(("]", "}"))
        else:
            self.comma = False
        if not self.depth and not self.quote and _BLOCK.search(text, start):
            self.block = _indent(text)
        return None

    def _count(self, text: str, at: int, first: int, floor: int) -> None:
        """Record the bracket, colon or comma at position `at`.

        If the brackets of a secret do not match, set `lost`. All following lines are then masked.

        Args:
            first: position where the secret begins on this line, or continues from the line before.
            floor: number of open brackets that enclose the secret; 0 also if there is no secret.
        """
        char = text[at]
        if char in _CLOSING:
            self.bracket, self.keyed = _Bracket(self.depth + 1, _CLOSING[char], self.bracket), False
            self.lost |= self.depth > _DEEPEST
        elif char == ":":
            if floor and _is_separator(text, at):
                if self.keyed and at > first:
                    self._missing()
                self.keyed = True
        elif char == ",":
            self.keyed = self.keyed and self.depth == floor
        elif self.bracket.outer is not None:
            if self.depth > floor > 0 and _AFTER_VALUE.match(text, at + 1) is None:
                return  # text that lost its quotes
            self.lost |= floor > 0 and self.bracket.closing != char
            self.bracket, self.keyed = self.bracket.outer, True

    def _missing(self) -> None:
        """Assume a missing opening `{`, so that a later `}` does not end the secret too early."""
        self.bracket, self.keyed = _Bracket(self.depth + 1, "}", self.bracket), True
        self.lost |= self.depth > _DEEPEST

    def _goes_on(self, text: str, at: int) -> bool:
        """Return True if the text from `at` on confirms that the bracket before `at` is the end of a secret.

        The text must begin with a space, a comma, the line end or the quote that encloses the secret. More closing
        brackets may come first.
        """
        found = _AFTER_BRACKET.match(text, at)
        return found is not None and found["quote"] in (None, self.around)

    def _literal(self, text: str) -> bool:
        """Return True if the line is text inside a block scalar, where quotes and brackets have no meaning."""
        if self.block is not None and text.strip() and _indent(text) <= self.block:
            self.block = None
        return self.block is not None

    def _close(self, text: str, at: int, floor: int) -> int:
        end = _QUOTE_ENDS[self.quote].match(text, at)
        if end is None:
            return len(text)
        self.quote = ""
        if floor and _AFTER_VALUE.match(text, end.end()) is None:
            self._missing()
        return end.end()


def _is_below(text: str, column: int | None) -> bool:
    """Return True if the line `text` can, by its indentation, belong to the value of a key at `column`.

    The text must begin to the right of `column`, or with a `-` at `column`. If `column` is None, return False.
    """
    indent = _indent(text)
    return column is not None and (indent > column or (indent == column and text[indent] == "-"))


def _is_separator(text: str, at: int) -> bool:
    """Return True if the colon at position `at` ends a key.

    It does if a space, comma, bracket or the line end follows the colon, or if a quote precedes the colon.
    """
    return text[at + 1 : at + 2] in _AFTER_COLON or text[at - 1 : at] in ('"', "'")


def _lead(text: str) -> int:
    """Return the number of characters before the key or value of a line: its spaces and dashes."""
    lead = _LEAD.match(text)
    return lead.end() if lead else 0


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())
