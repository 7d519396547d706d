"""Text of loaded settings for `repr` and notebooks. Secrets are masked, even if the field is not a `Secret`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import SchemaSerializer, core_schema

from toriconfig._core.mask import MASK
from toriconfig._core.path import Path, show
from toriconfig._load.lookup import origin_at
from toriconfig._load.snapshot import Loaded
from toriconfig._masking.shown import conceals

_BRACKETS = ((list, "[", "]"), (tuple, "(", ")"), ((set, frozenset), "{", "}"))


def text_of(value: Any, key: str | int = "") -> str:
    """Return a value as `repr` shows it, on one line.

    Args:
        value: a model, or any value inside one.
        key: the key of the value. Text is masked if the key is a name for secrets, such as `password`.
    """
    if isinstance(value, BaseModel):
        inside = ", ".join(f"{name}={text_of(below, name)}" for name, below in _fields(value))
        return f"{type(value).__name__}({inside})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name!r}: {text_of(below, name)}" for name, below in value.items()) + "}"
    for kind, first, last in _BRACKETS:
        if isinstance(value, kind) and not hasattr(value, "_fields"):
            return first + ", ".join(text_of(below, key) for below in value) + last
    return repr(MASK) if conceals(key, value) else repr(value)


@cache
def serializer(model_of: Callable[[Any], BaseModel]) -> SchemaSerializer:
    """Return pydantic's serializer for lazy objects, which serializes the result of `model_of` with masked secrets."""
    as_model = core_schema.plain_serializer_function_ser_schema(model_of)
    return SchemaSerializer(core_schema.any_schema(serialization=as_model))


def rows_of(loaded: Loaded) -> Iterator[tuple[str, str, str]]:
    """Yield `(dotted path, value, origin)` as text for each leaf, in the order of the schema."""
    for path, value in _leaves(loaded.model, ()):
        yield show(path), text_of(value, path[-1]), str(origin_at(loaded, path))


def html_of(loaded: Loaded) -> str:
    """Return an HTML table of all leaves."""
    from toriconfig._render.html import table

    return table(type(loaded.model).__name__, ("key", "value", "origin"), rows_of(loaded))


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, BaseModel):
        for name, below in _fields(value):
            yield from _leaves(below, (*path, name))
    elif isinstance(value, dict) and value and all(isinstance(name, str) for name in value):
        for name, below in value.items():
            yield from _leaves(below, (*path, name))
    elif path:
        yield path, value


def _fields(model: BaseModel) -> Iterator[tuple[str, Any]]:
    """Yield `(name, value)` for each field that has no `repr=False`, and for each extra key. Log no deprecations."""
    for name, field in type(model).model_fields.items():
        if field.repr is not False:
            yield name, model.__dict__[name]
    yield from (model.model_extra or {}).items()
