"""JSON Schema of types without a form in JSON, such as `Callable`; removal of infinite numbers from the schema."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from toriconfig._core.path import Path

UNSAID = "x-toriconfig-type"
"""Schema key with the name of a type that JSON cannot express. Any value is allowed there."""


class Generator(GenerateJsonSchema):
    """Schema generator. A type without a form in JSON allows any value; pydantic alone would raise an error.

    A default that JSON cannot express is omitted without a warning.
    """

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012 - as in pydantic

    def encode_default(self, dft: Any) -> Any:
        return super().encode_default(dft) if _is_finite(dft) else math.inf  # taken out by `without_infinity`

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> dict[str, Any]:
        found = re.search(r"core_schema\.(\w+?)Schema", error_info)
        cls = schema.get("cls")
        name = getattr(cls, "__name__", "") or (found[1] if found else "unknown")
        return {UNSAID: name, "$comment": "JSON cannot represent a value of this type."}


def unsaid(node: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield `(key path, type name)` for each place in the schema `node` whose type JSON cannot express."""
    if not isinstance(node, dict):
        return
    if UNSAID in node:
        yield path, node[UNSAID]
    for key, child in node.get("properties", {}).items():
        yield from unsaid(child, (*path, key))
    for name in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for child in node.get(name, ()):
            yield from unsaid(child, path)
    for name in ("items", "additionalProperties"):
        yield from unsaid(node.get(name), path)


def without_infinity(node: Any) -> Any:
    """Return the schema `node` without infinite limits, and without defaults and examples that are not finite."""
    if isinstance(node, dict):
        held = {key: value for key, value in node.items() if key not in ("default", "examples") or _is_finite(value)}
        return {key: without_infinity(value) for key, value in held.items() if not _is_infinite(value)}
    if isinstance(node, list):
        return [without_infinity(item) for item in node if not _is_infinite(item)]
    return node


def _is_infinite(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _is_finite(value: Any) -> bool:
    if isinstance(value, BaseModel):
        value = value.__dict__
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    return all(map(_is_finite, value)) if isinstance(value, (list, tuple, set, frozenset)) else not _is_infinite(value)
