"""Shapes, which describe the values that a schema allows at each key path."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from toriconfig._core.path import Path
from toriconfig._core.value import Value
from toriconfig._schema.keys import config_of, keys_of, read_by_validators

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from toriconfig._core.markers import Ref

Kind = Literal["model", "mapping", "sequence", "scalar", "secret", "any"]


class Shape:
    """Description of the values allowed at one path.

    Attributes:
        kind: model, mapping (any key is allowed), sequence, scalar, secret, or any (unknown).
        models: the allowed models, dataclasses or TypedDicts; several for a union.
        item: the shape of the values of a mapping or the items of a sequence.
        items: the shapes of the items of a tuple, if each has its own.
        members: the alternatives of a union of several kinds; for pydantic's `Json[T]`, the shape of T.
        inner: the T of a `Secret[T]`.
        nullable: True if None is allowed.
        ref: the reference that the field declares, or None.
        merge: the rule that merges layers, or None for the default rule.
        text: True if a union allows plain text besides a model, mapping or sequence.
        decodes: True if JSON text is decoded although the kind is any, as for a union of models and mappings.
        sealed: True if values are secrets of another type (pydantic's `SecretStr`), which are not shown or copied.
        scalars: the classes of allowed scalars, except those with `choices`.
        choices: the allowed values of a `Literal` or an Enum.
        keys: the shape of the keys of a mapping; None for plain text.
        names: the names of the items of a named tuple.
        unordered: True for a set, whose items have no position.
        validated: True if a validator of the schema gets the input before pydantic converts the input.
        verbatim: True if text is never decoded (`NoDecode`).
        renamed: the option `renamed`, a mapping of old keys to new keys; None: the mappings that the models declare.
    """

    __slots__ = (
        "_exact",
        "_extra",
        "_fields",
        "_holds",
        "_openings",
        "choices",
        "decodes",
        "inner",
        "item",
        "items",
        "keys",
        "kind",
        "members",
        "merge",
        "models",
        "names",
        "nullable",
        "ref",
        "renamed",
        "scalars",
        "sealed",
        "text",
        "unordered",
        "validated",
        "verbatim",
    )

    def __init__(self, kind: Kind, *, models: tuple[type[Any], ...] = (), item: Shape | None = None) -> None:
        self.kind: Kind = kind
        self.models = models
        self.item = item
        self.items: tuple[Shape, ...] = ()
        self.members: tuple[Shape, ...] = ()
        self.inner: Any = None
        self.ref: Ref | None = None
        self.merge: str | None = None
        self.renamed: Mapping[str, str] | None = None
        self.scalars: tuple[Any, ...] = ()
        self.choices: tuple[Any, ...] = ()
        self.keys: Shape | None = None
        self.names: tuple[str, ...] = ()
        self.nullable = self.text = self.decodes = self.sealed = self.unordered = self.validated = self.verbatim = False
        self._exact: bool | None = None
        self._fields: dict[str, Field] | None = None
        self._holds: bool | None = None
        self._openings: dict[str, Field] | None = None
        self._extra: bool | None = None

    @property
    def fields(self) -> dict[str, Field]:
        """Dict from each key of a field to the field; empty if the shape has no model.

        If several models have the same key, the first secret field is used; if none is secret, the first field.
        """
        if self._fields is None:
            self._fields = {}
            for model in self.models:
                for key, field in fields_of(model).items():
                    known = self._fields.setdefault(key, field)
                    if known is not field and confidential(field.shape) and not confidential(known.shape):
                        self._fields[key] = field
        return self._fields

    @property
    def openings(self) -> dict[str, Field]:
        """The entries of `fields` whose keys occur only as the first step of an `AliasPath`."""
        if self._openings is None:
            self._openings = {key: field for key, field in self.fields.items() if field.inside is not None}
        return self._openings

    @property
    def parts(self) -> tuple[Shape, ...]:
        """The shapes of the items or alternatives of this shape. Shapes of fields are not included."""
        return self.items or self.members or ((self.item,) if self.item is not None else ())

    @property
    def extra(self) -> bool:
        """True if a model accepts keys that are not fields."""
        if self._extra is None:
            self._extra = any(config_of(model).get("extra") in ("allow", "ignore") for model in self.models)
        return self._extra

    def narrowed(self, given: Mapping[str, Any], tags: Mapping[str, Any] | None = None) -> Shape:
        """Return this shape with only the models of the union that fit best.

        Args:
            given: dict from keys to nodes. Only the models with the largest number of these keys remain.
            tags: dict from keys to nodes. Only models whose `Literal` fields allow these values remain. None: `given`.
        """
        if len(self.models) < 2:
            return self
        from toriconfig._schema.unions import meant

        return self._of(meant(self._union(), given, given if tags is None else tags))

    def taken(self, given: Mapping[str, Any]) -> Shape:
        """Return this shape with only the models of the union that fit `given`.

        `given` must contain the keys of all layers. Otherwise a model may be removed for lack of a required key.
        """
        if len(self.models) < 2:
            return self
        from toriconfig._schema.unions import taken

        return self._of(taken(self._union(), given))

    def _union(self) -> dict[type[Any], dict[str, Field]]:
        return {model: fields_of(model) for model in self.models}

    def _of(self, models: tuple[type[Any], ...]) -> Shape:
        if len(models) == len(self.models):
            return self
        shape = Shape(self.kind, models=models)
        shape.nullable, shape.text, shape.merge = self.nullable, self.text, self.merge
        return shape

    def optional(self) -> Shape:
        """Return a copy of this shape that also allows None."""
        shape = copy.copy(self)
        shape.nullable = True
        return shape

    def child(self, key: str | int) -> Shape | None:
        """Return the shape of the value at `key`, or None if the key is not allowed."""
        if self.kind == "model" and type(key) is str:  # the usual case, thousands of times per load
            known = (self._fields or self.fields).get(key)
            if known is not None:
                return known._shape or known.shape
        if self.kind == "any":
            return self if self.sealed or self.members else ANY
        if key in self.names:
            return self.items[self.names.index(str(key))]
        if isinstance(key, int) and 0 <= key < len(self.items):
            return self.items[key]
        if isinstance(key, int) or self.kind == "mapping":
            return self.item
        field = self.fields.get(key)
        return field.shape if field is not None else ANY if self.extra else None

    def at(self, path: Path) -> Shape | None:
        """Return the shape of the value at `path` below this shape, or None if the path is not allowed."""
        shape: Shape | None = self
        for part in path:
            if shape is None:
                return None
            shape = shape.child(part)
        return shape


ANY = Shape("any")
ANY.nullable = True
_EXACT = frozenset({Decimal, Fraction, timedelta})


class Inside(Value):
    """One field that a pydantic `AliasPath` sets.

    The attribute `path` is the `AliasPath` without the first key: `("port",)` for `AliasPath("db", "port")`.
    """

    path: Path
    name: str
    info: FieldInfo


class Field:
    """One field of a model, or one key whose value has parts for several fields (see `inside`).

    Attributes:
        name: name in Python.
        keys: the keys that set the field in files; messages show the first key.
        place: the text `Model.field`, for the origins of defaults.
        info: pydantic's field information.
        inside: None: the field takes the whole value of the key. Otherwise, the fields of the model that each take
            a part of the value by a pydantic `AliasPath`.
        shape: the allowed values.
        validated: True if a validator of the model gets the input before pydantic converts the input.
    """

    __slots__ = ("_shape", "info", "inside", "keys", "name", "place", "validated")

    def __init__(
        self, owner: type[Any], name: str, info: FieldInfo, keys: tuple[str, ...], inside: list[Inside] | None = None
    ) -> None:
        self.place = f"{owner.__name__}.{name}"  # text, because a reference would keep the class `owner` alive
        self.name = name
        self.info = info
        self.keys = keys
        self.inside = inside
        self.validated = False
        self._shape: Shape | None = None

    @property
    def shape(self) -> Shape:
        if self._shape is None:
            if self.inside is None:
                self._shape = _of_info(self.info)
                self._shape.validated = self._shape.validated or self.validated
            else:
                self._shape = ANY  # until the shape is known: a model may contain itself
                self._shape = self._opening(self.inside)
        return self._shape

    def _opening(self, inside: list[Inside]) -> Shape:
        """Return the shape of the mapping or list that contains the values of all fields in `inside`.

        A pydantic `AliasPath` selects the value of each field. The shape allows any value. If one of these fields may
        contain a secret, the attribute `sealed` of the shape is True, and the whole mapping or list is masked.
        """
        if not any(confidential(_of_info(field.info)) for field in inside):
            return ANY
        shape = copy.copy(ANY)
        shape.sealed = True
        shape._fields = {str(part): self for field in inside for part in field.path}
        return shape

    @property
    def required(self) -> bool:
        return self.info.is_required()

    def default(self) -> Any:
        """Return the default, or `PydanticUndefined` if there is none or it is not known before validation.

        The default is not known if the factory takes validated data, is a model class, or raises an exception. pydantic
        raises that exception again when it validates.
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
        except Exception:  # noqa: BLE001 - user code
            return PydanticUndefined


_FIELDS: WeakKeyDictionary[type[Any], dict[str, Field]] = WeakKeyDictionary()


def fields_of(model: type[Any]) -> dict[str, Field]:
    """Return a dict from key to field for the class `model`. A field with several keys has several entries."""
    known = _FIELDS.get(model)
    if known is None:
        known = {}
        for name, info in _infos(model).items():
            keys, inside = keys_of(model, name, info)
            if keys:
                known.update(dict.fromkeys(keys, Field(model, name, info, keys)))
            for key, *rest in inside:
                opening = known.setdefault(str(key), Field(model, name, info, (str(key),), []))
                if opening.inside is not None:
                    opening.inside.append(Inside(tuple(rest), name, info))
        read_first = read_by_validators(model)
        for field in known.values() if read_first else ():
            field.validated = field.inside is None and not read_first.isdisjoint((field.name, "*"))
        if getattr(model, "__pydantic_complete__", True):  # else its annotations are not known yet
            _FIELDS[model] = known
    return known


def _of_info(info: FieldInfo) -> Shape:
    from toriconfig._schema.annotations import shape_of

    return shape_of(info.annotation, tuple(info.metadata))


def reads_itself(model: type[Any]) -> bool:
    """Return True for a class that reads its own values, such as a `BaseSettings` of pydantic-settings."""
    return hasattr(model, "settings_customise_sources")


def root_shape(model: type[BaseModel], renamed: Mapping[str, str] | None = None) -> Shape:
    """Return the shape of a schema. `renamed` is the option `renamed`; None: the renames that the models declare."""
    shape = Shape("model", models=(model,))
    shape.renamed = renamed
    return shape


def _infos(model: type[Any]) -> Mapping[str, FieldInfo]:
    if issubclass(model, BaseModel):
        if not model.__pydantic_complete__:  # a class that was defined after the model may be known now
            model.model_rebuild(raise_errors=False, _parent_namespace_depth=0)
        return model.model_fields
    from toriconfig._schema.records import record_fields

    return record_fields(model)


def within(shape: Shape) -> Iterator[Shape]:
    """Yield this shape and every shape below it, with all models of a union. Each model is visited once."""
    seen: set[type[Any]] = set()
    left = [shape]
    while left:
        shape = left.pop()
        yield shape
        left += shape.parts
        for model in shape.models if shape.kind == "model" else ():
            if model not in seen:
                seen.add(model)
                left += [field.shape for field in fields_of(model).values()]


def has_secrets(shape: Shape) -> bool:
    """Return True if a secret may be at or below this shape."""
    if shape._holds is None:
        _survey(shape)
    return bool(shape._holds)


def has_exact(shape: Shape) -> bool:
    """Return True if a `Decimal`, `Fraction` or `timedelta` is allowed at or below this shape."""
    if shape._exact is None:
        _survey(shape)
    return bool(shape._exact)


_SURVEYS: WeakKeyDictionary[type[Any], tuple[bool, bool]] = WeakKeyDictionary()
"""Dict from each model to the results of `has_secrets` and `has_exact`."""


def _survey(shape: Shape) -> None:
    model = shape.models[0] if shape.kind == "model" and len(shape.models) == 1 else None
    known = _SURVEYS.get(model) if model is not None else None
    if known is not None:
        shape._holds, shape._exact = known
        return
    below = list(within(shape))
    shape._holds = any(one.kind == "secret" for one in below)
    shape._exact = any(not _EXACT.isdisjoint(one.scalars) for one in below if one.scalars)
    for one in below if not (shape._holds and shape._exact) else ():
        one._holds = one._holds if shape._holds else False  # False above means False below
        one._exact = one._exact if shape._exact else False
    if model is not None and model in _FIELDS:  # else its annotations are not known yet
        _SURVEYS[model] = shape._holds, shape._exact


def confidential(shape: Shape) -> bool:
    """Return True if a value of this shape may be or contain a secret of any type, also pydantic's `SecretStr`."""
    return any(below.kind == "secret" or below.sealed for below in within(shape))
