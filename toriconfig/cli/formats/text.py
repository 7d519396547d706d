"""Frames and carets, for people at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from toriconfig._core.problem import Problem
from toriconfig._render import render_text
from toriconfig.cli.formats import PLAIN, Look


def write(problems: Sequence[Problem], out: TextIO, look: Look = PLAIN) -> None:
    """Write the problems with their frames, and a summary of all; nothing when there are none."""
    encoding = getattr(out, "encoding", None)
    text = render_text(
        problems, schema=look.schema, color=look.color, width=look.width, encoding=encoding, most=look.most
    )
    if text:
        out.write(text + "\n")
