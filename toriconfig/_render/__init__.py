"""Conversion of problems to text for people.

    error[TC101]: unknown key `max_szie`
      --> config/tori.yaml:7:5
       |
     7 |     max_szie: 10
       |     ^^^^^^^^ not a key of `database.pool`
       |
       = key:      database.pool.max_szie
       = expected: one of max_size, timeout
       = help:     did you mean `max_size`?

Nothing is masked here: the lines of a problem (`Problem.excerpts`) are already masked by `_masking`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from toriconfig._core.origin import Origin
from toriconfig._core.printable import clean, clean_lines
from toriconfig._core.problem import CODES, MOST_SHOWN, Problem
from toriconfig._render.caret import Mark, rows_of, wrapped
from toriconfig._render.cells import encodable

WIDTH = 120
"""Default for the cells per line."""

_NARROWEST = 40
_LABEL = 10
_FILES = frozenset(("files", "dotenv", "secrets_dir"))
_RANKS = {"error": 0, "warning": 1, "info": 2}
_COLOURS = {"error": "1;31", "warning": "1;33", "info": "1;36", "frame": "1;34", "help": "1;32", "bold": "1"}


def render_text(
    problems: Iterable[Problem],
    *,
    schema: str = "",
    color: bool = False,
    width: int = WIDTH,
    encoding: str | None = None,
    most: int = MOST_SHOWN,
) -> str:
    """Return problems as text, sorted by position, with a summary as the last line; "" if there are no problems.

    Args:
        schema: name of the settings class, for the summary.
        color: True: use ANSI colours.
        width: columns of the terminal, at least 40. Longer source lines are cut, and longer texts are wrapped.
        encoding: encoding of the terminal; None: UTF-8. Characters missing in the encoding become `?` or an escape.
        most: maximum number of shown problems; 0: all. If there are more, notes are omitted first, then warnings.
    """
    ordered = sort_problems(problems)
    if not ordered:
        return ""
    pen = _Pen(color, max(width, _NARROWEST))
    shown = select(ordered, most)
    blocks = ["\n".join(_block(problem, pen, encoding)) for problem in shown]
    return encodable("\n\n".join([*blocks, summary(ordered, schema, len(shown))]), encoding)


def sort_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems sorted: those in files (by file and position), then in variables or Vault, then the others.

    Problems that compare as equal keep their order.
    """
    return sorted(problems, key=_place)


def select(problems: Iterable[Problem], most: int) -> list[Problem]:
    """Return at most `most` problems, sorted by position. Errors are chosen before warnings, warnings before notes.

    Args:
        problems: any problems.
        most: maximum number; 0: all.
    """
    ordered = sort_problems(problems)
    if not most or len(ordered) <= most:
        return ordered
    by_severity = sorted(range(len(ordered)), key=lambda at: _RANKS[ordered[at].severity])
    return [ordered[at] for at in sorted(by_severity[:most])]


def summary(problems: Sequence[Problem], schema: str = "", shown: int | None = None) -> str:
    """Return one line: the number of problems of each severity, and the number of shown problems if some are omitted.

    >>> summary([Problem("TC101"), Problem("TC201", severity="warning")], "ToriSettings")
    '1 error, 1 warning in ToriSettings'
    """
    counts = [
        (sum(problem.severity == severity for problem in problems), word)
        for severity, word in (("error", "error"), ("warning", "warning"), ("info", "note"))
    ]
    told = ", ".join(f"{count} {word}{'s' * (count != 1)}" for count, word in counts if count) or "no problems"
    if schema:
        told += f" in {clean(schema)}"
    return told if shown in (None, len(problems)) else f"{told}; {shown} of them are shown"


class _Pen:
    """Style of the output: the maximum cells per line, and ANSI colours if they are used."""

    def __init__(self, color: bool, width: int) -> None:
        self.color = color
        self.width = width

    def __call__(self, kind: str, text: str) -> str:
        return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if self.color and text else text


def _place(problem: Problem) -> tuple[int, str, int, int]:
    origin = problem.origin
    if origin is None:
        return 2, "", 0, 0
    rank = 0 if origin.line is not None or origin.layer in _FILES else 1
    return rank, origin.source, origin.line or 0, origin.column or 0


def _block(problem: Problem, pen: _Pen, encoding: str | None) -> Iterator[str]:
    texts = {(source, line): text for source, line, text in problem.excerpts}
    gutter = max((len(str(line)) for _, line in texts), default=1)
    indent = " " * (gutter + 2)
    head = clean(problem.message) or CODES.get(problem.code, "")
    yield pen(problem.severity, f"{problem.severity}[{problem.code}]") + pen("bold", f": {head}")

    marks = [Mark(problem.origin, problem.label, "^")] if problem.origin else []
    marks += [Mark(related.origin, related.label, "-") for related in problem.related]
    framed = [mark for mark in marks if (mark.origin.source, mark.origin.line) in texts]
    notes = [_note(mark, problem) for mark in marks if mark not in framed]
    if problem.origin is None:
        notes.insert(0, problem.label)
    elif problem.origin.source not in {mark.origin.source for mark in framed}:
        yield _arrow(problem.origin, gutter, pen)
    for source in dict.fromkeys(mark.origin.source for mark in framed):
        here = [mark for mark in framed if mark.origin.source == source]
        named = problem.origin if problem.origin and problem.origin.source == source else here[0].origin
        yield _arrow(named, gutter, pen)
        yield indent + pen("frame", "|")
        lines = {line: text for (name, line), text in texts.items() if name == source}
        yield from _frame(lines, here, gutter, pen, problem.severity, encoding)
    details = list(_details(problem, [note for note in notes if note], indent, pen))
    if details and (problem.origin or framed):
        yield indent + pen("frame", "|")
    yield from details


def _arrow(origin: Origin, gutter: int, pen: _Pen) -> str:
    return " " * (gutter + 1) + pen("frame", "-->") + f" {clean(str(origin))}"


def _note(mark: Mark, problem: Problem) -> str:
    if mark.origin is problem.origin:
        return mark.label
    return f"{mark.origin}: {mark.label}" if mark.label else str(mark.origin)


def _frame(
    lines: dict[int, str], marks: list[Mark], gutter: int, pen: _Pen, severity: str, encoding: str | None
) -> Iterator[str]:
    edge = " " * (gutter + 2) + pen("frame", "|")
    previous = 0
    for number in sorted(lines):
        if previous and number > previous + 1:
            yield pen("frame", "...")
        previous = number
        below = [mark for mark in marks if mark.origin.line == number]
        source, *rows = rows_of(lines[number], below, pen.width - gutter - 4, encoding)
        yield f" {pen('frame', f'{number:>{gutter}} |')} {source.text}".rstrip()
        for row in rows:
            yield f"{edge} {row.indent}{pen(severity if row.sign == '^' else 'frame', row.text)}"


def _details(problem: Problem, notes: list[str], indent: str, pen: _Pen) -> Iterator[str]:
    told = [("key", problem.path), ("layer", problem.layer), ("expected", problem.expected)]
    told += [("note", note) for note in notes]
    told += [("help", problem.help)]
    room = pen.width - len(indent) - 2 - _LABEL
    for label, text in told:
        if not text:
            continue
        first, *more = wrapped(clean(text), room)
        named = f"{label}:".ljust(_LABEL)
        yield f"{indent}{pen('frame', '=')} {pen('help' if label == 'help' else 'bold', named)}{first}"
        for part in more:
            yield f"{indent}  {' ' * _LABEL}{clean_lines(part)}"
