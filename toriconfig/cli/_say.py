"""Output: results to standard output, everything else to standard error.

`click.echo` is not used, because it writes UTF-8 to a terminal that declares ASCII. All text passes through
`_core/printable`, because names of files, keys and answers of servers may contain control characters.
"""

from __future__ import annotations

import re
import sys

from toriconfig._core.printable import clean, clean_json, clean_lines

_STYLE = re.compile(r"(\x1b\[[0-9;]*m)")


def say(text: str, *, end: str = "\n", styled: bool = False) -> None:
    """Write lines to standard output.

    Args:
        text: the text; its line breaks are kept.
        end: text to write after `text`.
        styled: True: colours in the text (escape sequences) are kept.
    """
    if styled:
        parts = _STYLE.split(text)
        text = "".join(part if at % 2 else clean_lines(part) for at, part in enumerate(parts))
    else:
        text = clean_lines(text)
    sys.stdout.write(text + end)


def say_exact(text: str) -> None:
    """Write text for programs to standard output, unchanged. The caller has escaped the text."""
    sys.stdout.write(text)


def say_json(document: object) -> None:
    """Write a document to standard output as JSON, in ASCII."""
    import json

    say_exact(clean_json(json.dumps(document, indent=2)) + "\n")


def say_value(value: str) -> None:
    """Write a value and a line break to standard output; on a terminal, without the control characters of the value."""
    sys.stdout.write((clean_lines(value) if sys.stdout.isatty() else value) + "\n")


def note(text: str) -> None:
    """Write text to standard error as one line."""
    sys.stderr.write(clean_lines(clean(text)) + "\n")


def note_lines(text: str) -> None:
    """Write text to standard error, and keep its line breaks."""
    sys.stderr.write(clean_lines(text) + "\n")
