"""The generated JSON Schema: up to date, valid, and consistent with the loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import jsonschema
import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field, RootModel

from toriconfig import ConfigError, Secret, Settings, SettingsConfigDict, ToriSettings, json_schema
from toriconfig._inspect.json_schema import schema_of_files, schema_text
from toriconfig._load.variable_names import names
from toriconfig._schema.shape import root_shape

COMMITTED = Path(__file__).parents[2] / "schemas" / "tori.schema.json"


def leaves(node: dict[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], dict[str, Any]]:
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for key, child in node.get("properties", {}).items():
        found |= leaves(child, (*path, key)) if "properties" in child else {(*path, key): child}
    return found


def test_the_committed_schema_is_up_to_date() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == schema_text(ToriSettings), "run `toriconfig schema`"


def test_it_is_a_valid_schema_of_2020_12() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(COMMITTED.read_text(encoding="utf-8")))


def test_every_leaf_names_its_variable_and_is_described() -> None:
    schema = schema_of_files(ToriSettings)
    expected = {path: name for name, path in names(root_shape(ToriSettings), "__", "TORI_")}
    found = leaves(schema)
    for path, name in expected.items():
        assert found[tuple(map(str, path))]["x-toriconfig-env"] == name
        assert found[tuple(map(str, path))]["description"]


def test_secrets_are_marked_and_have_no_default() -> None:
    marked = {path for path, leaf in leaves(schema_of_files(ToriSettings)).items() if leaf.get("x-toriconfig-secret")}
    assert marked == {("api_key",), ("database_url",), ("embedding_token",), ("database", "credentials")}


class Small(BaseModel):
    model_config = SettingsConfigDict(env_prefix="SMALL_")

    size: int = Field(3, ge=1, le=5, description="How large.")
    level: str = Field("x", pattern="^[a-z]$", description="A letter.")
    token: Secret[str] = Field(description="A token.")


@pytest.mark.parametrize(
    ("document", "valid"),
    [
        ({"size": 4}, True),
        ({"size": 9}, False),
        ({"size": "${env:SIZE}"}, True),
        ({"size": "many"}, False),
        ({"szie": 4}, False),
        ({"level": "a"}, True),
        ({"level": "A"}, False),
        ({"level": "${env:LEVEL}"}, True),
        ({"token": "${vault:secret/x#token}"}, True),
        ({}, True),
        ({"vault": {"timeout": 3}}, True),
    ],
)
def test_it_accepts_and_refuses_the_same_as_a_load(document: dict[str, Any], valid: bool) -> None:
    assert jsonschema.Draft202012Validator(schema_of_files(Small)).is_valid(document) is valid


VALUE = "c4nary-value"


class Holder(BaseModel):
    token: Secret[str] = VALUE  # type: ignore[assignment]


class Defaults(BaseModel):
    secret: Secret[str] = VALUE  # type: ignore[assignment]
    mapping: dict[str, Secret[str]] = {"x": VALUE}  # type: ignore[dict-item]
    sequence: list[Secret[str]] = [VALUE]  # type: ignore[list-item]
    held: list[Holder] = []
    raw: Holder = {"token": VALUE}  # type: ignore[assignment]
    url: str = f"https://u:{VALUE}@host/"
    password: str = VALUE
    shown: Secret[str] = Field(examples=[VALUE])
    default: str = "a field of this name"


def test_no_default_or_example_of_a_secret_is_written() -> None:
    assert VALUE not in schema_text(Defaults)


def test_defaults_without_secrets_are_kept() -> None:
    class Plain(BaseModel):
        size: int = 3
        token: Secret[str] | None = None
        default: str = "x"

    properties = schema_of_files(Plain)["properties"]
    assert [3, None, "x"] == [properties[name]["default"] for name in ("size", "token", "default")]


class Login(BaseModel):
    user: str


class Secrets(BaseModel):
    whole: Secret[Login]
    maybe: Secret[Login] | None = None
    number: Secret[int] = Field()
    listed: list[Secret[Login]] = []


@pytest.mark.parametrize("key", ["whole", "maybe", "number"])
def test_a_secret_of_any_type_is_a_reference(key: str) -> None:
    assert jsonschema.Draft202012Validator(schema_of_files(Secrets)).is_valid({key: "${vault:secret/x}"})


@pytest.mark.parametrize(
    ("document", "valid"),
    [
        ({"maybe": None}, True),
        ({"maybe": {"user": "u"}}, True),
        ({"maybe": 3}, False),
        ({"listed": ["${vault:secret/x}"]}, True),
    ],
)
def test_secrets_accept_the_same_as_a_load(document: dict[str, Any], valid: bool) -> None:
    assert jsonschema.Draft202012Validator(schema_of_files(Secrets)).is_valid(document) is valid


class Point(NamedTuple):
    x: int
    y: int = 0


class Flute(BaseModel):
    kind: Literal["flute"]
    holes: int = 6


class Drum(BaseModel):
    kind: Literal["drum"]
    width: int = 1


class Containers(BaseModel):
    ports: list[int] = []
    words: list[str] = []
    table: dict[str, list[int]] = {}
    scores: RootModel[dict[str, float]] = RootModel({})
    pair: tuple[int, bool] = (1, True)
    point: Point = Point(1)
    players: list[Annotated[Flute | Drum, Field(discriminator="kind")]] = []
    named: dict[str, Flute] = {}


@pytest.mark.parametrize(
    ("document", "valid"),
    [
        ({"ports": ["${env:PORT:-80}", 81]}, True),
        ({"ports": ["many"]}, False),
        ({"table": {"a": ["${env:PORT}"], "b": "${env:PORTS}"}}, True),
        ({"table": {"a": "many"}}, False),
        ({"scores": {"a": "${env:SCORE}"}}, True),
        ({"scores": {"a": "high"}}, False),
        ({"pair": ["${env:N}", "${env:B}"]}, True),
        ({"point": ["${env:X}"]}, True),
        ({"players": [{"kind": "flute", "holes": "${env:HOLES}"}]}, True),
        ({"players": [{"kind": "flute", "holes": "many"}]}, False),
        ({"players": [{"kind": "drum", "holes": 3, "width": "wide"}]}, False),
        ({"players": ["${env:PLAYER}"]}, False),
        ({"players": [{"holes": 3}]}, False),
        ({"named": {"a": {"holes": "${env:HOLES}"}}}, True),
    ],
)
def test_a_reference_may_replace_any_value_in_a_container(document: dict[str, Any], valid: bool) -> None:
    assert jsonschema.Draft202012Validator(schema_of_files(Containers)).is_valid(document) is valid


class Aliased(BaseModel):
    size: int = Field(3, validation_alias=AliasChoices("size-of", "other", AliasPath("deep", "size")))


@pytest.mark.parametrize(
    ("document", "valid"),
    [({"size-of": 4}, True), ({"other": 4}, True), ({"deep": {"size": 4}}, True), ({"other": "x"}, False)],
)
def test_a_field_may_be_set_by_each_of_its_names(document: dict[str, Any], valid: bool) -> None:
    assert jsonschema.Draft202012Validator(schema_of_files(Aliased)).is_valid(document) is valid


class Tree(BaseModel):
    name: str = ""
    children: list[Tree] = []


def test_a_model_that_refers_to_itself_ends() -> None:
    assert "children" in schema_of_files(Tree)["properties"]


@pytest.mark.parametrize("base", [BaseModel, Settings])
@pytest.mark.parametrize("annotation", ["Nowhere", "list[Nowhere] | None"])
def test_an_undefined_annotation_is_an_error_with_the_remedy(base: type[BaseModel], annotation: str) -> None:
    broken: Any = type("Broken", (base,), {"__annotations__": {"x": annotation}, "x": None, "__module__": __name__})
    with pytest.raises(ConfigError, match="`Nowhere`") as raised:
        json_schema(broken)
    (only,) = raised.value.problems
    assert ("TC108", True) == (only.code, "TYPE_CHECKING" in only.help)
