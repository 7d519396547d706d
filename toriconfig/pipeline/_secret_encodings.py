"""Encodings in which a secret may appear in a text: plain, JSON, `repr`, URLs, HTML, shells, base64."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import quote_from_bytes

LINE = 8
"""Minimum length of a masked line of a multi-line secret, and of a masked piece of base64."""

_IN_URLS = (
    "",
    "/",
    "!'()*",  # encodeURIComponent
    "!'()*;/?:@&=+$,#",  # encodeURI
    "!$&'()*+,;=",
    "!$&'()*+,;=:@",
    "!$&'()*+,;=:@/",
    "!$&'()*+,;=:@/?",
    "!#$&'()*+,/:;=?@[]",  # requests
    "!$&'()*+,",  # httpx: a password, a path, a query
    "!$&'()*+,/:;=@[\\]^|",
    "!$&'()*+,/:;=?@[\\]^`{|}",
    "!$'()*,/:?@",  # yarl
    " +",  # SQLAlchemy
)
"""Sets of characters that writers of URLs do not encode."""

_ESCAPE = re.compile("%[0-9A-F]{2}")
_OF_GO = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})
_OF_TEMPLATES = _OF_GO | str.maketrans({"'": "\\u0027"})
_OF_DOTNET = str.maketrans({char: f"\\u{ord(char):04X}" for char in "<>&'+`"})
_OF_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def spellings(value: str | bytes) -> set[str]:
    """Return the texts in which a log may show `value`: its text and its encodings.

    For a `value` of several lines, the texts of each line of at least `LINE` characters are included. Lines that begin
    with `-----` are left out.
    """
    raw = value if isinstance(value, bytes) else value.encode(errors="surrogatepass")
    found = _base64(raw) | {raw.hex()}
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
    return once | twice | set(_in_urls(raw)) | set(_in_json(text)) | set(_in_markup(text))


def _quoted(text: str) -> set[str]:
    """Return the forms of `text` inside a quoted string of JSON or Python."""
    if text.isascii() and text.isprintable() and not {"'", '"', "\\"}.intersection(text):
        return {text}
    found = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    found |= _reprs(text) | _reprs(text.encode(errors="surrogatepass"))
    return found | {ascii(text)[1:-1], ascii(text + "'\"")[1:-4]}


def _reprs(value: str | bytes) -> set[str]:
    """Return the text between the quotes of `repr(value)`: as it is, and with each apostrophe escaped."""
    if isinstance(value, bytes):
        return {repr(value)[2:-1], repr(value + b"'\"")[2:-4]}
    return {repr(value)[1:-1], repr(value + "'\"")[1:-4]}


def _in_urls(raw: bytes) -> Iterator[str]:
    """Yield the percent-encoded forms of `raw`.

    The forms differ in the set of encoded characters, in the case of hex digits (`%2F` or `%2f`), and in the encoding
    of a space (`%20` or `+`).
    """
    for plain in _IN_URLS:
        url = quote_from_bytes(raw, safe=plain)
        for spelt in {url, url.replace("%20", "+"), url.replace("%25", "%")}:
            yield spelt
            yield _ESCAPE.sub(lambda found: found[0].lower(), spelt)


def _in_json(text: str) -> Iterator[str]:
    """Yield `text` as JSON encoders of Go, PHP, .NET and page templates write it: with more escapes than necessary."""
    for written in {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}:
        yield written.replace("/", "\\/")
        yield written.translate(_OF_GO)
        yield written.translate(_OF_TEMPLATES)
        yield (
            re.sub(r"\\u[0-9a-f]{4}", lambda found: "\\u" + found[0][2:].upper(), written)
            .replace('\\"', "\\u0022")
            .translate(_OF_DOTNET)
        )


def _in_markup(text: str) -> Iterator[str]:
    """Yield `text` as escaped for HTML, XML, command lines, SQL, CSV, `%` formats and Python strings."""
    page = text.translate(_OF_HTML)
    yield page
    yield page.replace('"', "&quot;")
    for quote in ("&#x27;", "&#39;", "&apos;"):
        yield page.replace('"', "&quot;").replace("'", quote)
        yield page.replace('"', "&#34;").replace("'", quote)
    yield text.replace("'", "'\"'\"'")
    yield text.replace("'", "'\\''")
    yield text.replace("'", "''")
    yield text.replace('"', '""')
    yield text.replace("%", "%%")
    yield text.encode("unicode_escape").decode()


def _base64(raw: bytes) -> set[str]:
    """Return the base64 of `raw`, and the pieces of base64 that contain `raw` when longer data is encoded.

    Base64 encodes groups of three bytes, so there is one piece for each position of `raw` in a group. Texts shorter
    than `LINE` characters are left out.
    """
    found = {b64encode(raw).decode(), urlsafe_b64encode(raw).decode()}
    for before in range(3):
        start = -(-before * 8 // 6)
        end = (before + len(raw)) * 8 // 6
        padded = bytes(before) + raw
        found |= {b64encode(padded).decode()[start:end], urlsafe_b64encode(padded).decode()[start:end]}
    return {piece for piece in found if len(piece) >= LINE}
