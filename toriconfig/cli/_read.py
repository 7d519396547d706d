"""Bounded reading of standard input and of single text files."""

from __future__ import annotations

import sys

import click

from toriconfig._core.regular_file import Unread, read_regular

LARGEST_INPUT = 16 << 20
"""Maximum bytes of standard input and of a settings file."""
LARGEST_VALUE = 1 << 20
"""Maximum bytes of one value on standard input; the same as for a file of a secret."""
LARGEST_PROJECT = 1 << 20
"""Maximum bytes of a pyproject.toml."""


def stdin_bytes(most: int = LARGEST_INPUT) -> bytes:
    """Return standard input, at most `most` + 1 bytes. The caller rejects a result that is longer than `most`."""
    data: bytes = sys.stdin.buffer.read(most + 1)
    return data


def file_text(path: str, most: int, name: str = "") -> str:
    """Return the text of a file, with its line breaks unchanged.

    Args:
        path: the file.
        most: largest size in bytes.
        name: name in messages; "": the path.

    Raises:
        click.UsageError: the file is not regular, larger than `most` bytes, or not UTF-8; the message gives the reason.
    """
    data = read_regular(path, most, secret=False)
    if isinstance(data, Unread):
        raise click.UsageError(f"{name or path} cannot be read: {data.reason}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.UsageError(f"{name or path} cannot be read: it is not UTF-8 text") from None
