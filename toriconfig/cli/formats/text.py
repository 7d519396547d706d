"""Problems as text with excerpts of files and carets, for people at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from toriconfig._core.problem import Problem
from toriconfig._render import render_text
from toriconfig.cli.formats import PLAIN, Look


def write(problems: Sequence[Problem], out: TextIO, look: Look = PLAIN) -> None:
    """Write the problems with excerpts, and a summary; write nothing if there are no problems."""
    encoding = getattr(out, "encoding", None)
    text = render_text(
        problems, schema=look.schema, color=look.color, width=look.width, encoding=encoding, most=look.most
    )
    if text:
        out.write(text + "\n")
