"""Finds references that are put into a URL as they are, though they may hold what ends the part that they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from toriconfig._core.interpolation_syntax import Reference
from toriconfig._core.origin import Origin
from toriconfig._core.problem import Problem
from toriconfig._core.value import Value

_BEGIN = re.compile(r"(?:[A-Za-z][\w+.-]*:)+//")
_HOLE = "\0"


def hints(parts: Sequence[str | Reference], values: Sequence[Any], path: str, origin: Origin) -> Iterator[Problem]:
    """One hint for each reference in a URL that should be percent-encoded and is not.

    What is fetched later may hold anything, so it is hinted at as a user name, a password or the value of a query. What
    is known now is hinted at where encoding would change it, as a segment of the path too.

    Args:
        parts: of the text, as it is written.
        values: the same with what references yield now.
        path: of the field.
        origin: of the text.
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
                "TC308",
                path,
                origin,
                expected="`|url` before the brace, which percent-encodes",
                help=f"write `${{{_name(part)}|url}}`, unless what it yields is encoded already",
                message=f"the {room} of a URL is put into it as it is",
                severity="info",
            )


def _rooms(rest: str) -> Iterator[str]:
    """Yield the part of the URL that each hole is in; "" for the host, the port and a fragment.

    Host and port are not encoded.
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
    """True if encoding may change what stands there."""
    if isinstance(value, Value):  # fetched later
        return room != "path"
    return value is not None and quote(str(value), safe="/" if room == "path" else "", errors="replace") != str(value)


def _name(part: Reference) -> str:
    return part.name if part.kind in ("key", "profile") else f"{part.kind}:{part.name}"
