"""Values as text of environment variables, for `.env` files and for scripts that a POSIX shell sources.

The text never runs a command. In a shell script, each variable is on one line. The functions return None for a
value that the format cannot express; the callers then write a comment.
"""

from __future__ import annotations

import json
import re
from typing import Any

from toriconfig._core.printable import clean_lines, commands_as, harmless

_SAFE = frozenset("_-./:,@%+=")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
_IN_SINGLE = re.compile(r"'|\\(?=[\\']|\Z)")
"""Characters that parsers of `.env` files and shells read differently inside single quotes."""
_IN_DOUBLE = re.compile(r"[$`]")
"""Characters that parsers of `.env` files and shells read differently inside double quotes."""
_END = "X"


def is_env_name(name: str) -> bool:
    """Return True if a `.env` file can set a variable of this name. An alias with a space cannot be set."""
    return bool(name) and not any(
        not char.isprintable() or char.isspace() or char in "=#'\"`$;&|<>()\\" for char in name
    )


def is_shell_name(name: str) -> bool:
    """Return True if the name is valid for a shell variable."""
    return _IDENTIFIER.match(name) is not None


def env_text(value: Any, *, ascii: bool = False) -> str | None:  # noqa: A002 - as json.dumps calls it
    """Return a value as text for a `.env` file, quoted if necessary; None if the file cannot hold the value.

    The text means the same value for python-dotenv, Docker Compose and a shell.

    Args:
        value: the value.
        ascii: True: return None if the text would not be ASCII.
    """
    text = _text(value, ascii=ascii)
    if text is None or (ascii and not text.isascii()) or not _is_plain(text):
        return None
    if text and _is_bare(text):
        return text
    if "${" in text:  # python-dotenv expands it as a variable in any quotes
        return None
    if not _IN_SINGLE.search(text):
        return f"'{text}'"
    if _IN_DOUBLE.search(text):
        return None
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def shell_assignment(name: str, value: Any, *, ascii: bool = False) -> str | None:  # noqa: A002 - as json.dumps calls it
    r"""Return the line that sets and exports a variable in a POSIX shell; None if the shell cannot hold the value.

    A value with unprintable characters is written with `printf`. The added `X` protects line breaks at the end of
    the value, which the shell would remove.

    >>> print(shell_assignment("A", "it's $(x)"))
    export A='it'\''s $(x)'
    >>> print(shell_assignment("A", "a\nb"))
    A="$(printf 'a\012bX')"; export A="${A%X}"

    Args:
        name: a name that `is_shell_name` accepts.
        value: the value.
        ascii: True: only ASCII is written.
    """
    text = _text(value, ascii=False)
    if text is None:
        return None
    shown = all(harmless(char) and (not ascii or char.isascii()) for char in text)
    if shown and commands_as("", text) == text:
        quoted = text if text and _is_bare(text) else "'" + text.replace("'", "'\\''") + "'"
        return f"export {name}={quoted}"
    try:
        printed = commands_as("\\043#", "".join(_printed(char, ascii=ascii) for char in text))
        printed = f"\\055{printed[1:]}" if printed.startswith("-") else printed  # no option of printf
    except UnicodeEncodeError:  # no bytes of any encoding
        return None
    return f'{name}="$(printf \'{printed}{_END}\')"; export {name}="${{{name}%{_END}}}"'


def _text(value: Any, *, ascii: bool) -> str | None:  # noqa: A002
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=ascii)
    return None if "\0" in value or value.strip() == "null" else value


def _is_bare(text: str) -> bool:
    if text[:1] == "=" or ":=" in text:  # zsh expands `=ls` to the path of `ls`
        return False
    return all(char in _SAFE or (char.isascii() and char.isalnum()) for char in text)


def _is_plain(text: str) -> bool:
    """Return True if no character of the text must be escaped. Line breaks and tabs are allowed."""
    return clean_lines(text) == text


def _printed(char: str, *, ascii: bool) -> str:  # noqa: A002
    if char in "\\'%" or not harmless(char) or (ascii and not char.isascii()):
        return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogateescape"))
    return char
