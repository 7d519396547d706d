"""The shape of a schema: what may stand at each key path, found by one walk over the model's fields."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, MutableMapping, MutableSequence, MutableSet, Sequence, Set
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin
from weakref import WeakKeyDictionary

from pydantic import AliasChoices, AliasPath, BaseModel

from toriconfig._merge_rule import Merge
from toriconfig._path import Path
from toriconfig._reference import Ref
from toriconfig._secret import Secret

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

Kind = Literal["model", "mapping", "sequence", "scalar", "secret", "any"]

_MAPPINGS = frozenset({dict, Mapping, MutableMapping})
_SEQUENCES = frozenset({list, set, frozenset, tuple, Sequence, MutableSequence, Set, MutableSet})
_UNIONS = (Union, types.UnionType)


class Shape:
    """What may stand at one place.

    Attributes:
        kind: model, mapping (free keys), sequence, scalar, secret, or any (nothing can be said).
        models: the models that may stand here; several for a union.
        item: the shape of the values of a mapping or the items of a sequence.
        inner: the T of a `Secret[T]`.
        nullable: whether None may stand here.
        ref: the place in Vault that the field names itself.
        merge: the rule by which layers meet here, or None for the usual one.
        text: whether a plain string may stand here although the kind is a container.
    """

    __slots__ = ("_fields", "inner", "item", "kind", "merge", "models", "nullable", "ref", "text")

    def __init__(self, kind: Kind, *, models: tuple[type[BaseModel], ...] = (), item: Shape | None = None) -> None:
        self.kind: Kind = kind
        self.models = models
        self.item = item
        self.inner: Any = None
        self.nullable = False
        self.ref: Ref | None = None
        self.merge: str | None = None
        self.text = False
        self._fields: dict[str, Field] | None = None

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
        return any(model.model_config.get("extra") in ("allow", "ignore") for model in self.models)

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
        owner: the model that declares it.
        info: pydantic's own record.
        shape: what may stand there.
    """

    __slots__ = ("_shape", "info", "keys", "name", "owner")

    def __init__(self, owner: type[BaseModel], name: str, info: FieldInfo) -> None:
        self.owner = owner
        self.name = name
        self.info = info
        self.keys = _keys(owner, name, info)
        self._shape: Shape | None = None

    @property
    def shape(self) -> Shape:
        if self._shape is None:
            self._shape = shape_of(self.info.annotation, tuple(self.info.metadata))
        return self._shape

    @property
    def required(self) -> bool:
        return self.info.is_required()

    def default(self) -> Any:
        """The default as pydantic would give it; pydantic's "undefined" when there is none to be had beforehand."""
        from pydantic_core import PydanticUndefined

        factory: Any = self.info.default_factory
        if factory is None:
            return self.info.default
        if self.info.default_factory_takes_validated_data or (isinstance(factory, type) and issubclass(factory, BaseModel)):
            return PydanticUndefined
        return factory()


_FIELDS: WeakKeyDictionary[type[BaseModel], dict[str, Field]] = WeakKeyDictionary()


def fields_of(model: type[BaseModel]) -> dict[str, Field]:
    """The fields of a model by every key that sets one; walked once a class."""
    known = _FIELDS.get(model)
    if known is None:
        known = {}
        for name, info in model.model_fields.items():
            field = Field(model, name, info)
            for key in field.keys:
                known[key] = field
        _FIELDS[model] = known
    return known


def root_shape(model: type[BaseModel]) -> Shape:
    """The shape of a whole schema."""
    return Shape("model", models=(model,))


def shape_of(annotation: Any, metadata: tuple[Any, ...] = ()) -> Shape:
    """The shape of an annotation, with the metadata of its field."""
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        metadata = (*metadata, *more)
    shape = _bare(annotation)
    for note in metadata:
        if isinstance(note, Ref):
            shape.ref = note
        elif isinstance(note, Merge):
            shape.merge = note.rule
    return shape


def _bare(annotation: Any) -> Shape:
    origin = get_origin(annotation)
    if origin is None:
        if isinstance(annotation, type):
            return _of_class(annotation)
        value = getattr(annotation, "__value__", None)  # a `type X = ...` alias
        return shape_of(value) if value is not None else _any()
    if origin is Annotated:
        return shape_of(annotation)
    if origin in _UNIONS:
        return _of_union(get_args(annotation))
    if origin is Literal:
        shape = Shape("scalar")
        shape.nullable = None in get_args(annotation)
        return shape
    if origin is Secret:
        return _secret(get_args(annotation)[0])
    if origin in _MAPPINGS:
        return Shape("mapping", item=shape_of(get_args(annotation)[1]))
    if origin in _SEQUENCES:
        args = [arg for arg in get_args(annotation) if arg is not Ellipsis]
        return Shape("sequence", item=shape_of(args[0]) if len(set(map(str, args))) == 1 else ANY)
    if hasattr(annotation, "__value__"):
        return shape_of(annotation.__value__)
    return _any()


def _of_class(annotation: type) -> Shape:
    if annotation is Secret:
        return _secret(str)
    if issubclass(annotation, BaseModel):
        return Shape("model", models=(annotation,)) if not _is_root_model(annotation) else _any()
    if annotation in _MAPPINGS:
        return Shape("mapping", item=ANY)
    if annotation in _SEQUENCES:
        return Shape("sequence", item=ANY)
    if annotation is object or getattr(annotation, "__annotations__", None):
        return _any()  # a TypedDict, NamedTuple or dataclass: pydantic knows, we need not
    if annotation is type(None):
        shape = Shape("scalar")
        shape.nullable = True
        return shape
    return Shape("scalar")


def _of_union(args: tuple[Any, ...]) -> Shape:
    members = [shape_of(arg) for arg in args if arg is not type(None)]
    nullable = len(members) < len(args) or any(member.nullable for member in members)
    kinds = {member.kind for member in members}
    if len(members) == 1:
        shape = members[0]
    elif kinds == {"model"}:
        shape = Shape("model", models=tuple(model for member in members for model in member.models))
    elif kinds == {"scalar"}:
        shape = Shape("scalar")
    else:
        rest = kinds - {"scalar"}
        container = next((member for member in members if member.kind != "scalar"), None)
        if len(rest) == 1 and container is not None and sum(member.kind != "scalar" for member in members) == 1:
            shape = container
            shape.text = True
        else:
            shape = _any()
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


def _keys(owner: type[BaseModel], name: str, info: FieldInfo) -> tuple[str, ...]:
    alias = info.validation_alias if info.validation_alias is not None else info.alias
    if alias is None:
        return (name,)
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    keys = [str(choice.path[0]) if isinstance(choice, AliasPath) else choice for choice in choices]
    config = owner.model_config
    if config.get("populate_by_name") or config.get("validate_by_name"):
        keys.append(name)
    return tuple(dict.fromkeys(keys))


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
