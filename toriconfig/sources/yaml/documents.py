"""Reading of YAML and JSON text: decoding, choice of the parser, and parsing of each document."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import yaml

from toriconfig._core.collector import paused
from toriconfig._core.origin import LayerKind, Origin
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Layer, Node, Tree
from toriconfig.sources.read_file import Limits, nothing, refused_size
from toriconfig.sources.yaml.events import read_events
from toriconfig.sources.yaml.findings import END_BITS
from toriconfig.sources.yaml.reading import Reading

Parser = Callable[[str], Any]

_END = (1 << END_BITS) - 1


def pure_python(text: str) -> Any:
    # A stream, because each mark of a parser that reads a string holds the whole text.
    return yaml.SafeLoader(io.StringIO(text))


def _fastest() -> Parser:
    if yaml.__with_libyaml__:
        from yaml._yaml import CParser

        return CParser
    return pure_python  # a build without libyaml: the same events, several times slower


FASTEST = _fastest()


def read_yaml(
    content: str | bytes, name: str, *, kind: LayerKind = "files", limits: Limits | None = None
) -> list[Tree]:
    """Return a tree for each document of a text; one empty tree for an empty text.

    Args:
        content: the text; bytes are UTF-8, or UTF-16 or UTF-32 with a byte order mark.
        name: name for messages, such as a file or `<stdin>`.
        kind: the layer of the values.
        limits: limits on size and structure; None: the default limits.
    """
    limits = limits or Limits()
    refused = refused_size(content, Origin(kind, name), limits.max_bytes, limits.max_lines)
    if refused is not None:
        return [nothing(kind, name, refused)]
    return read_documents(content, kind, name, limits) or [nothing(kind, name)]


def _layer(kind: LayerKind, name: str, starts: list[int]) -> Layer:
    """Return the layer of a text. `starts` are the indexes at which its lines start."""

    def locate(at: int | None) -> Origin:
        if at is None:
            return Origin(kind, name)
        start, end = at >> END_BITS, at & _END
        line = end_line = bisect_right(starts, start)
        if line < len(starts) and end >= starts[line]:
            end_line = bisect_right(starts, end)
        return Origin(kind, name, line, start - starts[line - 1] + 1, end_line, end - starts[end_line - 1] + 1)

    return Layer(kind, name, locate, references=True)


def _line_starts(text: str, lines: list[str]) -> list[int]:
    """Return the index at which each line starts. `lines` are the lines of the text without their ends."""
    if "\r" in text:  # of CR LF, the CR counts as a character of the line
        lines = text.replace("\r\n", " \n").replace("\r", "\n").split("\n")
    return [0, *accumulate(len(line) + 1 for line in lines[:-1])]


def read_documents(
    content: str | bytes, kind: LayerKind, name: str, limits: Limits, parser: Parser = FASTEST
) -> list[Tree]:
    """Return a tree for each document of `content`; [] for empty content.

    If a byte or character is invalid, the lines before it are read, and the last tree has a problem.

    Args:
        content: the text or bytes.
        kind: the layer of the nodes.
        name: name for messages.
        limits: limits on size and structure.
        parser: converts text into an object with `get_event`, as in `read_events`.
    """
    text, bad_at, encoding = _decoded(content)
    lines = split_lines(text)
    layer = _layer(kind, name, _line_starts(text, lines))
    problems: list[Problem] = []
    reading = None
    if bad_at is not None:
        problems.append(_character(text, bad_at, layer, encoding))
        text = _lines_before(text, bad_at)
    while reading is None or reading.bad_at is not None:
        reading = _read(text, lines, layer, limits, parser)
        if reading.bad_at is not None:
            problems.append(_character(text, reading.bad_at, layer, None))
            shorter = _lines_before(text, reading.bad_at)
            text = shorter if len(shorter) < len(text) else ""
    if problems:
        trees = reading.trees or [Tree(Node({}, layer), lines=lines)]
        last, end = trees[-1], text.count("\n")
        # The cut may leave a quote or bracket open, which is not a problem of the file.
        last.problems = tuple(problem for problem in last.problems if not _at_line(problem, end)) + tuple(problems)
        last.complete = False
        return trees
    return reading.trees


_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)

_READ_OTHERWISE = ("\x85", "\u2028", "\u2029", "\\ud", "\\uD")
"""Characters and escapes that libyaml reads differently from YAML 1.2."""


def _read(text: str, lines: list[str], layer: Layer, limits: Limits, parser: Parser) -> Reading:
    readable, restore = text, None
    if any(mark in text for mark in _READ_OTHERWISE):
        from toriconfig.sources.yaml.standins import stand_in

        readable, restore = stand_in(text)
    with paused():
        return read_events(parser, readable, Reading(layer, limits, readable, lines, restore=restore))


def _decoded(content: str | bytes) -> tuple[str, int | None, str]:
    if isinstance(content, bytes):
        return decode(content)
    text = content.lstrip("\ufeff")
    try:
        text.encode()
    except UnicodeEncodeError as error:  # Python converts invalid bytes of stdin to surrogates
        return text, error.start, "utf-8"
    return text, None, "utf-8"


def _character(text: str, index: int, layer: Layer, encoding: str | None) -> Problem:
    from toriconfig.sources.yaml.errors import character_problem

    line, column = place(text, index)
    origin = Origin(layer.kind, layer.name, line, column, line, column + 1)
    return character_problem(origin, encoding)


def _lines_before(text: str, index: int) -> str:
    return text[: max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1]


def _at_line(problem: Problem, line: int) -> bool:
    places = [problem.origin, *(related.origin for related in problem.related)]
    return problem.code == Code.INVALID_SYNTAX and any(place and place.line and place.line > line for place in places)


def decode(data: bytes) -> tuple[str, int | None, str]:
    """Decode bytes: UTF-8, or UTF-16 or UTF-32 with a byte order mark. An invalid byte ends the text.

    Returns:
        `(text, index, encoding)`: the text without byte order marks at its start; the index in the text where decoding
        stopped, or None; the encoding.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding).lstrip("\ufeff"), None, encoding
    except UnicodeDecodeError as error:
        start = error.start
    # A truncated last unit of UTF-16 is left out by cutting at the place of the error.
    good = data[:start].decode(encoding, "ignore").lstrip("\ufeff")
    return good, len(good), encoding


def split_lines(text: str) -> list[str]:
    """Return the lines of a text without their ends (LF, CR LF or CR). The last item of the list is ""."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if lines[-1]:
        lines.append("")  # libyaml reports an error at the end of the text on the line after the last
    return lines


def place(text: str, index: int) -> tuple[int, int]:
    """Return the 1-based line and column of the character at `index`."""
    before = text[:index].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - before.rfind("\n")
