"""Search for the start of a possible secret in one line of text.

The rules use only the text, because a file with a syntax error has no tree. The line is masked from this
position to the end of the line, so text after the secret is masked too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from toriconfig._core.markers import known_schemes
from toriconfig._core.mask import MASK
from toriconfig._masking.sensitive import TOKEN, Sensitive, looks_secret

_SEPARATOR = re.compile(r"[:=\uff1a\uff1d\ufe55\ufe66]")
_LAST_TOKEN = re.compile(r"""[^\s{}\[\],&?;|()<>"'`]+["']?\s*\Z""")
_FIRST_TOKEN = re.compile(r"""(?:^|[{,])\s*(?:[-?]\s+)*(?:#\s*)?["']?([\w.-]+)["']?(?=[^\w.-]|\Z)""")
_SPACE = re.compile(r"[\s:=\uff1a\uff1d\ufe55\ufe66]{0,100}")
_EXPLICIT_KEY = re.compile(r"\s*(?:-\s+)*\?\s+(?P<key>.*\S)")
_CHUNK = re.compile(r"\S+")
_USER = re.compile(r"""(?<![^\s"'=,\[{(])[^\s:/@"']+(?P<password>:(?!//))?""")
ANCHOR = re.compile(r"&([^\s,\[\]{}]+)")
_COMMENT = re.compile(r"(?:^|\s)#")
_REFERENCE = re.compile(
    r"""\s*(["']?)\$\{(?:env:\w+|(?P<backend>[a-z][a-z0-9+.-]*):[\w./?=#&,*:-]+|[A-Za-z_][\w.]*)\}\1\s*\Z"""
)
_SECTION = re.compile(r"\s*(?:[&!]\S*(?:\s+|\Z))*(?:\[\s*)*(?:[{#*]|\Z)")
"""Valid text after the name of a section on its line: its keys, or nothing. Any other text may be a secret."""
_LONGEST_NAME = 100
LONGEST_LINE = 10_000
"""Number of characters of a line that are examined; the rest is always masked."""
PEM_BEGIN, PEM_END = "-----BEGIN", "-----END"


def openings(
    text: str, sensitive: Sensitive, anchors: frozenset[str] = frozenset(), *, inside: bool = False
) -> Iterator[tuple[int, bool]]:
    """Yield `(position, may_be_shown)` for each secret value that begins on the line, from left to right.

    `may_be_shown` is True if the value is a reference such as `${vault:secret/tori#api_key}`, which contains no
    secret.

    Args:
        anchors: YAML anchors whose value is used as a secret elsewhere.
        inside: True if the line begins inside brackets, where the colon of a key may be on the next line.
    """

    def misplaced(name: str, at: int) -> bool:
        return sensitive.holds(name) and not _SECTION.match(text, at, LONGEST_LINE)

    found: set[int] = set()
    for token in _FIRST_TOKEN.finditer(text, 0, LONGEST_LINE):
        # The colon may be missing, so a separator is not required.
        if token.end() == len(text) and not inside and token[0][0] not in "{,":
            continue
        at = _after(text, token.end())
        if sensitive.names(token[1]) or misplaced(token[1], at):
            found.add(at)
    explicit = _EXPLICIT_KEY.match(text)
    if explicit and sensitive.names(explicit["key"]):
        found.add(len(text))
    start = 0
    for separator in _SEPARATOR.finditer(text, 0, LONGEST_LINE):
        end = separator.start()
        chunk = text[max(start, end - _LONGEST_NAME) : end]
        last = _LAST_TOKEN.search(text[max(0, end - _LONGEST_NAME) : end])
        start = separator.end()
        at = _after(text, start)
        named = last is not None and (sensitive.names(last[0]) or misplaced(last[0], at))
        # An escape in a key (`"pass\u0077ord"`) hides its name from these rules.
        if named or looks_secret(chunk) or "\\" in chunk:
            found.add(at)
    if anchors:
        found.update(_after(text, match.end()) for match in ANCHOR.finditer(text) if match[1] in anchors)
    for at in sorted(found):
        yield at, _is_reference(text, at)


def _is_reference(text: str, at: int) -> bool:
    match = _REFERENCE.match(text, at)
    return match is not None and (match["backend"] is None or match["backend"] in known_schemes())


def suspicious(text: str) -> int | None:
    """Return the index of the first part of `text` that looks like a secret; None if no part does.

    The names of keys are ignored. A login (`user:password@`), a token with a known prefix, a comment that mentions
    a secret, and a PEM block look like secrets. Text after the first `LONGEST_LINE` characters counts as a secret
    too.
    """
    text, whole = text[:LONGEST_LINE], text
    places = [_login(text)]
    token, comment = TOKEN.search(text), _COMMENT.search(text)
    if token:
        places.append(token.start())
    # The first comment extends to the end of the line, so it contains the words of later comments.
    if comment and looks_secret(text[comment.end() :]):
        places.append(comment.end())
    if len(whole) > LONGEST_LINE:
        places.append(LONGEST_LINE)
    if PEM_BEGIN in whole:
        places.append(whole.index(PEM_BEGIN))
    return min((at for at in places if at is not None), default=None)


def _login(text: str) -> int | None:
    """Return the position of `user:password@`, or of text between `://` and `@`, whichever is first; None if neither is
    there.
    """
    last = text.rfind("@")
    scheme = text.find("://", 0, max(last, 0))
    for chunk in _CHUNK.finditer(text, 0, last + 1):
        end = text.rfind("@", chunk.start(), chunk.end())
        for user in _USER.finditer(text, chunk.start(), max(end, chunk.start())):
            if user["password"]:
                return user.start() if scheme < 0 else min(user.start(), scheme + 3)
    return scheme + 3 if scheme >= 0 else None


def cut(text: str, at: int) -> str:
    """Return `text` with one mask for everything from position `at`. Spaces at `at` are kept before the mask."""
    at = min(at, len(text))
    rest = text[at:].lstrip()
    return text[: len(text) - len(rest)] + MASK if rest else text


def _after(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
