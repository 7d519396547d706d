"""Key paths: `database.pool.max_size`, `weights."a.b"`, `servers[0].host`.

Inside the library, a path is a tuple of keys (`str`) and positions (`int`). Users of the library pass a path as text.
"""

from __future__ import annotations

Path = tuple[str | int, ...]

_NEEDS_QUOTES = frozenset('."[]')


def show(path: Path) -> str:
    """Return a path as text.

    >>> show(("weights", "a.b", 0))
    'weights."a.b"[0]'
    """
    if len(path) == 1 and type(path[0]) is str and path[0].isidentifier():
        return path[0]
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        if not part or not _NEEDS_QUOTES.isdisjoint(part):
            part = quote(part)
        text += f".{part}" if text else part
    return text


def parse(text: str) -> Path:
    """Parse the text of a path. A key that contains a dot is in quotes, and a position is in brackets.

    Raises:
        ValueError: the text is empty or not a path.

    >>> parse('weights."a.b"[0]')
    ('weights', 'a.b', 0)
    """
    parts: list[str | int] = []
    at, end = 0, len(text)
    while at < end:
        char = text[at]
        if char == "[":
            close = text.find("]", at)
            digits = text[at + 1 : close] if close > 0 else ""
            if not digits.isdecimal():
                raise ValueError(f"key path {text!r}: expected a position in brackets at column {at + 1}")
            parts.append(int(digits))
            at = close + 1
        elif char == '"':
            at, key = quoted(text, at + 1)
            parts.append(key)
        else:
            stop = at
            while stop < end and text[stop] not in '.["':
                stop += 1
            if stop == at:
                raise ValueError(f"key path {text!r}: a key is missing at column {at + 1}")
            parts.append(text[at:stop])
            at = stop
        if at < end and text[at] == ".":
            at += 1
            if at == end:
                raise ValueError(f"key path {text!r} ends with a dot")
        elif at < end and text[at] != "[":
            raise ValueError(f"key path {text!r}: expected a dot at column {at + 1}")
    if not parts:
        raise ValueError("a key path cannot be empty")
    return tuple(parts)


def quote(key: str) -> str:
    """Return a key in double quotes, with a backslash before each quote and each backslash in the key."""
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def quoted(text: str, at: int) -> tuple[int, str]:
    """Return `(end, key)`: the position after the closing quote, and the text in the quotes with escapes replaced.

    `at` is the position in `text` after the opening quote.

    Raises:
        ValueError: the quote is not closed.
    """
    key = ""
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text):
            key += text[at + 1]
            at += 2
        elif char == '"':
            return at + 1, key
        else:
            key += char
            at += 1
    raise ValueError(f"{text!r}: a quote is not closed")
