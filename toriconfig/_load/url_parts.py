"""Detection of `${...}` references in URL text that need an encoding such as `|url` (percent-encoding)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from toriconfig._core.interpolation_syntax import Reference
from toriconfig._core.origin import Origin
from toriconfig._core.problem import Code, Problem
from toriconfig._core.value import Value

_BEGIN = re.compile(r"(?:[A-Za-z][\w+.-]*:)+//")
_HOLE = "\0"


def hints(parts: Sequence[str | Reference], values: Sequence[Any], path: str, origin: Origin) -> Iterator[Problem]:
    """If `parts` form a URL, yield a hint for each reference that should have `|url` (percent-encoding) and does not.

    Only references in the user name, password, path and query of the URL are checked.

    Args:
        parts: the parts of the text as written.
        values: the parts, with the current values in place of the references.
        path: key path of the field.
        origin: origin of the text.
    """
    text = "".join(part if isinstance(part, str) else _HOLE for part in parts)
    begin = _BEGIN.match(text)
    if begin is None:
        return
    rooms = _rooms(text[begin.end() :])
    references = [at for at, part in enumerate(parts) if not isinstance(part, str)]
    for at, room in zip(references, rooms, strict=False):
        part = parts[at]
        assert isinstance(part, Reference)
        if room and not part.forms and _differs(values[at], room):
            yield Problem(
                Code.URL_PART_NOT_ENCODED,
                path,
                origin,
                expected="`|url` before the brace, which percent-encodes",
                help=f"write `${{{_name(part)}|url}}`, unless its value is encoded already",
                message=f"the {room} is inserted into the URL without encoding",
                severity="info",
            )


def _rooms(rest: str) -> Iterator[str]:
    """Yield, for each reference, the name of the URL part that contains it, such as "query".

    The name is "" for a reference in the host, port or fragment, which need no encoding.
    """
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    host = authority.rfind("@") + 1
    room = "user name" if host else ""
    for at, char in enumerate(rest):
        if at == host and at:
            room = ""
        elif char == ":" and at < host:
            room = "password"
        elif char in "/?#" and (at >= len(authority)):
            room = "" if room == "fragment" else {"/": room or "path", "?": "query", "#": "fragment"}[char]
        if char == _HOLE:
            yield "" if room == "fragment" else room


def _differs(value: Any, room: str) -> bool:
    """Return True if percent-encoding may change `value` in the URL part `room`; False for None.

    For a value that is fetched later, return True in every part except the path.
    """
    if isinstance(value, Value):  # fetched later
        return room != "path"
    return value is not None and quote(str(value), safe="/" if room == "path" else "", errors="replace") != str(value)


def _name(part: Reference) -> str:
    return part.name if part.kind in ("key", "profile") else f"{part.kind}:{part.name}"
