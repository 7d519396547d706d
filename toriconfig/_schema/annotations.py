"""Conversion of type annotations into shapes."""

from __future__ import annotations

import sys
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, MutableMapping, MutableSequence, MutableSet, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import (
    BaseModel,
    BeforeValidator,
    ImportString,
    Json,
    PlainValidator,
    SecretBytes,
    SecretStr,
    WrapValidator,
)

from toriconfig._core.markers import Merge, Ref
from toriconfig._schema.keys import read_by_validators
from toriconfig._schema.shape import ANY, Shape, has_secrets

_MAPPINGS = frozenset({dict, Mapping, MutableMapping, OrderedDict, defaultdict})
_SEQUENCES = frozenset({list, set, frozenset, tuple, deque, Sequence, MutableSequence, AbstractSet, MutableSet})
_SETS = frozenset({set, frozenset, AbstractSet, MutableSet})
_UNIONS = (Union, types.UnionType)
_PLAIN = frozenset({"builtins", "datetime", "decimal", "fractions", "ipaddress", "pathlib", "pydantic", "re", "uuid"})
"""Modules whose classes are created from one scalar."""


def shape_of(annotation: Any, metadata: tuple[Any, ...] = (), inside: frozenset[int] = frozenset()) -> Shape:
    """Return the shape of an annotation.

    Args:
        annotation: the annotation of a field, or a part of the annotation.
        metadata: the metadata of the field, such as `Ref` and `Merge`.
        inside: ids of the enclosing type aliases and root models. A recursive use of one of these
            gets the kind "any".
    """
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        metadata = (*metadata, *more)
    if any(Json in (note, type(note)) for note in metadata):
        shape = Shape("scalar")
        shape.members = (shape_of(annotation, (), inside),)
        shape.scalars = (Json,)
        return shape
    if any(ImportString in (note, type(note)) for note in metadata):
        shape = Shape("scalar")
        shape.scalars = (ImportString,)
        return shape
    shape = _bare(annotation, inside)
    for note in metadata:
        if isinstance(note, Ref):
            shape.ref = note
        elif isinstance(note, Merge):
            shape.merge = note.rule
        elif isinstance(note, (BeforeValidator, WrapValidator, PlainValidator)) or _is_custom(note):
            shape.validated = True
        elif getattr(note, "__qualname__", "") == "NoDecode":  # of pydantic-settings, which may not be installed
            shape.verbatim = True
    return shape


def _is_custom(note: Any) -> bool:
    """Return True if `note`, an item of an annotation's metadata, is user code that defines its own validation."""
    known = type(note).__module__.partition(".")[0] in ("pydantic", "annotated_types", "toriconfig")
    return not known and hasattr(note, "__get_pydantic_core_schema__")


def _bare(annotation: Any, inside: frozenset[int]) -> Shape:
    origin = get_origin(annotation)
    if hasattr(annotation, "__value__") or hasattr(annotation, "__supertype__"):  # `type X = ...`, `NewType`
        return _named(annotation, _alias_value(annotation), inside)
    if origin is None:
        return _of_class(annotation, inside) if isinstance(annotation, type) else _any()
    if origin is Annotated:
        return shape_of(annotation, (), inside)
    if origin in _UNIONS:
        return _of_union(get_args(annotation), inside)
    if origin is Literal:
        shape = Shape("scalar")
        shape.choices = tuple(getattr(choice, "value", choice) for choice in get_args(annotation))
        shape.nullable = None in shape.choices
        return shape
    if _is_secret(origin):
        return _secret(get_args(annotation)[0])
    if origin in _MAPPINGS:
        key, item = get_args(annotation) or (Any, Any)
        shape = Shape("mapping", item=shape_of(item, (), inside))
        shape.keys = None if key is str else shape_of(key, (), inside)
        return shape
    if origin in _SEQUENCES:
        shape = _sequence([arg for arg in get_args(annotation) if arg is not Ellipsis], inside)
        shape.unordered = origin in _SETS
        return shape
    if origin in (type, Callable):  # the values that the class or function creates are not in the settings
        return _any()
    return _any(shape_of(arg, (), inside) for arg in get_args(annotation))


def _sequence(args: list[Any], inside: frozenset[int]) -> Shape:
    if len(set(map(str, args))) == 1:
        return Shape("sequence", item=shape_of(args[0], (), inside))
    shape = Shape("sequence", item=ANY)
    shape.items = tuple(shape_of(arg, (), inside) for arg in args)
    return shape


def _alias_value(alias: Any) -> Any:
    """Return the type that a `NewType` or `type X[T] = ...` stands for, with the type arguments inserted for `T`."""
    if hasattr(alias, "__supertype__"):
        return alias.__supertype__
    value, args = alias.__value__, get_args(alias)
    try:
        return value[args] if args and getattr(value, "__parameters__", ()) else value
    except TypeError:
        return value


def _named(name: Any, annotation: Any, inside: frozenset[int]) -> Shape:
    return _any() if id(name) in inside else shape_of(annotation, (), inside | {id(name)})


