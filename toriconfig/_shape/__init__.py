"""The shape of a schema: what may stand at each key path, found by one walk over the model's fields."""

from __future__ import annotations

import copy
import types
from collections.abc import Iterator, Mapping, MutableMapping, MutableSequence, MutableSet, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin
from weakref import WeakKeyDictionary

from pydantic import BaseModel, Json, SecretBytes, SecretStr

from toriconfig._merge_rule import Merge
from toriconfig._path import Path
from toriconfig._reference import Ref
from toriconfig._secret import Secret
from toriconfig._shape.keys import config_of, keys_of
from toriconfig._shape.members import meant

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

Kind = Literal["model", "mapping", "sequence", "scalar", "secret", "any"]

_MAPPINGS = frozenset({dict, Mapping, MutableMapping})
_SEQUENCES = frozenset({list, set, frozenset, tuple, Sequence, MutableSequence, AbstractSet, MutableSet})
_UNIONS = (Union, types.UnionType)
_PLAIN = frozenset({"builtins", "datetime", "decimal", "fractions", "ipaddress", "pathlib", "pydantic", "re", "uuid"})
"""Modules whose classes are made from one scalar."""


class Shape:
    """What may stand at one place.

    Attributes:
        kind: model, mapping (free keys), sequence, scalar, secret, or any (nothing can be said).
        models: the models, dataclasses or TypedDicts that may stand here; several for a union.
        item: the shape of the values of a mapping or the items of a sequence.
        inner: the T of a `Secret[T]`.
        nullable: whether None may stand here.
        ref: the place in Vault that the field names itself.
        merge: the rule by which layers meet here, or None for the usual one.
        text: whether a plain string may stand here although the kind is a container.
        decodes: whether text that is JSON means what it spells, although the kind is any: a union of containers.
        sealed: whether values are somebody else's secrets (pydantic's `SecretStr`), not to be shown or copied.
        renamed: old keys to new ones, instead of those that the model here declares itself; None: those.
    """

    __slots__ = (
        "_fields",
        "_holds",
        "decodes",
        "inner",
        "item",
        "kind",
        "merge",
        "models",
        "nullable",
        "ref",
        "renamed",
        "sealed",
        "text",
    )

    def __init__(self, kind: Kind, *, models: tuple[type[Any], ...] = (), item: Shape | None = None) -> None:
        self.kind: Kind = kind
        self.models = models
        self.item = item
        self.inner: Any = None
        self.nullable = False
        self.ref: Ref | None = None
        self.merge: str | None = None
        self.text = False
        self.decodes = False
        self.sealed = False
        self.renamed: Mapping[str, str] | None = None
        self._fields: dict[str, Field] | None = None
        self._holds: bool | None = None

    @property
    def fields(self) -> dict[str, Field]:
        """The fields of the models here, by every key that sets one; empty when no model stands here."""
        if self._fields is None:
            self._fields = {}
            for model in self.models:
                for key, field in fields_of(model).items():
                    self._fields.setdefault(key, field)
        return self._fields

    @property
    def extra(self) -> bool:
        """Whether a key that is not a field is nobody's mistake, because the model itself says so."""
        return any(config_of(model).get("extra") in ("allow", "ignore") for model in self.models)

    def narrowed(self, given: Mapping[str, Any], tags: Mapping[str, Any] | None = None) -> Shape:
        """This union with the models alone that can be meant by what is given: see `members.meant`.

        Args:
            given: nodes by key.
            tags: nodes by key that `Literal` fields are compared with; None: those of `given`.
        """
        if len(self.models) < 2:
            return self
        union = {model: fields_of(model) for model in self.models}
        models = meant(union, given, given if tags is None else tags)
        if len(models) == len(self.models):
            return self
        shape = Shape(self.kind, models=models)
        shape.nullable, shape.text, shape.merge = self.nullable, self.text, self.merge
        return shape

    def optional(self) -> Shape:
        """The same shape where None may stand."""
        shape = copy.copy(self)
        shape.nullable = True
        return shape

    def child(self, key: str | int) -> Shape | None:
        """The shape below `key`; None when there is no such key."""
        if self.kind == "any":
            return ANY
        if isinstance(key, int) or self.kind == "mapping":
            return self.item
        field = self.fields.get(key)
        return field.shape if field is not None else ANY if self.extra else None

    def at(self, path: Path) -> Shape | None:
        """The shape at `path` below this one."""
        shape: Shape | None = self
        for part in path:
            if shape is None:
                return None
            shape = shape.child(part)
        return shape


