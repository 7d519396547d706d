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
    found.add(repr(raw)[2:-1])
    text = value if isinstance(value, str) else _decoded(value)
    if text is not None:
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
    url = quote_from_bytes(raw, safe="")
    return {
        text,
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        repr(text)[1:-1],
        url,
        url.replace("%2F", "/"),
        url.replace("%20", "+"),
    }


def _base64(raw: bytes) -> set[str]:
    """The whole, and what is the same wherever `raw` stands in something longer, such as `user:secret`."""
    found = {b64encode(raw).decode(), urlsafe_b64encode(raw).decode()}
    for before in range(3):
        start = -(-before * 8 // 6)
        end = (before + len(raw)) * 8 // 6
        padded = bytes(before) + raw
        found |= {b64encode(padded).decode()[start:end], urlsafe_b64encode(padded).decode()[start:end]}
    return {piece for piece in found if len(piece) >= LINE}
