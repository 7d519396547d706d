"""The two streams: results on standard output, everything else on standard error.

Not by `click.echo`, which writes UTF-8 to a terminal that says it knows ASCII alone.
"""

from __future__ import annotations

import sys


def say(text: str, *, end: str = "\n") -> None:
    """Write to standard output."""
    sys.stdout.write(text + end)


def note(text: str) -> None:
    """Write a line to standard error."""
    sys.stderr.write(text + "\n")
