"""Conversion of pydantic's errors to phrases for the expected value: "an integer", "at least 50", "one of 'a', 'b'"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from toriconfig._core.path import Path
from toriconfig._core.value import Value


class Found(Value):
    """One error of pydantic, without the input.

    Attributes:
        loc: pydantic's location: keys, positions, and names of union members and validators.
        kind: pydantic's type of error; "escaped": a validator raised an exception that pydantic does not catch.
        message: pydantic's sentence; for "escaped", the class of the exception.
        context: pydantic's context, such as bounds and choices.
        rule: the validator that raised the error, such as `Pool._hold`; "": no validator.
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
    "string_not_ascii": "text of ASCII characters only",
    "invalid_key": "keys that are text",
    "named_tuple_type": "a list or a mapping",
    "none_required": "null",
    "frozen_dict_type": "a mapping",
    **dict.fromkeys(("ordered_dict_type", "counter_type"), "a mapping"),
    "deque_type": "a list",
    "set_item_not_hashable": "items that are text, numbers, or true or false",
    "bytes_type": "bytes, as text",
    "bytes_invalid_encoding": "bytes in the encoding of the field",
    "int_parsing_size": "an integer of fewer digits",
    "int_from_float": "an integer",
    "date_type": "a date, YYYY-MM-DD",
    "date_parsing": "a date, YYYY-MM-DD",
    "date_from_datetime_parsing": "a date, YYYY-MM-DD",
    "date_from_datetime_inexact": "a date without a time of day",
    "date_past": "a date in the past",
    "date_future": "a date in the future",
    **dict.fromkeys(("time_type", "time_parsing"), "a time of day, HH:MM or HH:MM:SS"),
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_object_invalid", "datetime_from_date_parsing"),
        "a date and time, YYYY-MM-DDTHH:MM:SS",
    ),
    "datetime_past": "a date and time in the past",
    "datetime_future": "a date and time in the future",
    "timezone_naive": "a time without a time zone",
    "timezone_aware": "a time with a time zone, such as 12:00:00+00:00 or 12:00:00Z",
    "timezone_offset": "a time with the time zone that the schema names",
    **dict.fromkeys(("time_delta_type", "time_delta_parsing"), "a duration, such as 300, 5m or PT5M"),
    "callable_type": "a function",
    **dict.fromkeys(("url_type", "url_parsing", "url_syntax_violation"), "a URL"),
    **dict.fromkeys(("uuid_type", "uuid_parsing", "uuid_version"), "a UUID"),
    **dict.fromkeys(("decimal_type", "decimal_parsing"), "a decimal number"),
    **dict.fromkeys(("fraction_type", "fraction_parsing"), "a number or a fraction, such as 1/3"),
    **dict.fromkeys(("complex_type", "complex_str_parsing"), "a complex number, such as 1+2j"),
    "recursion_depth_exceeded": "less nesting",
    **dict.fromkeys(("frozen_field", "frozen_instance"), "no change after the load"),
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
    "string_pattern_mismatch": "text that matches {pattern}",
    "bytes_too_short": "at least {min_length} bytes",
    "bytes_too_long": "at most {max_length} bytes",
    "dataclass_exact_type": "an instance of {class_name}",
    "is_instance_of": "an instance of {class}",
    "is_subclass_of": "a subclass of {class}",
    "url_too_long": "a URL of at most {max_length} characters",
    "url_scheme": "a URL that begins with {expected_schemes}",
    "decimal_max_digits": "a decimal number of at most {max_digits} digits",
    "decimal_max_places": "a decimal number of at most {decimal_places} decimal places",
    "decimal_whole_digits": "a decimal number of at most {whole_digits} digits before the point",
}
_SINGULAR = ("t 1 items", "t 1 characters", "t 1 bytes", "t 1 digits", "t 1 decimal places")
_TELLS_INPUT = frozenset({"get_attribute_error", "iteration_error", "import_error", "custom_error"})


FIXED = frozenset(_KINDS) | frozenset(_BOUNDS)
"""Types of errors whose phrase never contains a part of the input."""


def phrase(found: Found, *, sealed: bool) -> str:
    """Return a phrase for the expected value, such as "an integer"; "" if there is no phrase.

    Args:
        sealed: True: the value is a secret. Messages of validators are then not used: a message may contain the secret.
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
    # The text may quote the input. A ValidationError is dropped; other text is masked like a line of a file.
    return "" if "validation error" in text else scrub(mask_line(f"expected {text}").removeprefix("expected "))


def _bound(kind: str, context: Mapping[str, Any]) -> str:
    shown = {name: f"{value:g}" if isinstance(value, float) else value for name, value in context.items()}
    text = _BOUNDS[kind].format_map(shown)
    return text.removesuffix("s") if text.endswith(_SINGULAR) else text


_BUILTIN: frozenset[str] = frozenset()


def builtin() -> frozenset[str]:
    """Return the types of errors that pydantic itself defines."""
    global _BUILTIN
    if not _BUILTIN:
        from pydantic_core.core_schema import ErrorType

        _BUILTIN = frozenset(get_args(ErrorType))
    return _BUILTIN
