"""Functions that make text safe to print on a terminal and in the log of a CI system.

Control characters and other characters that are not printable are shown as escapes. Commands to CI systems are
escaped too: GitHub Actions executes `::` at the start of a line, and `##[` anywhere in a line. Azure Pipelines
executes `##vso[`, and TeamCity executes `##teamcity[`.
"""

from __future__ import annotations

import re

_COMMAND = re.compile(r"##(?=\w*\[)")
"""Beginning of a command to a CI system, at any position of a line."""
_JOINERS = frozenset("\u200c\u200d")
"""Invisible, but part of how words and emoji are written; everything else that is invisible is shown as an escape."""


def harmless(char: str) -> bool:
    """Return True if a character may be printed without an escape."""
    return char.isprintable() or char in _JOINERS


def clean(text: str) -> str:
    r"""Return `text` on one line, with dangerous characters and the first `#` of `##[` commands as escapes.

    >>> clean("a\x1b[31mb\nc")
    'a\\x1b[31mb\\nc'
    >>> clean("##[error]x")
    '\\x23#[error]x'
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(char if harmless(char) else _escaped(char) for char in text)
    return commands_as(r"\x23#", text)


def commands_as(replacement: str, text: str) -> str:
    r"""Return `text` in which `replacement` replaces the `##` of each command to a CI system.

    >>> commands_as(r"\x23#", "##[error]x ##vso[task.x]y ## [z]")
    '\\x23#[error]x \\x23#vso[task.x]y ## [z]'
    """
    return _COMMAND.sub(lambda _: replacement, text) if "##" in text else text


def clean_lines(text: str) -> str:
    r"""Return `text` with each line made safe to print. Line ends and tabs are kept.

    >>> clean_lines("a\x1b[2J\n  ::error::b\n")
    'a\\x1b[2J\n  \\x3a:error::b\n'
    """
    return "\n".join(map(_line, text.split("\n")))


def clean_json(text: str) -> str:
    r"""Return JSON text made safe to print, with the same meaning.

    Characters that are not printable become JSON escapes, except line feeds. The first `#` of a command to a CI
    system, such as `##[error]`, also becomes an escape.

    >>> print(clean_json('{"a": "##[error]\u2028"}'))
    {"a": "\u0023#[error]\u2028"}
    """
    if not (text.isascii() and text.replace("\n", "").isprintable()):
        text = "".join(char if harmless(char) or char == "\n" else _in_json(char) for char in text)
    return commands_as(r"\u0023#", text)


def _in_json(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _line(text: str) -> str:
    text = "\t".join(map(clean, text.split("\t")))
    bare = text.lstrip()
    return text if not bare.startswith("::") else f"{text[: len(text) - len(bare)]}\\x3a{bare[1:]}"


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