def _is_secret(annotation: Any) -> bool:
    """Return True for the class `Secret`. The class is not imported for a schema that does not use it."""
    module = sys.modules.get("toriconfig._secrets.secret")
    return module is not None and annotation is module.Secret


def _of_class(annotation: type[Any], inside: frozenset[int]) -> Shape:
    if _is_secret(annotation):
        return _secret(str)
    if issubclass(annotation, BaseModel):
        if _is_root_model(annotation):
            root = annotation.model_fields["root"]
            shape = _named(
                annotation, Annotated[(root.annotation, *root.metadata)] if root.metadata else root.annotation, inside
            )
            shape.validated = shape.validated or bool(read_by_validators(annotation))
            return shape
        return _model(annotation)
    if annotation in _MAPPINGS:
        shape = Shape("mapping", item=ANY)
        shape.keys = ANY
        return shape
    if annotation in _SEQUENCES:
        shape = Shape("sequence", item=ANY)
        shape.unordered = annotation in _SETS
        return shape
    if _is_record(annotation):
        return _model(annotation)
    if issubclass(annotation, tuple) and hasattr(annotation, "_fields"):
        return _named_tuple(annotation, inside)
    if annotation is object or not _is_plain(annotation):
        return _any()
    shape = Shape("scalar")
    if issubclass(annotation, Enum):
        shape.choices = tuple(member.value for member in annotation)
    else:
        shape.scalars = (annotation,)
    shape.nullable = annotation is type(None)
    shape.sealed = issubclass(annotation, (SecretStr, SecretBytes))
    return shape


def _model(annotation: type[Any]) -> Shape:
    shape = Shape("model", models=(annotation,))
    shape.validated = "" in read_by_validators(annotation)
    return shape


def _named_tuple(annotation: type[Any], inside: frozenset[int]) -> Shape:
    shape = Shape("sequence", item=ANY)
    hints = _hints(annotation)
    shape.names = annotation.__dict__.get("_fields", ())
    shape.items = tuple(shape_of(hints.get(name, Any), (), inside) for name in shape.names)
    return _any(shape.items) if has_secrets(shape) else shape  # a secret there has no path of its own


def _is_plain(annotation: type[Any]) -> bool:
    if issubclass(annotation, (Enum, str, int, float, bytes)) or annotation == Json:
        return True
    return annotation.__module__.partition(".")[0] in _PLAIN and not issubclass(annotation, (dict, list, set, tuple))


def _of_union(args: tuple[Any, ...], inside: frozenset[int]) -> Shape:
    members = [shape_of(arg, (), inside) for arg in args if arg is not type(None)]
    nullable = len(members) < len(args) or any(member.nullable for member in members)
    containers = [member for member in members if member.kind != "scalar"]
    if len(members) == 1:
        shape = members[0]
    elif not containers:
        shape = Shape("scalar")
        shape.sealed = any(member.sealed for member in members)
        shape.members = tuple(member for member in members if member.members)
        shape.scalars = tuple(of for member in members for of in member.scalars)
        shape.choices = tuple(choice for member in members for choice in member.choices)
    elif {member.kind for member in members} == {"model"}:
        shape = Shape("model", models=tuple(model for member in members for model in member.models))
    elif len(containers) == 1:
        shape = containers[0]
        shape.text = True
        shape.scalars = tuple(of for member in members for of in member.scalars)
        shape.choices = tuple(choice for member in members for choice in member.choices)
        shape.sealed = any(member.sealed for member in members)
    elif {member.kind for member in containers} == {"secret"}:
        shape = _secret(reduce(or_, (member.inner for member in containers)))
        shape.ref = next((member.ref for member in containers if member.ref is not None), None)
    else:
        shape = _any(members)
        shape.scalars = tuple(of for member in members for of in member.scalars)
        shape.choices = tuple(choice for member in members for choice in member.choices)
        shape.decodes = all(member.kind != "any" for member in members)
        shape.text = len(containers) < len(members)
    if len(members) > 1:
        shape.validated = any(member.validated for member in members)
        shape.verbatim = any(member.verbatim for member in members)
    shape.nullable = nullable or shape.kind == "any"
    return shape


def _secret(inner: Any) -> Shape:
    shape = Shape("secret")
    shape.inner = inner
    kinds = get_args(inner) if get_origin(inner) in _UNIONS else (inner,)
    shape.models = tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
    return shape


def _any(members: Iterable[Shape] = ()) -> Shape:
    shape = Shape("any")
    shape.nullable = True
    shape.members = tuple(members)
    return shape


def _is_root_model(model: type[BaseModel]) -> bool:
    return bool(getattr(model, "__pydantic_root_model__", False))


def _hints(annotation: type[Any]) -> dict[str, Any]:
    try:
        return get_type_hints(annotation, include_extras=True)
    except (NameError, TypeError):
        return {}


def _is_record(annotation: type[Any]) -> bool:
    return hasattr(annotation, "__dataclass_fields__") or (
        issubclass(annotation, dict) and hasattr(annotation, "__total__")
    )
