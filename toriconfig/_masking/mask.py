"""Where, in one line of text, something begins that may be a secret.

The rules work on text alone, because a file with a syntax error has no tree. From the first suspicious place
on, the line is masked to its end: what follows a secret on its line (a comment, the rest of a flow mapping) is
worth less than the certainty that no part of it is shown, and every column before it stays exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from toriconfig._masking.sensitive import TOKEN, Sensitive, looks_secret
from toriconfig._secret import MASK

_SEPARATOR = re.compile(r"[:=\uff1a]")
_LAST_TOKEN = re.compile(r"""[^\s{}\[\],&?;|()<>"'`]+["']?\s*\Z""")
_FIRST_TOKEN = re.compile(r"""(?:^|[{,])\s*(?:[-?]\s+)*#?\s*["']?([\w.-]+)["']?(?=[^\w.-])""")
_SPACE = re.compile(r"[\s:=\uff1a]*")
_EXPLICIT_KEY = re.compile(r"\s*(?:-\s+)*\?\s+(?P<key>.*\S)")
_USERINFO = re.compile(r"""://(?=.*@)|(?<![^\s"'=,\[{(])[^\s:/@"']+:(?!//)\S*@""")
_COMMENT = re.compile(r"(?:^|\s)#")
_REFERENCE = re.compile(r"""\s*(["']?)\$\{(?:vault:[\w./?=#&,*:-]+|env:\w+|[A-Za-z_][\w.]*)\}\1\s*\Z""")
_SECTION = re.compile(r"\s*(?:[&!]\S*(?:\s+|\Z))*(?:\[\s*)*(?:[{#*]|\Z)")
"""What rightly follows the name of a section on its line: its keys, or nothing; anything else may be a secret."""
_LONGEST_NAME = 100
_LONGEST_LINE = 10_000
PEM_BEGIN, PEM_END = "-----BEGIN", "-----END"


def openings(text: str, sensitive: Sensitive, anchors: frozenset[str] = frozenset()) -> Iterator[tuple[int, bool]]:
    """Where values of secrets begin, from left to right, and whether such a value may be shown after all.

    A value may be shown when it is a reference alone: `${vault:secret/tori#api_key}` tells where a secret is.

    Args:
        anchors: anchors (`&name`) whose value is used as a secret elsewhere.
    """

    def misplaced(name: str, at: int) -> bool:
        return sensitive.holds(name) and not _SECTION.match(text, at)

    found: set[int] = set()
    for token in _FIRST_TOKEN.finditer(text, 0, _LONGEST_LINE):
        # Without a separator too: the colon may be what is missing.
        at = _after(text, token.end())
        if sensitive.names(token[1]) or misplaced(token[1], at):
            found.add(at)
    explicit = _EXPLICIT_KEY.match(text)
    if explicit and sensitive.names(explicit["key"]):
        found.add(len(text))
    start = 0
    for separator in _SEPARATOR.finditer(text, 0, _LONGEST_LINE):
        end = separator.start()
        chunk = text[max(start, end - _LONGEST_NAME) : end]
        last = _LAST_TOKEN.search(text[max(0, end - _LONGEST_NAME) : end])
        start = separator.end()
        at = _after(text, start)
        named = last is not None and (sensitive.names(last[0]) or misplaced(last[0], at))
        # An escape in a key (`"pass\u0077ord"`) hides its name from these rules.
        if named or looks_secret(chunk) or "\\" in chunk:
            found.add(at)
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
    if len(text) > _LONGEST_LINE:
        places.append(_LONGEST_LINE)
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
