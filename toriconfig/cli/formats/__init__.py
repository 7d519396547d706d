"""The output formats. Each writes problems to a stream in one form, and does not depend on commands.

To add a format, write a module here with a function `write`, and add a line to the table `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TextIO

from toriconfig._core.problem import Problem


@dataclass(frozen=True, slots=True)
class Look:
    """Output options. The parentheses name the formats that use an option.

    Attributes:
        schema: name of the settings class, or "".
        color: True: use ANSI colours (text).
        width: cells per line (text).
        directory: directory of relative file names; "": the working directory (github, sarif).
        most: maximum number of problems, errors first; 0: all. The number of omitted problems is written.
        root: the root directory of the checkout; "": the nearest one with `.git` (github, sarif).
    """

    schema: str = ""
    color: bool = False
    width: int = 120
    directory: str = ""
    root: str = ""
    most: int = 0


PLAIN = Look()
Writer = Callable[[Sequence[Problem], TextIO, Look], None]

FORMATS = {
    "text": "toriconfig.cli.formats.text",
    "concise": "toriconfig.cli.formats.concise",
    "json": "toriconfig.cli.formats.json",
    "github": "toriconfig.cli.formats.github",
    "sarif": "toriconfig.cli.formats.sarif",
}
"""The module of each format; only the requested one is imported."""


def writer(name: str) -> Writer:
    """Return the function `write` of a format.

    Raises:
        KeyError: there is no such format.
    """
    write: Writer = import_module(FORMATS[name]).write
    return write
