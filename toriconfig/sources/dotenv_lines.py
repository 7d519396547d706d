"""Parsing of the names and values in a `.env` file by python-dotenv's parser, in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import StringIO

from dotenv.parser import Binding, Reader, parse_binding

_UNQUOTED = r"([^\r\n]*)"
"""Regular expression of python-dotenv for an unquoted value, up to the end of its line."""
_COMMENT = re.compile(r"(?<!\s)\s++#")
_LINE_END = re.compile(r"\r\n|\n|\r")


def bindings(text: str) -> Iterator[tuple[int, Binding]]:
    """Yield `(line, binding)` for each binding of the file. `line` is the line of the name, or of invalid text."""
    reader = _Reader(StringIO(text))
    while reader.has_next():
        binding = parse_binding(reader)
        value = reader.take()
        if value is not None and not binding.error:
            binding = binding._replace(value=value)
        # The parser counts blank lines before a name as part of it.
        original = binding.original
        blank = original.string[: len(original.string) - len(original.string.lstrip())]
        yield original.line + len(_LINE_END.findall(blank)), binding


class _Reader(Reader):
    """Subclass of python-dotenv's `Reader` that finds the end of an unquoted value in linear time.

    The regular expression that python-dotenv uses for this needs minutes for a line of a million spaces.
    """

    _unquoted: str | None = None

    def read_regex(self, regex: re.Pattern[str]) -> Sequence[str]:
        groups = super().read_regex(regex)
        if regex.pattern != _UNQUOTED:
            return groups
        comment = _COMMENT.search(groups[0])
        self._unquoted = (groups[0][: comment.start()] if comment else groups[0]).rstrip()
        return ("",)

    def take(self) -> str | None:
        """Return the value of the binding that was just read if the value has no quotes; otherwise None."""
        value, self._unquoted = self._unquoted, None
        return value
