"""The fields of dataclasses and TypedDicts, as pydantic fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo


def record_fields(kind: type[Any]) -> Mapping[str, FieldInfo]:
    """Return a dict from the name of each field of a dataclass or TypedDict to its pydantic field.

    If the annotations of the class cannot be resolved, the dict is empty.
    """
    known: Mapping[str, FieldInfo] | None = getattr(kind, "__pydantic_fields__", None)
    if known is not None:
        return known
    try:
        hints = get_type_hints(kind, include_extras=True)
    except (NameError, TypeError):
        return {}
    if dataclasses.is_dataclass(kind):
        return {field.name: _of_dataclass(field, hints[field.name]) for field in dataclasses.fields(kind) if field.init}
    required: frozenset[str] = getattr(kind, "__required_keys__", frozenset())
    return {name: _of_typed_dict(hint, name in required) for name, hint in hints.items()}


def _of_dataclass(field: dataclasses.Field[Any], hint: Any) -> FieldInfo:
    if field.default is not dataclasses.MISSING:
        return FieldInfo.from_annotated_attribute(hint, field.default)
    info = FieldInfo.from_annotation(hint)
    if field.default_factory is not dataclasses.MISSING:
        info.default_factory = field.default_factory
    return info


def _of_typed_dict(hint: Any, required: bool) -> FieldInfo:
    """Return the pydantic field for a key of a TypedDict.

    If `required` is False, the field gets the default None. `Required` and `NotRequired` in the annotation take
    precedence over `required`. The annotation of the result is without `Required`, `NotRequired` and `ReadOnly`.
    """
    origin = get_origin(hint)
    if origin is Annotated:
        inner, *notes = get_args(hint)
        info = _of_typed_dict(inner, required)
        info.metadata += notes
        return info
    name = getattr(origin, "_name", "")
    if name in ("Required", "NotRequired", "ReadOnly"):
        return _of_typed_dict(get_args(hint)[0], required if name == "ReadOnly" else name == "Required")
    info = FieldInfo.from_annotation(hint)
    if not required:
        info.default = None
    return info
