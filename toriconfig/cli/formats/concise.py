"""One line per problem, for editors and `grep`: `file:line:column: severity[code] message (help)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from toriconfig._core.printable import clean, clean_lines
from toriconfig._core.problem import CODES, Problem
from toriconfig._render import select, summary
from toriconfig._render.cells import encodable
from toriconfig.cli.formats import PLAIN, Look


def write(problems: Sequence[Problem], out: TextIO, look: Look = PLAIN) -> None:
    """Write one line per problem, for at most `look.most` problems (0: all).

    If problems were omitted, write a last line with the counts. The line of a problem without a position begins with
    `-`.
    """
    shown = select(problems, look.most)
    for problem in shown:
        where = str(problem.origin) if problem.origin else "-"
        message = problem.message or CODES.get(problem.code, "")
        help = f" ({problem.help})" if problem.help else ""
        line = clean(f"{where}: {problem.severity}[{problem.code}] {message}{help}")
        out.write(clean_lines(encodable(line, getattr(out, "encoding", None))) + "\n")
    if len(shown) < len(problems):
        out.write(f"-: {summary(problems, shown=len(shown))}\n")