ANY = Shape("any")
ANY.nullable = True


class Field:
    """One field of a model.

    Attributes:
        name: its name in Python.
        keys: the keys that set it in files; the first is the one to show.
        place: `Model.field`, as origins of defaults spell it.
        info: pydantic's own record.
        shape: what may stand there.
    """

    __slots__ = ("_shape", "info", "keys", "name", "place")

    def __init__(
        self, owner: type[Any], name: str, info: FieldInfo, keys: tuple[str, ...], shape: Shape | None = None
    ) -> None:
        self.place = f"{owner.__name__}.{name}"  # not the owner itself, which keeps its fields and must be free to go
        self.name = name
        self.info = info
        self.keys = keys
        self._shape = shape

    @property
    def shape(self) -> Shape:
        if self._shape is None:
            self._shape = shape_of(self.info.annotation, tuple(self.info.metadata))
        return self._shape

    @property
    def required(self) -> bool:
        return self.info.is_required()

    def default(self) -> Any:
        """The default as pydantic would give it; pydantic's "undefined" when there is none to be had beforehand.

        A factory that raises is left to pydantic too, whose validation tells of it.
        """
        from pydantic_core import PydanticUndefined

        factory: Any = self.info.default_factory
        if factory is None:
            return self.info.default
        if self.info.default_factory_takes_validated_data or (
            isinstance(factory, type) and issubclass(factory, BaseModel) and not reads_itself(factory)
        ):
            return PydanticUndefined
        try:
            return factory()
        except Exception:  # noqa: BLE001 - anybody's code
            return PydanticUndefined


_FIELDS: WeakKeyDictionary[type[Any], dict[str, Field]] = WeakKeyDictionary()


def fields_of(model: type[Any]) -> dict[str, Field]:
    """The fields of a model, dataclass or TypedDict by every key that sets one; walked once a class."""
    known = _FIELDS.get(model)
    if known is None:
        known = {}
        for name, info in _infos(model).items():
            keys, openings = keys_of(model, name, info)
            if keys:
                known.update(dict.fromkeys(keys, Field(model, name, info, keys)))
            for key in openings:
                known.setdefault(key, Field(model, name, info, (key,), _any()))
        if getattr(model, "__pydantic_complete__", True):  # else its annotations are not known yet
            _FIELDS[model] = known
    return known


def reads_itself(model: type[Any]) -> bool:
    """Whether a class, wherever it stands, looks by itself for what it is not given: pydantic-settings' do."""
    return hasattr(model, "settings_customise_sources")


def root_shape(model: type[BaseModel], renamed: Mapping[str, str] | None = None) -> Shape:
    """The shape of a whole schema, and old keys to new ones where they are not those of the model itself."""
    shape = Shape("model", models=(model,))
    shape.renamed = renamed
    return shape


def shape_of(annotation: Any, metadata: tuple[Any, ...] = (), inside: frozenset[int] = frozenset()) -> Shape:
    """The shape of an annotation, with the metadata of its field.

    Args:
        inside: identities of the aliases and root models that it stands in; one that holds itself is any.
    """
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        metadata = (*metadata, *more)
    if any(Json in (note, type(note)) for note in metadata):
        return Shape("scalar")
    shape = _bare(annotation, inside)
    for note in metadata:
        if isinstance(note, Ref):
            shape.ref = note
        elif isinstance(note, Merge):
            shape.merge = note.rule
    return shape


def _bare(annotation: Any, inside: frozenset[int]) -> Shape:
    origin = get_origin(annotation)
    if hasattr(annotation, "__value__"):  # a `type X = ...` alias
        return _named(annotation, annotation.__value__, inside)
    if origin is None:
        return _of_class(annotation, inside) if isinstance(annotation, type) else _any()
    if origin is Annotated:
        return shape_of(annotation, (), inside)
    if origin in _UNIONS:
        return _of_union(get_args(annotation), inside)
    if origin is Literal:
        shape = Shape("scalar")
        shape.nullable = None in get_args(annotation)
        return shape
    if origin is Secret:
        return _secret(get_args(annotation)[0])
    if origin in _MAPPINGS:
        return Shape("mapping", item=shape_of((get_args(annotation) or (Any, Any))[1], (), inside))
    if origin in _SEQUENCES:
        args = [arg for arg in get_args(annotation) if arg is not Ellipsis]
        alike = len(set(map(str, args))) == 1
        members = [shape_of(arg, (), inside) for arg in args[: 1 if alike else None]]
        shape = Shape("sequence", item=members[0] if alike else ANY)
        shape.sealed = not alike and any(member.sealed or member.kind == "secret" for member in members)
        return shape
    return _any()


