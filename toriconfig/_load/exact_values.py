"""Conversion of values by the type of their field: numbers to `Decimal`, and the text of durations to `timedelta`.

A decimal is created from the text of the file, because the float of a YAML or JSON reader has fewer digits. A
duration is a number of seconds, or has units (`90s`, `5m`, `1h30m`, `90d`). Other text, such as `PT5M`, is left
to pydantic.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from toriconfig._core.tree import Node
from toriconfig._schema.shape import Shape, has_exact

_UNITS = {
    **dict.fromkeys(("us", "microseconds"), timedelta(microseconds=1)),
    **dict.fromkeys(("ms", "milliseconds"), timedelta(milliseconds=1)),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
}
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,9})?"
_PART = re.compile(rf"({_NUMBER})\s*([a-z]+)\s*")


def exact_values(root: Node, shape: Shape, spelling: Callable[[Node], str | None]) -> Node:
    """Convert the floats of `Decimal` fields and the text of `timedelta` fields in a tree.

    If nothing changes, return `root` itself.

    Args:
        spelling: function that returns the text of a float in its file, or None. The `Decimal` is created from
            this text.
    """
    value = root.value
    below: Any
    if type(value) is dict:
        shape = shape.narrowed(value) if shape.kind == "model" else shape
        below = {key: _below(child, shape.child(key), spelling) for key, child in value.items()}
        changed = any(below[key] is not value[key] for key in below)
    elif isinstance(value, (list, dict)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        new = {at: _below(child, shape.child(at), spelling) for at, child in items}
        changed = any(new[at] is not value[at] for at in new)
        below = type(value)(new) if isinstance(value, dict) else list(new.values())
    else:
        below = exact(value, shape, lambda: spelling(root))
        changed = below is not value
    return Node(below, root.layer, root.at, root.key_at, root.under) if changed else root


def _below(node: Node, shape: Shape | None, spelling: Callable[[Node], str | None]) -> Node:
    return exact_values(node, shape, spelling) if shape is not None and has_exact(shape) else node


def exact(value: Any, shape: Shape, spelling: Callable[[], str | None]) -> Any:
    """Convert a float of a `Decimal` or `Fraction` field, or text of a `timedelta` field.

    The float becomes a `Decimal` with the exact digits of the text in the file. For a `Fraction` field, pydantic
    converts the `Decimal` later. The text is converted by `duration`. Any other value is returned unchanged.

    Args:
        spelling: function that returns the text of the value in its file, or None if this text is not known.
    """
    scalars = shape.scalars
    if not scalars or shape.validated or shape.verbatim:
        return value
    if type(value) is float and float not in scalars and (Decimal in scalars or Fraction in scalars):
        text = spelling()
        return value if text is None else _decimal(text, value)
    if isinstance(value, str) and timedelta in scalars and scalars_are(scalars, timedelta):
        return duration(value)
    return value


def scalars_are(scalars: tuple[type[Any], ...], kind: type[Any]) -> bool:
    """Return True if each class of `scalars` is `kind` or the class of None."""
    return all(of in (kind, type(None)) for of in scalars)


def duration(text: str) -> Any:
    """Convert `300` to a number (seconds), and `5m` to a `timedelta`. Return other text, such as `PT5M`, unchanged.

    >>> duration("300"), duration("1.5"), duration("5m"), duration("1h 30m"), duration("PT5M")
    (300, 1.5, datetime.timedelta(seconds=300), datetime.timedelta(seconds=5400), 'PT5M')
    """
    stripped = text.strip()
    sign = -1 if stripped[:1] == "-" else 1
    body = stripped.lstrip("+-") if len(stripped) - len(stripped.lstrip("+-")) < 2 else ""
    if re.fullmatch(_NUMBER, body):
        return sign * (float(body) if "." in body else int(body))
    total, at = timedelta(), 0
    try:
        while at < len(body):
            part = _PART.match(body, at)
            unit = _UNITS.get(part[2]) if part is not None else None
            if part is None or unit is None:
                return text
            total += unit * (int(part[1]) if part[1].isdigit() else float(part[1]))
            at = part.end()
        return sign * total if body else text
    except OverflowError:
        return text


def _decimal(text: str, value: float) -> Any:
    try:
        return Decimal(text)
    except ArithmeticError:
        return value
