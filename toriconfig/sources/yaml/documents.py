"""From the bytes of a file to its documents: decode, choose the parser, read."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import yaml

from toriconfig._core.collector import paused
from toriconfig._core.origin import Origin
from toriconfig._core.problem import Problem
from toriconfig._core.tree import Layer, Node, Tree
from toriconfig.sources.yaml.events import read_events
from toriconfig.sources.yaml.reading import Reading
from toriconfig.sources.yaml.standins import stand_in
from toriconfig.sources.yaml.text import decode, place, split_lines

if TYPE_CHECKING:
    from toriconfig.sources.yaml.file import Limits

Parser = Callable[[str], Any]


def pure_python(text: str) -> Any:
    # From a stream, because marks made from a string carry the whole text along.
    return yaml.SafeLoader(io.StringIO(text))


def _fastest() -> Parser:
    if yaml.__with_libyaml__:
        from yaml._yaml import CParser

        return CParser
    return pure_python  # a build without libyaml: the same events, several times slower


FASTEST = _fastest()


def read_documents(content: str | bytes, layer: Layer, limits: Limits, parser: Parser = FASTEST) -> list[Tree]:
    """Read every document of `content`; none for an empty one.

    A byte or character that is not text ends the reading at the end of the line before it.
    """
    text, bad_at, encoding = _decoded(content)
    lines = split_lines(text)
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
        # The cut itself can leave a quote or a bracket open.
        last.problems = tuple(problem for problem in last.problems if not _at_line(problem, end)) + tuple(problems)
        last.complete = False
        return trees
    return reading.trees


def _read(text: str, lines: list[str], layer: Layer, limits: Limits, parser: Parser) -> Reading:
    readable, restore = stand_in(text)
    with paused():
        return read_events(parser, readable, Reading(layer, limits, readable, lines, restore=restore))


def _decoded(content: str | bytes) -> tuple[str, int | None, str]:
    if isinstance(content, bytes):
        return decode(content)
    text = content.removeprefix("\ufeff")
    try:
        text.encode()
    except UnicodeEncodeError as error:  # how Python spells bytes of stdin that were not UTF-8
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
    return problem.code == "TC001" and any(place and place.line and place.line > line for place in places)
