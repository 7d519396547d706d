"""What pydantic wanted, as a phrase that never repeats a value: "an integer", "at least 50", "one of 'a', 'b'"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from toriconfig._path import Path
from toriconfig._value import Value


class Found(Value):
    """One thing that pydantic says; never the input.

    Attributes:
        loc: pydantic's location: keys, positions, and names of union members and validators.
        kind: pydantic's type of error, or "escaped" for an exception that left a validator.
        message: pydantic's sentence; of an escaped exception its class.
        context: bounds and choices.
        rule: the validator that raised, `Pool._hold`, or "".
    """

    loc: Path
    kind: str
    message: str
    context: Mapping[str, Any]
    rule: str = ""


RULES = frozenset({"value_error", "assertion_error"})
CHOICES = frozenset({"enum", "literal_error", "bool_parsing", "union_tag_invalid"})
LIMITS = frozenset(
    {
        *("greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of", "finite_number"),
        *("too_short", "too_long", "string_too_short", "string_too_long", "string_pattern_mismatch"),
    }
)

_KINDS = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "an integer"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("string_type", "string_sub_type"), "text"),
    **dict.fromkeys(("list_type", "set_type", "frozen_set_type", "tuple_type", "iterable_type"), "a list"),
    **dict.fromkeys(
        ("dict_type", "model_type", "model_attributes_type", "dataclass_type", "mapping_type"), "a mapping"
    ),
    "string_unicode": "UTF-8 text",
    **dict.fromkeys(("json_type", "json_invalid"), "JSON in text"),
    **dict.fromkeys(("missing", "union_tag_not_found"), "a value"),
}
_BOUNDS = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "too_short": "at least {min_length} items",
    "too_long": "at most {max_length} items",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "union_tag_invalid": "one of {expected_tags}",
}
_TELLS_INPUT = frozenset({"get_attribute_error", "iteration_error", "import_error", "custom_error"})


def phrase(found: Found, *, sealed: bool) -> str:
    """What would have been right, or "" when that cannot be told.

    Args:
        sealed: whether secrets stand there, so that a validator's own words are not repeated: they may quote the input.
    """
    kind = found.kind
    if kind in _KINDS:
        return _KINDS[kind]
    if kind in _BOUNDS:
        return _bound(kind, found.context)
    if kind in ("escaped", "incomplete") or kind in _TELLS_INPUT:
        return ""
    if kind in RULES or kind not in builtin():
        return "" if sealed else _own_words(found.message)
    text = found.message.removeprefix("Input should be ").split(", unable to parse")[0].split(", got")[0]
    return text[:1].lower() + text[1:]


def _own_words(message: str) -> str:
    from toriconfig._masking.frames import mask_line
    from toriconfig._masking.sensitive import scrub

    text = message.removeprefix("Value error, ").removeprefix("Assertion failed, ").partition("\n")[0]
    # A ValidationError inside a validator quotes its input; so may any sentence, which is masked as a line of a file.
    return "" if "validation error" in text else scrub(mask_line(f"expected {text}").removeprefix("expected "))


def _bound(kind: str, context: Mapping[str, Any]) -> str:
    shown = {name: f"{value:g}" if isinstance(value, float) else value for name, value in context.items()}
    text = _BOUNDS[kind].format_map(shown)
    return text.removesuffix("s") if text.endswith(("t 1 items", "t 1 characters")) else text


_BUILTIN: frozenset[str] = frozenset()


def builtin() -> frozenset[str]:
    """The error types that are pydantic's own, whose messages never repeat a value."""
    global _BUILTIN
    if not _BUILTIN:
        from pydantic_core.core_schema import ErrorType

        _BUILTIN = frozenset(get_args(ErrorType))
    return _BUILTIN
