"""What the constructor of a `Settings` class raises: the errors of pydantic and pydantic-settings, with no secret in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from toriconfig._handles import has_secrets
from toriconfig._path import Path, parse
from toriconfig._render import render_text
from toriconfig._secret import MASK, Secret
from toriconfig._shape import Shape
from toriconfig._tree import Node
from toriconfig.errors import Problem

_UNREADABLE = ("TC0", "TC3", "TC5")


class _Hidden:
    """Stands in a `ValidationError` for a value that may hold a secret."""

    def __repr__(self) -> str:
        return MASK


_HIDDEN = _Hidden()


def unreadable(problems: Iterable[Problem], schema: str) -> str:
    """What sources could not be read for, as text; "" when all could."""
    wrong = [problem for problem in errors_of(problems) if problem.code.startswith(_UNREADABLE)]
    return render_text(wrong, schema=schema) if wrong else ""


def errors_of(problems: Iterable[Problem]) -> list[Problem]:
    """The problems that are no mere warnings."""
    return [problem for problem in problems if problem.severity == "error"]


def for_pydantic(node: Node, shape: Shape) -> Any:
    """The bare value of a tree, without what an error of pydantic's could show of a secret.

    That is a key that the schema does not know (perhaps a misspelt one), and a value of the wrong kind, where secrets
    are near.
    """
    value = node.value
    sealed = has_secrets(shape)
    if type(value) is dict:
        if not sealed or shape.kind not in ("model", "mapping"):
            return _HIDDEN if sealed else {key: for_pydantic(child, _ANY) for key, child in value.items()}
        known = {key: (child, shape.child(key)) for key, child in value.items()}
        return {key: for_pydantic(child, below) if below else _HIDDEN for key, (child, below) in known.items()}
    if type(value) is list:
        if sealed and shape.kind != "sequence":
            return _HIDDEN
        return [for_pydantic(child, shape.item or _ANY) for child in value]
    if sealed and not (value is None or isinstance(value, (Secret, BaseModel))):
        return _HIDDEN
    return value


_ANY = Shape("any")


def refusal(schema: str, problems: Iterable[Problem], error: ValidationError | None) -> ValidationError:
    """One error of pydantic's kind with our problems and what pydantic itself found beside them."""
    ours = {_loc(problem.path): problem for problem in errors_of(problems)}
    lines: list[InitErrorDetails] = [
        {"type": _custom(problem.code, str(problem)), "loc": loc, "input": _HIDDEN} for loc, problem in ours.items()
    ]
    lines += [
        {"type": _custom(line["type"], line["msg"]), "loc": line["loc"], "input": line["input"]}
        for line in (error.errors(include_url=False) if error is not None else ())
        if line["loc"] not in ours
    ]
    return ValidationError.from_exception_data(schema, lines)


def _custom(kind: Any, text: Any) -> PydanticCustomError:
    return PydanticCustomError(kind, text)  # without a context, braces in the text are only braces


def _loc(path: str) -> Path:
    return parse(path) if path else ()
