"""Exceptions that escape from a validator of the schema, such as a KeyError, and hide all other errors of pydantic.

The model is validated again with each validator guarded, so that the other errors are found. They are often the cause:
a validator that reads `info.data["low"]` fails because `low` itself is invalid.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toriconfig._validation.expectations import Found
from toriconfig._validation.validation_errors import escaped, found, rule_in

_FUNCTIONS = frozenset({"function-before", "function-after", "function-wrap", "function-plain"})


def errors_of(cls: Any, error: Exception, validate: Callable[[Any, Any], object]) -> list[Found]:
    """Return the errors of the input, and the exception. The exception is omitted if an error of the input caused it.

    Args:
        cls: the model.
        error: the exception that escaped from a validator.
        validate: validates the input into an instance, given a validator of pydantic's core and that instance.
    """
    from pydantic import PydanticUserError, ValidationError
    from pydantic_core import SchemaError, SchemaValidator

    if isinstance(error, PydanticUserError):  # it speaks of the schema, never of a value
        return [Found((), "incomplete", str(error).partition("\n")[0], {})]
    try:
        # Else pydantic takes the validators that it built for the classes before.
        core = SchemaValidator(_guarded(cls.__pydantic_core_schema__), _use_prebuilt=False)
        validate(core, cls.__new__(cls))
    except ValidationError as refused:
        return _causes(found(refused.errors(include_url=False, include_input=False)))
    except (SchemaError, TypeError, AttributeError):
        return [escaped(error)]
    except Exception as again:  # noqa: BLE001 - what is no validator: a factory, a constructor
        return [escaped(again)]
    return [escaped(error)]


def _causes(errors: list[Found]) -> list[Found]:
    """Return the errors without each KeyError that a validator raised because the field that it reads is invalid."""
    wrong = {one.loc for one in errors if one.kind != "escaped"}
    return [one for one in errors if one.kind != "escaped" or (*one.loc[:-1], one.context.get("key")) not in wrong]


def _guarded(schema: Any) -> Any:
    """Return a core schema whose functions raise only exceptions that pydantic catches."""
    if isinstance(schema, dict):
        copied = {key: _guarded(value) for key, value in schema.items()}
        function = copied.get("function")
        if copied.get("type") in _FUNCTIONS and isinstance(function, dict):
            copied["function"] = {**function, "function": _guard(function["function"])}
        return copied
    return [_guarded(one) for one in schema] if isinstance(schema, list) else schema


def _guard(function: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*given: Any) -> Any:
        from pydantic_core import PydanticCustomError, PydanticKnownError, PydanticOmit, PydanticUseDefault

        try:
            return function(*given)
        except (ValueError, AssertionError, PydanticKnownError, PydanticOmit, PydanticUseDefault):
            raise
        except Exception as error:  # noqa: BLE001 - a validator is anybody's code
            told = {"name": type(error).__name__, "rule": rule_in(error.__traceback__)}
            if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
                told["key"] = error.args[0]
        raise PydanticCustomError("escaped", "{name}", told)

    return guarded
