"""Check of the format of Vault's answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

LONGEST = 2.0**63 / 1e9
"""Seconds that Vault can express, at most: it stores durations as 64-bit nanoseconds."""

DEEPEST = 300
"""Levels of nesting that an answer may have. Vault itself stores no more."""

_GRANTS = ("lease_duration", "ttl", "period", "creation_ttl")
_LOOKUP = "auth/token/lookup-self"


def parsed_json(raw: bytes) -> Any:
    """Parse the JSON of an answer.

    Raises:
        ValueError: the text is not JSON, contains NaN or infinity, or has more than `DEEPEST` levels of nesting.
    """
    try:
        value = json.loads(raw, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and _is_deep(value):
        raise ValueError("nested too deeply")
    return value


def format_error(body: Mapping[str, Any], path: str) -> str:
    """Check the format of a successful answer. Return the first error as text; "" if there is none.

    Args:
        body: body of the answer.
        path: path of the request, without `/v1/`.
    """
    if not isinstance(body.get("lease_id"), str | None):
        return "its lease_id is not text"
    auth = body.get("auth")
    if not isinstance(auth, dict | None):
        return "its auth is not an object"
    for facts in (body, auth or {}):
        if wrong := _fault_of_grant(facts, ("lease_duration",)):
            return wrong
    if path == _LOOKUP:
        data = body.get("data")
        return _fault_of_grant(data, _GRANTS) if isinstance(data, dict) else "its data is not an object"
    return ""


def seconds(value: object) -> float | None:
    """Return `value`, a number of seconds, as a float; None if `value` is not a number from 0 to `LONGEST`."""
    right = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= LONGEST
    return float(value) if right else None  # type: ignore[arg-type]


def positive_int(value: object) -> int | None:
    """Return `value` if it is an integer from 1 to 2**63 - 1, such as a version; else None."""
    return value if type(value) is int and 1 <= value < 2**63 else None


def timestamp(date: str | None) -> float | None:
    """Return the time of a `Date` header in seconds since 1970; None if the header is missing or invalid."""
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (ValueError, TypeError, OverflowError):
        return None


def _fault_of_grant(facts: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        if facts.get(name) is not None and seconds(facts[name]) is None:
            return f"its {name} is no number of seconds"
    return "" if isinstance(facts.get("renewable"), bool | None) else "its renewable is neither true nor false"


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [below for one in level if isinstance(one, (dict, list)) for below in _below(one)]
        if not level:
            return False
    return True


def _below(value: dict[str, Any] | list[Any]) -> Any:
    return value.values() if isinstance(value, dict) else value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
