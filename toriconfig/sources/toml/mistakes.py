"""Conversion of the message of `tomllib` for invalid TOML to a problem with a remedy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from toriconfig._core.problem import Code, Problem

if TYPE_CHECKING:
    from toriconfig.sources.toml.lines import Lines

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)\s*\Z")
_REASONS = (
    ("Cannot overwrite a value", Code.DUPLICATE_KEY, "duplicate key", "remove one of the two"),
    ("Cannot declare", Code.DUPLICATE_KEY, "a table that is declared twice", "merge the two tables"),
    ("Duplicate inline table key", Code.DUPLICATE_KEY, "duplicate key", "remove one of the two"),
    (
        "Cannot mutate immutable namespace",
        Code.DUPLICATE_KEY,
        "an inline table cannot be extended",
        "write the keys into its braces",
    ),
    ("Expected '=' after a key", Code.INVALID_SYNTAX, "no `=` after a key", "write `key = value`"),
    ("Invalid value", Code.INVALID_SYNTAX, "a value that TOML does not have", "put text in quotes"),
    ("Unterminated string", Code.INVALID_SYNTAX, "a string that is not closed", "close its quotes"),
    ("Illegal character '\\n'", Code.INVALID_SYNTAX, "a string that is not closed", "close its quotes"),
    (
        "Illegal character",
        Code.INVALID_SYNTAX,
        "a character that is not allowed here",
        "write it as an escape, or remove it",
    ),
    (
        "Unclosed array",
        Code.INVALID_SYNTAX,
        "an array that is not closed",
        "write a comma between values, or the closing `]`",
    ),
    (
        "Unclosed inline table",
        Code.INVALID_SYNTAX,
        "an inline table that is not closed",
        "write a comma between keys, or the closing `}`",
    ),
    (
        "Expected newline or end of document",
        Code.INVALID_SYNTAX,
        "text after a value",
        "begin a new line, or put the text in quotes",
    ),
    ("Expected ']", Code.INVALID_SYNTAX, "a table header that is not closed", "write the closing bracket"),
    (
        "Invalid initial character for a key",
        Code.INVALID_SYNTAX,
        "a key that begins with an invalid character",
        "put the key in quotes",
    ),
    ("Invalid date or datetime", Code.INVALID_SYNTAX, "a date that does not exist", "correct it, or put it in quotes"),
    (
        "Unescaped '\\' in a string",
        Code.INVALID_SYNTAX,
        "a backslash that begins no valid escape",
        "write `\\\\`, or use single quotes",
    ),
    ("Expected \"'", Code.INVALID_SYNTAX, "a string that is not closed", "close its quotes"),
    (
        "Found invalid character",
        Code.INVALID_SYNTAX,
        "a character that is not allowed here",
        "write it as an escape, or remove it",
    ),
    ("Invalid statement", Code.INVALID_SYNTAX, "neither a key nor a table", "write `key = value` or `[table]`"),
    ("Invalid hex value", Code.INVALID_SYNTAX, "an escape of no valid character", "correct it, or write `\\\\`"),
    ("Escaped character", Code.INVALID_SYNTAX, "an escape of no valid character", "correct it, or write `\\\\`"),
)
_OTHER = ("", Code.INVALID_SYNTAX, "the file is not valid TOML", "check the text at this position")
_NO_VALUE = "Invalid value"
_NO_KEY = "Invalid initial character for a key"
_VALUES = (
    (r"(?:true|false)\b", "a truth value in capital letters", "write `true` or `false`"),
    (r"(?:yes|no|on|off)\b", "a value that TOML does not have", "write `true` or `false`, or put text in quotes"),
    (r"(?:null|none|nil|undefined)\b|~", "TOML has no null", "omit the key"),
    (r"\$\{", "a reference outside quotes", 'put it in quotes: `"${...}"`'),
    (r"=", "more than one `=`", "write one `=`"),
    (r"\s*(?:#|\Z|\n)", "a key without a value", "write a value, or remove the key"),
    (r"[+-]?\.\d", "a number without a digit before its point", "write one, as in `0.5`"),
    (r"[\u2018-\u201f`]", "a quotation mark that TOML does not have", "write `\"` or `'`"),
)
"""Text in place of a value that cannot be a secret: its pattern, the message and the remedy."""
_KEYS = (
    (
        r"\s*\n",
        "an inline table that continues on the next line",
        "keep it in one line, or write a `[table]` of its own",
    ),
    (r"\}", "a comma before `}`", "remove the comma"),
    (r"[].=]", "a key without a name", "write a name"),
)


def mistake(message: str, lines: Lines) -> Problem:
    """Return the problem for a message of `tomllib`, at the position that the message names.

    Args:
        message: the message. It is not shown, because it may repeat a value.
        lines: the text.
    """
    place = _PLACE.search(message)
    at = lines.offset(int(place[1]), int(place[2])) if place else len(lines.text)
    end = at + 1 if at < len(lines.text) and lines.text[at] != "\n" else at
    _, code, what, remedy = next((reason for reason in _REASONS if message.startswith(reason[0])), _OTHER)
    table = _VALUES if message.startswith(_NO_VALUE) else _KEYS if message.startswith(_NO_KEY) else ()
    for pattern, *better in table:
        if re.compile(pattern, re.IGNORECASE).match(lines.text, at):
            what, remedy = better
            break
    return Problem(code, origin=lines.origin((at, end)), message=what, label="here", help=remedy)