def _named(name: Any, annotation: Any, inside: frozenset[int]) -> Shape:
    return _any() if id(name) in inside else shape_of(annotation, (), inside | {id(name)})


def _of_class(annotation: type[Any], inside: frozenset[int]) -> Shape:
    if annotation is Secret:
        return _secret(str)
    if issubclass(annotation, BaseModel):
        if _is_root_model(annotation):
            root = annotation.model_fields["root"]
            return _named(
                annotation, Annotated[(root.annotation, *root.metadata)] if root.metadata else root.annotation, inside
            )
        return Shape("model", models=(annotation,))
    if annotation in _MAPPINGS:
        return Shape("mapping", item=ANY)
    if annotation in _SEQUENCES:
        return Shape("sequence", item=ANY)
    if _is_record(annotation):
        return Shape("model", models=(annotation,))
    if annotation is object or not _is_plain(annotation):
        return _any()
    shape = Shape("scalar")
    shape.nullable = annotation is type(None)
    shape.sealed = issubclass(annotation, (SecretStr, SecretBytes))
    return shape


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
    elif {member.kind for member in members} == {"model"}:
        shape = Shape("model", models=tuple(model for member in members for model in member.models))
    elif len(containers) == 1:
        shape = containers[0]
        shape.text = True
    else:
        shape = _any()
        shape.decodes = len(containers) == len(members) and all(member.kind != "any" for member in members)
    shape.nullable = nullable or shape.kind == "any"
    return shape


def _secret(inner: Any) -> Shape:
    shape = Shape("secret")
    shape.inner = inner
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        shape.models = (inner,)
    return shape


def _any() -> Shape:
    shape = Shape("any")
    shape.nullable = True
    return shape


def _is_root_model(model: type[BaseModel]) -> bool:
    return bool(getattr(model, "__pydantic_root_model__", False))


def _is_record(annotation: type[Any]) -> bool:
    return hasattr(annotation, "__dataclass_fields__") or (
        issubclass(annotation, dict) and hasattr(annotation, "__total__")
    )


def _infos(model: type[Any]) -> Mapping[str, FieldInfo]:
    if issubclass(model, BaseModel):
        return model.model_fields
    from toriconfig._shape.record import record_fields

    return record_fields(model)


def has_secrets(shape: Shape) -> bool:
    """Whether a secret may stand at or below this shape."""
    if shape._holds is None:
        shape._holds = _holds(shape, frozenset())
    return shape._holds


def _holds(shape: Shape, seen: frozenset[type]) -> bool:
    if shape.kind == "secret" or shape._holds:
        return True
    if shape.kind != "model":
        return shape.item is not None and _holds(shape.item, seen)
    if seen.issuperset(shape.models):
        return False
    below = seen | set(shape.models)
    return any(_holds(field.shape, below) for field in shape.fields.values())


def confidential(shape: Shape, seen: frozenset[type] = frozenset()) -> bool:
    """Whether a secret, ours or somebody else's, may stand at or below this shape, so that it is not shown whole."""
    if shape.kind == "secret" or shape.sealed:
        return True
    if shape.kind != "model":
        return shape.item is not None and confidential(shape.item, seen)
    if seen.issuperset(shape.models):
        return False
    below = seen | set(shape.models)
    return any(confidential(field.shape, below) for field in shape.fields.values())


def secrets_of(shape: Shape, path: Path = (), seen: frozenset[type] = frozenset()) -> Iterator[tuple[Path, Shape]]:
    """Every `Secret` field that the models declare, with its path; those inside lists and free mappings apart."""
    if shape.kind == "secret":
        yield path, shape
    elif shape.kind == "model" and not seen.intersection(shape.models):
        shown: set[int] = set()
        for key, field in shape.fields.items():
            if id(field) not in shown:
                shown.add(id(field))
                yield from secrets_of(field.shape, (*path, key), seen | set(shape.models))
