"""A secret is masked in the way in which each of the common writers spells it."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shlex
from collections.abc import Callable
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import httpx
import pytest
from requests import Request
from sqlalchemy import URL

from toriconfig.pipeline._redact import Redactor

HEAD, TAIL = "zebra7head", "tail9zebra"
SPECIAL = "!$&'()*+,;=:@/?#[] <>\"\\%~^|{}`é"


def _csv(secret: str) -> str:
    file = io.StringIO()
    csv.writer(file).writerow([secret])
    return file.getvalue()


def _as_go(secret: str) -> str:
    """JSON as Go writes it, and so Vault, Consul and Kubernetes."""
    text = json.dumps(secret, ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _as_dotnet(secret: str) -> str:
    text = json.dumps(secret)[1:-1].replace('\\"', "\\u0022").replace("\\u00e9", "\\u00E9")
    return "".join(f"\\u{ord(char):04X}" if char in "<>&'+`" else char for char in text)


WRITERS: dict[str, Callable[[str], str]] = {
    "quote": quote,
    "quote of all": lambda secret: quote(secret, safe=""),
    "quote in lower case": lambda secret: re.sub("%..", lambda found: found[0].lower(), quote(secret, safe="")),
    "quote_plus": quote_plus,
    "quote_plus with slashes": lambda secret: quote_plus(secret, safe="/"),
    "encodeURIComponent": lambda secret: quote(secret, safe="!'()*"),
    "encodeURI": lambda secret: quote(secret, safe="!'()*;/?:@&=+$,#"),
    "a segment of a path": lambda secret: quote(secret, safe="!$&'()*+,;=:@"),
    "a query of requests": lambda secret: str(Request("GET", "http://h/", params={"k": secret}).prepare().url),
    "a path of requests": lambda secret: str(Request("GET", f"http://h/{secret}").prepare().url),
    "a query of httpx": lambda secret: str(httpx.Request("GET", "http://h/", params={"k": secret}).url),
    "a path of httpx": lambda secret: str(httpx.URL(f"http://h/{secret}")),
    "a login of httpx": lambda secret: httpx.URL("http://h/", username="u", password=secret).userinfo.decode(),
    "a URL of SQLAlchemy": lambda secret: URL.create("postgresql", "u", secret, "h").render_as_string(False),
    "JSON of Go": _as_go,
    "JSON of PHP": lambda secret: json.dumps(secret).replace("/", "\\/"),
    "JSON of .NET": _as_dotnet,
    "JSON of templates": lambda secret: _as_go(secret).replace("'", "\\u0027"),
    "HTML": html.escape,
    "HTML with decimal references": lambda secret: html.escape(secret).replace("&#x27;", "&#39;"),
    "HTML outside attributes": lambda secret: html.escape(secret, quote=False),
    "XML": escape,
    "a word of a shell": shlex.quote,
    "another word of a shell": lambda secret: "'" + secret.replace("'", "'\\''") + "'",
    "a literal of SQL": lambda secret: "'" + secret.replace("'", "''") + "'",
    "a cell of CSV": _csv,
    "a format": lambda secret: secret.replace("%", "%%"),
    "escapes of Python": lambda secret: secret.encode("unicode_escape").decode(),
    "hexadecimal": lambda secret: secret.encode().hex(),
}


SPECIALS = [SPECIAL, *sorted(set(SPECIAL)), "", "&'", "/+=", "'\""]
ENDS_A_PATH = frozenset("?#\\")
"""Characters that no writer of a path can leave as they are."""

WRITTEN = [
    (writer, special)
    for writer in WRITERS
    for special in SPECIALS
    if not writer.startswith("a path") or ENDS_A_PATH.isdisjoint(special)
]


@pytest.mark.parametrize(("writer", "special"), WRITTEN)
def test_a_secret_is_masked_as_it_is_written_by(writer: str, special: str) -> None:
    redactor = Redactor()
    secret = HEAD + special + TAIL
    redactor.register(secret)
    written = f"begin {WRITERS[writer](secret)} end"
    masked = redactor.mask(written)
    for piece in (HEAD, TAIL):
        assert piece not in masked
        assert piece.encode().hex() not in masked.lower()
    assert masked.startswith("begin")
    assert masked.endswith("end")
