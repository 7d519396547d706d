"""Shape: the values allowed at each place, for every kind of annotation of pydantic."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypeVar

import pytest
from pydantic import (
    AliasChoices,
    AliasPath,
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    Json,
    RootModel,
    SecretStr,
    computed_field,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypeAliasType, TypedDict

from support.secret_fields import secrets_of
from toriconfig import Merge, Ref, Secret
from toriconfig._schema.annotations import shape_of
from toriconfig._schema.shape import Shape, has_secrets, root_shape

T = TypeVar("T")


class Color(enum.Enum):
    RED = "red"


class Inner(BaseModel):
    a: int = 1


class Other(BaseModel):
    b: int = 1


class Point(NamedTuple):
    x: int


class Typed(TypedDict):
    a: int
    s: NotRequired[Secret[str]]


@dataclasses.dataclass
class Standard:
    a: int
    s: Secret[str]
    items: list[int] = dataclasses.field(default_factory=list)


@pydantic_dataclass(config=ConfigDict(extra="allow"))
class Pydantic:
    a: int = 1


class Words(RootModel[list[str]]):
    pass


class Tree(RootModel["dict[str, Tree] | str"]):
    pass


Box = TypeAliasType("Box", dict[str, Inner])


class Holder(BaseModel, Generic[T]):
    value: T


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (int, "scalar"),
        (Color, "scalar"),
        (Literal["a"], "scalar"),
        (datetime.timedelta, "scalar"),
        (decimal.Decimal, "scalar"),
        (uuid.UUID, "scalar"),
        (pathlib.Path, "scalar"),
        (AnyUrl, "scalar"),
        (SecretStr, "scalar"),
        (Json, "scalar"),
        (Json[list[int]], "scalar"),
        (int | str | None, "scalar"),
        (list, "sequence"),
        (set[str], "sequence"),
        (frozenset[int], "sequence"),
        (tuple[int, ...], "sequence"),
        (tuple[int, str], "sequence"),
        (Sequence[int], "sequence"),
        (Words, "sequence"),
        (dict, "mapping"),
        (Mapping[str, int], "mapping"),
        (Box, "mapping"),
        (Tree, "mapping"),
        (Inner, "model"),
        (Inner | None, "model"),
        (Inner | Other, "model"),
        (Typed, "model"),
        (Standard, "model"),
        (Pydantic, "model"),
        (Holder[int], "model"),
        (Secret, "secret"),
        (Secret[int], "secret"),
        (Secret[str] | None, "secret"),
        (Secret[Inner], "secret"),
        (Any, "any"),
        (object, "any"),
        (Point, "sequence"),
        (Inner | dict[str, int], "any"),
        (T, "any"),
    ],
    ids=str,
)
def test_the_kind_of_an_annotation(annotation: Any, kind: str) -> None:
    assert kind == shape_of(annotation).kind


@pytest.mark.parametrize(
    ("annotation", "nullable"),
    [
        (int, False), (int | None, True), (Literal["a"] | None, True), (type(None), True), (Any, True), (Inner | None, True),
        (list[int] | None, True), (Secret[str] | None, True), (Secret[str], False), (dict[str, int | None], False),
    ],
    ids=str,
)  # fmt: skip
def test_null_is_allowed_if_none_is(annotation: Any, nullable: bool) -> None:
    assert nullable is shape_of(annotation).nullable


def test_text_may_replace_a_container_only_if_the_union_allows_text() -> None:
    assert (True, False) == (shape_of(list[int] | str).text, shape_of(list[int] | None).text)


def test_json_is_decoded_for_a_union_of_containers_but_not_for_any() -> None:
    assert (True, False) == (shape_of(list[int] | dict[str, int]).decodes, shape_of(Any).decodes)


def test_ref_and_merge_are_found_inside_optional_and_annotated() -> None:
    shape = shape_of(Annotated[Secret[str], Ref("secret/x#k")] | None)
    assert ("secret/x#k", True) == (str(shape.ref), shape.nullable)
    assert shape_of(list[str], (Merge("append"),)).merge == "append"


class Alias:
    """The result of `type Nested = dict[str, Nested] | int` from Python 3.12 on."""

    @property
    def __value__(self) -> Any:
        return dict[str, self] | int  # type: ignore[valid-type]


def test_a_recursive_type_is_handled() -> None:
    nested = shape_of(Alias())
    assert ("mapping", "any") == (nested.kind, nested.item and nested.item.kind)
    tree = shape_of(Tree)
    assert tree.item is not None
    assert (True, "any") == (tree.text, tree.item.kind)

    class Link(BaseModel):
        next: Link | None = None
        key: Secret[str]

    assert has_secrets(root_shape(Link))
    assert [("key",)] == [path for path, _ in secrets_of(root_shape(Link))]


def test_secrets_are_found_at_any_depth() -> None:
    class Deep(BaseModel):
        a: list[dict[str, Standard | None]]

    assert has_secrets(root_shape(Deep))
    assert not has_secrets(root_shape(Inner))


def test_records_have_fields_like_models() -> None:
    assert {"a": True, "s": False} == {name: field.required for name, field in shape_of(Typed).fields.items()}
    standard = shape_of(Standard).fields
    assert ["a", "s", "items"] == list(standard)
    assert (True, False, []) == (standard["a"].required, standard["items"].required, standard["items"].default())
    assert (False, True) == (shape_of(Standard).extra, shape_of(Pydantic).extra)


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    one: int = Field(1, alias="First")
    two: int = Field(1, validation_alias=AliasChoices("second", "zwei"))
    three: int = Field(1, validation_alias=AliasPath("nested", "three"))
    four: int = Field(1, validation_alias=AliasChoices("four", AliasPath("nested", "four")))


def test_every_key_that_sets_a_field_leads_to_it() -> None:
    fields = root_shape(Aliased).fields
    assert fields["First"] is fields["one"]
    assert ("First", "one") == fields["one"].keys
    assert fields["second"] is fields["zwei"] is fields["two"]
    assert ("any", ("nested",)) == (fields["nested"].shape.kind, fields["nested"].keys)
    assert "scalar" == fields["four"].shape.kind


class Paths(BaseModel):
    below: Paths | None = Field(None, validation_alias=AliasPath("top", "below"))
    plain: int = Field(1, validation_alias=AliasPath("top", "plain"))
    token: Secret[str] | None = Field(None, validation_alias=AliasPath("side", "token"))
    size: int = Field(1, validation_alias=AliasPath("side", "size"))
    count: int = Field(1, validation_alias=AliasPath("open", "count"))


def test_a_key_with_a_secret_somewhere_inside_is_sealed() -> None:
    shape = root_shape(Paths)
    assert (True, True, False) == tuple(shape.fields[key].shape.sealed for key in ("top", "side", "open"))
    inside = shape.at(("side", "token"))
    assert inside is not None
    assert inside.sealed
    assert {"token", "size"} == set(shape.fields["side"].shape.fields)


def test_an_alias_that_is_not_validated_by_sets_nothing() -> None:
    class ByName(BaseModel):
        model_config = ConfigDict(validate_by_alias=False, validate_by_name=True)
        size: int = Field(1, alias="Size")

    assert ["size"] == list(root_shape(ByName).fields)


def test_computed_and_class_fields_are_no_keys() -> None:
    class Computed(BaseModel):
        a: int = 1

        @computed_field  # type: ignore[prop-decorator]
        @property
        def double(self) -> int:
            return 2 * self.a

    assert ["a"] == list(root_shape(Computed).fields)


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog", "wolf"]
    age: int = 1


def test_a_union_is_narrowed_by_its_literals() -> None:
    class Given:
        def __init__(self, value: object) -> None:
            self.value = value

    union = shape_of(Cat | Dog)
    assert (Dog,) == union.narrowed({"kind": Given("wolf")}).models
    assert union is union.narrowed({"kind": Given("cow")})
    assert union is union.narrowed({})


def test_a_default_factory_that_raises_has_no_default_beforehand() -> None:
    class Raises(BaseModel):
        a: dict[str, int] = Field(default_factory=lambda: {"a": 1 // 0})

    assert "PydanticUndefined" == str(root_shape(Raises).fields["a"].default())


def test_any_key_of_a_free_mapping_and_of_anything_has_a_shape() -> None:
    shape = root_shape(Holder[dict[str, Inner]])
    found = shape.at(("value", "whatever", "a"))
    assert isinstance(found, Shape)
    assert "scalar" == found.kind
    assert shape.at(("value", "whatever", "b")) is None


def test_every_model_of_a_union_is_searched_for_secrets() -> None:
    class Open(BaseModel):
        value: int = 1

    class Closed(BaseModel):
        value: Secret[str]

    assert has_secrets(shape_of(Open | Closed))
    assert has_secrets(shape_of(tuple[Open | Closed, Open]))
    assert "secret" == shape_of(Open | Closed).fields["value"].shape.kind
    assert not has_secrets(shape_of(Open | Inner))
