"""Errors of pydantic and pydantic-settings without secrets, for the constructor of a `Settings` class."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_settings.exceptions import SettingsError

from toriconfig._core.origin import Origin
from toriconfig._core.path import Path, parse
from toriconfig._core.problem import UNREAD_FILE, Code, Problem
from toriconfig._masking.excerpts import known_secrets
from toriconfig._masking.keys import Keys
from toriconfig._pydantic_settings.values import HIDDEN
from toriconfig._render import render_text
from toriconfig._schema.shape import root_shape

_UNREADABLE = UNREAD_FILE | frozenset(
    {
        Code.UNKNOWN_REFERENCE,
        Code.SECRET_IN_PLAIN_FIELD,
        Code.REFERENCE_CYCLE,
        Code.REFERENCE_NOT_SET,
        Code.FILE_OUTSIDE_ROOTS,
        Code.MALFORMED_REFERENCE,
        Code.UNRESOLVED_REFERENCE,
        Code.URL_PART_NOT_ENCODED,
        Code.UNKNOWN_VARIABLE,
        Code.DUPLICATE_VARIABLE,
        Code.UNKNOWN_PROFILE,
        Code.INVALID_OPTION,
        Code.UNREADABLE_SOURCE,
        Code.IGNORED_FILE,
    }
)
"""Codes of problems for which pydantic-settings cannot read a source."""
_TYPES = {Code.UNKNOWN_KEY: "extra_forbidden"}


def unreadable(wrong: list[Problem], schema: str) -> SettingsError | None:
    """Return one error for all problems of `wrong` about unreadable sources; None if there are no such problems."""
    several = [problem for problem in wrong if problem.code in _UNREADABLE]
    return SettingsError(render_text(several, schema=schema)) if several else None


def refused(model: BaseModel, wrong: list[Problem], values: dict[str, Any]) -> ValidationError:
    """Return a `ValidationError` with the problems `wrong`, and with the errors that pydantic finds in `values`.

    An error of pydantic at the path of a problem is omitted.
    """
    try:
        BaseModel.__init__(model, **values)
    except ValidationError as error:
        found = error.errors(include_url=False)
    else:
        found = []
    ours = {parse(problem.path) if problem.path else (): problem for problem in wrong}
    lines = [_line(_TYPES.get(problem.code, problem.code), str(problem), loc, HIDDEN) for loc, problem in ours.items()]
    shape = root_shape(type(model))
    keys = Keys(shape, known_secrets(shape)(Origin("code", "")))
    told = [(line, keys.path(line["loc"])) for line in found]
    lines += [_line(line["type"], line["msg"], loc, line["input"]) for line, loc in told if loc not in ours]
    return ValidationError.from_exception_data(type(model).__name__, lines)


def _line(kind: Any, text: Any, loc: Path, value: Any) -> InitErrorDetails:
    # Without a context, braces in the text are only braces.
    return {"type": PydanticCustomError(kind, text), "loc": loc, "input": value}
