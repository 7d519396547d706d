"""One line a problem, for editors and `grep`: `file:line:column: severity[code] message (help)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from toriconfig._render import sort_problems
from toriconfig._render.cells import clean, encodable
from toriconfig.cli.formats import PLAIN, Look
from toriconfig.errors import CODES, Problem


def write(problems: Sequence[Problem], out: TextIO, look: Look = PLAIN) -> None:  # noqa: ARG001 - every format is called alike
    """Write one line a problem; what stands in no place begins with `-`."""
    for problem in sort_problems(problems):
        where = str(problem.origin) if problem.origin else "-"
        message = problem.message or CODES.get(problem.code, "")
        help = f" ({problem.help})" if problem.help else ""
        line = clean(f"{where}: {problem.severity}[{problem.code}] {message}{help}")
        out.write(encodable(line, getattr(out, "encoding", None)) + "\n")
