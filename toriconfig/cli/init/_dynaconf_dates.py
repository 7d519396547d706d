"""Conversion of text to `date` and `datetime` objects, for values that dynaconf reads from YAML as dates."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import yaml

_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MERGE = "tag:yaml.org,2002:merge"


def with_dates(values: dict[str, Any], text: str) -> dict[str, Any]:
    """Return `values` with the unquoted dates of a YAML file as `date` or `datetime` objects, as dynaconf reads them.

    A time with an offset becomes a time in UTC without an offset.

    Args:
        values: the values, with dates as text.
        text: text of the file.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:  # not valid in YAML 1.1
        return values
    found: dict[str, Any] = _dated(values, root)
    return found


def _dated(value: Any, node: yaml.Node | None) -> Any:
    if isinstance(value, dict) and isinstance(node, yaml.MappingNode):
        children = dict(_children(node))
        return {key: _dated(item, children.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(node, yaml.SequenceNode) and len(node.value) == len(value):
        return [_dated(item, child) for item, child in zip(value, node.value, strict=True)]
    if isinstance(value, str) and isinstance(node, yaml.ScalarNode) and node.tag == _TIMESTAMP and node.style is None:
        return _date(node, value)
    return value


def _children(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
    """Yield `(key, node)` of each value of a mapping. The values of merge keys come first, so that others replace them."""
    for key, child in node.value:
        if key.tag == _MERGE:
            merged = child.value if isinstance(child, yaml.SequenceNode) else [child]
            for one in reversed(merged):
                yield from _children(one) if isinstance(one, yaml.MappingNode) else ()
    for key, child in node.value:
        if key.tag != _MERGE and isinstance(key, yaml.ScalarNode):
            yield key.value, child


def _date(node: yaml.ScalarNode, text: str) -> datetime.date | str:
    try:
        found: datetime.date = yaml.SafeLoader("").construct_yaml_timestamp(node)
        if isinstance(found, datetime.datetime) and found.tzinfo is not None:
            return found.astimezone(datetime.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return text
    return found
