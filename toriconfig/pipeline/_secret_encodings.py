"""The ways in which a secret turns up in a text: as it is, and as JSON, `repr`, URLs and base64 write it."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote_from_bytes

LINE = 8
"""Characters: shorter lines of a multi-line secret, and shorter pieces of base64, are no secret by themselves."""


def spellings(value: str | bytes) -> set[str]:
    """Every spelling of `value`, itself included."""
    raw = value if isinstance(value, bytes) else value.encode(errors="surrogatepass")
    found = _base64(raw)
    text = value if isinstance(value, str) else _decoded(value)
    if text is None:
        for inside in _reprs(raw):
            found |= _quoted(inside)
        return found
    found |= _escaped(text, raw)
    lines = {line.strip() for line in text.splitlines()} - {text}
    for line in lines:
        if len(line) >= LINE and not line.startswith("-----"):  # the frame of a PEM block is in every PEM block
            found |= _escaped(line, line.encode(errors="surrogatepass"))
    return found


def _decoded(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _escaped(text: str, raw: bytes) -> set[str]:
    if text.isalnum() and text.isascii():
        return {text}
    once = _quoted(text)
    # JSON in a field of JSON, a body of JSON shown by `%r`, an error that quotes an error.
    twice = {spelling for quoted in once - {text} for spelling in _quoted(quoted)}
    url = quote_from_bytes(raw, safe="")
    return once | twice | {url, url.replace("%2F", "/"), url.replace("%20", "+")}


def _quoted(text: str) -> set[str]:
    """Return the spellings of `text` inside a string that JSON or Python writes."""
    if text.isascii() and text.isprintable() and not {"'", '"', "\\"}.intersection(text):
        return {text}
    found = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    found |= _reprs(text) | _reprs(text.encode(errors="surrogatepass"))
    return found | {ascii(text)[1:-1], ascii(text + "'\"")[1:-4]}


def _reprs(value: str | bytes) -> set[str]:
    """Python escapes an apostrophe only where a double quote stands in the same string, whoever brought it."""
    if isinstance(value, bytes):
        return {repr(value)[2:-1], repr(value + b"'\"")[2:-4]}
    return {repr(value)[1:-1], repr(value + "'\"")[1:-4]}


def _base64(raw: bytes) -> set[str]:
    """The whole, and what is the same wherever `raw` stands in something longer, such as `user:secret`."""
    found = {b64encode(raw).decode(), urlsafe_b64encode(raw).decode()}
    for before in range(3):
        start = -(-before * 8 // 6)
        end = (before + len(raw)) * 8 // 6
        padded = bytes(before) + raw
        found |= {b64encode(padded).decode()[start:end], urlsafe_b64encode(padded).decode()[start:end]}
    return {piece for piece in found if len(piece) >= LINE}
