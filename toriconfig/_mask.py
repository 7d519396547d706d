"""Where, in one line of text, something begins that may be a secret.

The rules work on text alone, because a file with a syntax error has no tree. From the first suspicious place
on, the line is masked to its end: what follows a secret on its line (a comment, the rest of a flow mapping) is
worth less than the certainty that no part of it is shown, and every column before it stays exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from toriconfig._secret import MASK
from toriconfig._sensitive import TOKEN, Sensitive, looks_secret

_SEPARATOR = re.compile(r"[:=\uff1a]")
_LAST_TOKEN = re.compile(r"""[^\s{}\[\],&?;|()<>"'`]+["']?\s*\Z""")
_FIRST_TOKEN = re.compile(r"""\s*(?:[-?]\s+)*#?\s*["']?([\w.-]+)["']?[^\w.-]""")
_SPACE = re.compile(r"[\s:=\uff1a]*")
_EXPLICIT_KEY = re.compile(r"\s*(?:-\s+)*\?\s+(?P<key>.*\S)")
_USERINFO = re.compile(r"""://(?=.*@)|(?<![^\s"'=,\[{(])[^\s:/@"']+:(?!//)\S*@""")
_COMMENT = re.compile(r"(?:^|\s)#")
_REFERENCE = re.compile(r"""\s*(["']?)\$\{(?:vault:[\w./?=#-]+|env:\w+|[A-Za-z_][\w.]*)\}\1\s*\Z""")
_LONGEST_NAME = 100
PEM_BEGIN, PEM_END = "-----BEGIN", "-----END"


def openings(text: str, sensitive: Sensitive, anchors: frozenset[str] = frozenset()) -> Iterator[tuple[int, bool]]:
    """Where values of secrets begin, from left to right, and whether such a value may be shown after all.

    A value may be shown when it is a reference alone: `${vault:secret/tori#api_key}` tells where a secret is.

    Args:
        anchors: anchors (`&name`) whose value is used as a secret elsewhere.
    """
    found: set[int] = set()
    first = _FIRST_TOKEN.match(text)
    if first and sensitive.names(first[1]):
        found.add(_after(text, first.end() - 1))
    explicit = _EXPLICIT_KEY.match(text)
    if explicit and sensitive.names(explicit["key"]):
        found.add(len(text))
    start = 0
    for separator in _SEPARATOR.finditer(text):
        chunk = text[max(start, separator.start() - _LONGEST_NAME) : separator.start()]
        start = separator.end()
        token = _LAST_TOKEN.search(chunk)
        # An escape in a key (`"pass\u0077ord"`) hides its name from these rules.
        if (token and sensitive.names(token[0])) or looks_secret(chunk) or "\\" in chunk:
            found.add(_after(text, start))
    for anchor in anchors:
        for match in re.finditer(rf"&{re.escape(anchor)}(?![^\s,\[\]{{}}])", text):
            found.add(_after(text, match.end()))
    for at in sorted(found):
        yield at, _REFERENCE.match(text, at) is not None


def suspicious(text: str) -> int | None:
    """Where a secret begins that needs no name: a login in a URL, a token's shape, a telling comment, a PEM block."""
    places = [match.end() if match[0] == "://" else match.start() for match in _USERINFO.finditer(text)]
    places += [match.start() for match in TOKEN.finditer(text)]
    places += [match.end() for match in _COMMENT.finditer(text) if looks_secret(text[match.end() :])]
    if PEM_BEGIN in text:
        places.append(text.index(PEM_BEGIN))
    return min(places, default=None)


def cut(text: str, at: int) -> str:
    """`text` with everything from `at` on under the mask; the space before it stays."""
    at = min(at, len(text))
    rest = text[at:].lstrip()
    return text[: len(text) - len(rest)] + MASK if rest else text


def _after(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
