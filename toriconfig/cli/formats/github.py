"""Workflow commands of GitHub Actions: each problem becomes an annotation on its line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from toriconfig._core.printable import clean
from toriconfig._core.problem import CODES, Problem
from toriconfig._render import select, summary
from toriconfig.cli.formats import PLAIN, Look
from toriconfig.cli.formats._addresses import Addresses

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def write(problems: Sequence[Problem], out: TextIO, look: Look = PLAIN) -> None:
    """Write one workflow command per problem, and one with the counts if some are omitted."""
    addresses = Addresses(look)
    shown = select(problems, look.most)
    for problem in shown:
        told = ",".join(f"{name}={_property(value)}" for name, value in _properties(problem, addresses).items())
        out.write(f"::{_COMMANDS[problem.severity]} {told}::{_data(_message(problem))}\n")
    if len(shown) < len(problems):
        out.write(f"::notice title=toriconfig::{_data(summary(problems, shown=len(shown)))}\n")


def _properties(problem: Problem, addresses: Addresses) -> dict[str, str]:
    told: dict[str, str] = {}
    origin = problem.origin
    path = addresses.path(origin)
    if origin is not None and path is not None:
        told["file"] = clean(path.as_posix())
        if origin.line is not None:
            told["line"] = str(origin.line)
            # GitHub ignores columns, with a warning, when an annotation spans several lines.
            if origin.end_line in (None, origin.line):
                if origin.column is not None:
                    told["col"] = str(origin.column)
                if origin.end_column is not None:
                    told["endColumn"] = str(max(origin.end_column - 1, origin.column or 1))
            else:
                told["endLine"] = str(origin.end_line)
    told["title"] = f"{problem.code} {CODES.get(problem.code, '')}".rstrip()
    return told


def _message(problem: Problem) -> str:
    lines = [problem.message or CODES.get(problem.code, "")]
    if problem.origin is not None and problem.origin.line is None:
        lines[0] = f"{problem.origin}: {lines[0]}"
    told = (("key", problem.path), ("layer", problem.layer), ("expected", problem.expected), ("help", problem.help))
    return "\n".join(map(clean, [*lines, *(f"{label}: {text}" for label, text in told if text)]))


def _data(text: str) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.encode("utf-8", "replace").decode()


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
