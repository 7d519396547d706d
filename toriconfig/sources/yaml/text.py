"""From bytes to text, and where a character of it stands."""

from __future__ import annotations

_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def decode(data: bytes) -> tuple[str, int | None, str]:
    """Decode strictly: UTF-8, or UTF-16 and UTF-32 when a byte order mark says so.

    Returns:
        The text without its byte order mark; the index in it where decoding stopped, or None; the encoding.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding).removeprefix("\ufeff"), None, encoding
    except UnicodeDecodeError as error:
        start = error.start
    # A truncated last unit of UTF-16 is left out by cutting at the place of the error.
    good = data[:start].decode(encoding, "ignore").removeprefix("\ufeff")
    return good, len(good), encoding


def split_lines(text: str) -> list[str]:
    """Lines as YAML 1.2 and editors count them: after LF, CR LF and CR."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if lines[-1]:
        lines.append("")  # libyaml ends every text with a line end, and what it misses there it misses below it
    return lines


def place(text: str, index: int) -> tuple[int, int]:
    """The 1-based line and column of the character at `index`."""
    before = text[:index].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - before.rfind("\n")
