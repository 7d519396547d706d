"""Second validation after an exception that pydantic does not catch, such as a KeyError in a validator.

The exception hides all other errors, which are often the cause of the exception. In the second validation, each
validator is wrapped in a function that converts any exception to a type that pydantic catches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toriconfig._validation.expectations import Found
from toriconfig._validation.validation_errors import escaped, found, rule_in

_FUNCTIONS = frozenset({"function-before", "function-after", "function-wrap", "function-plain"})


def errors_of(cls: Any, error: Exception, validate: Callable[[Any, Any], object]) -> list[Found]:
    """Validate again, so that an exception of a validator does not hide other errors. Return all errors.

    If the second validation finds no error, return one error for `error`. If the schema is not complete
    (`PydanticUserError`), return one error of the kind "incomplete".

    Args:
        cls: the model class.
        error: the exception that ended the first validation.
        validate: function that takes a `SchemaValidator` of pydantic and an instance of the model, and validates
            the input into the instance.
    """
    from pydantic import PydanticUserError, ValidationError
    from pydantic_core import SchemaError, SchemaValidator

    if isinstance(error, PydanticUserError):  # its message is about the schema and holds no value
        return [Found((), "incomplete", str(error).partition("\n")[0], {})]
    try:
        # Without `_use_prebuilt=False` pydantic uses the unguarded validators that it built before.
        core = SchemaValidator(_guarded(cls.__pydantic_core_schema__), _use_prebuilt=False)
        validate(core, cls.__new__(cls))
    except ValidationError as refused:
        return _causes(found(refused))
    except (SchemaError, TypeError, AttributeError):
        return [escaped(error)]
    except Exception as again:  # noqa: BLE001 - raised by a factory or a constructor, which is not guarded
        return [escaped(again)]
    return [escaped(error)]


def _causes(errors: list[Found]) -> list[Found]:
    """Return a copy of `errors`. If a KeyError names a field that has another error, the KeyError is left out."""
    wrong = {one.loc for one in errors if one.kind != "escaped"}
    return [one for one in errors if one.kind != "escaped" or (*one.loc[:-1], one.context.get("key")) not in wrong]


def _guarded(schema: Any) -> Any:
    """Return a copy of a core schema. Its functions convert every exception to a type that pydantic catches."""
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
        except Exception as error:  # noqa: BLE001 - a validator may raise anything
            told = {"name": type(error).__name__, "rule": rule_in(error.__traceback__)}
            if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
                told["key"] = error.args[0]
        raise PydanticCustomError("escaped", "{name}", told)

    return guarded
