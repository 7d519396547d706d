"""Changing the base of an existing class from `BaseSettings` to `Settings` changes nothing until an option of ours is set.

Each scenario runs with both bases, and must have the same result, errors and warnings included.
"""

# ruff: noqa: RUF012
# mypy: disable-error-code=misc
# Defaults of a model are copied, which ruff cannot know, and mypy cannot check, of a base that is an argument.

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    Field,
    Json,
    SecretStr,
    field_validator,
    model_validator,
)

from pydantic_settings import (
    BaseSettings,
    CliApp,
    CliSettingsSource,
    ForceDecode,
    JsonConfigSettingsSource,
    NestedSecretsSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)
from support.either_base import outcome, surroundings
from toriconfig import Settings

Scenario = Callable[[Any], Any]
SCENARIOS: list[Scenario] = []


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


class Colour(Enum):
    RED = 1
    BLUE = 2


class Pool(BaseModel):
    size: int = 1
    names: list[str] = []


class Database(BaseModel):
    host: str = "localhost"
    pool: Pool = Pool()


@scenario
def plain_fields_come_from_the_environment(base: Any) -> Any:
    class S(base):
        port: int
        tags: list[int] = []
        name: str = "n"

    return S().model_dump(), S(name="given").model_dump(), S(port=1, tags=[2]).model_dump()


@scenario
def a_missing_field_is_pydantics_error(base: Any) -> Any:
    class S(base):
        nowhere: int

    return S()


@scenario
def a_wrong_value_is_pydantics_error_with_its_input(base: Any) -> Any:
    class S(base):
        text: int

    return S()


@scenario
def text_that_is_no_json_is_a_settings_error(base: Any) -> Any:
    class S(base):
        text: list[int]

    return S()


@scenario
def prefix_and_delimiter_nest(base: Any) -> Any:
    class S(base):
        model_config = SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__")
        database: Database = Database()
        free: dict[str, Any] = {}

    return S().model_dump(), S(database={"host": "given"}).model_dump()


@scenario
def partial_defaults_and_split_limits(base: Any) -> Any:
    class S(base):
        model_config = SettingsConfigDict(
            env_prefix="APP_",
            env_nested_delimiter="_",
            env_nested_max_split=1,
            nested_model_default_partial_update=True,
        )
        flat: dict[str, str] = {}
        database: Database = Database(host="default")

    return S().model_dump()


@scenario
def aliases_choices_and_paths(base: Any) -> Any:
    class S(base):
        model_config = SettingsConfigDict(populate_by_name=True)
        one: int = Field(0, validation_alias="port")
        two: str = Field("", validation_alias=AliasChoices("absent", "name"))
        three: int = Field(0, validation_alias=AliasPath("tags", 1))

    return S().model_dump(), S(one=5).model_dump(), S(port=6).model_dump(), S(absent="x").model_dump()


@scenario
def case_counts_when_it_should(base: Any) -> Any:
    class S(base):
        model_config = SettingsConfigDict(case_sensitive=True)
        PORT: int = 0
        port: int = 1

    return S().model_dump()


@scenario
def empty_none_and_enum_texts(base: Any) -> Any:
    class S(base):
        model_config = SettingsConfigDict(env_ignore_empty=True, env_parse_none_str="nil", env_parse_enums=True)
        empty: int = 3
        nothing: int | None = 4
        colour: Colour = Colour.BLUE

    return S().model_dump()


@scenario
def decoding_can_be_switched(base: Any) -> Any:
    class S(base):
        csv: Annotated[list[str], NoDecode]
        tags: Annotated[list[int], ForceDecode]
        json_: Json[list[int]] = Field(validation_alias="tags")

        @field_validator("csv", mode="before")
        @classmethod
        def _split(cls, text: Any) -> Any:
            return text.split(",")

    return S().model_dump()


@scenario
def unions_of_containers_and_text(base: Any) -> Any:
    class S(base):
        tags: list[int] | str
        csv: list[int] | str
        mode: Literal["fast", "slow"] = "fast"

    return S().model_dump()


@scenario
def a_dotenv_file_and_its_extras(base: Any) -> Any:
    class S(base):
        model_config = SettingsConfigDict(env_file=".env", extra="allow")
        level: str = ""

    return S().model_dump(), S(_env_file=None).model_dump(), S(_env_file="other.env").model_dump()


@scenario
def a_dotenv_file_with_unknown_names_is_forbidden(base: Any) -> Any:
    class S(base):
        model_config = SettingsConfigDict(env_file=".env")
        level: str = ""

    return S()


@scenario
def secret_files(base: Any) -> Any:
    class S(base):
        model_config = SettingsConfigDict(secrets_dir="secrets")
        token: SecretStr
        blob: dict[str, int]

    return S().model_dump(), S(_secrets_dir="absent")


@scenario
def nested_secret_files(base: Any) -> Any:
    class S(base):
        model_config = SettingsConfigDict(secrets_dir="nested", secrets_nested_subdir=True)
        db: dict[str, str] = {}

        @classmethod
        def settings_customise_sources(cls, *classes: Any, **made: Any) -> Any:
            return made["init_settings"], NestedSecretsSettingsSource(made["file_secret_settings"])

    return S().model_dump()


@scenario
def sources_are_customised(base: Any) -> Any:
    class Mine(PydanticBaseSettingsSource):
        def get_field_value(self, field: Any, field_name: str) -> Any:
            return None, field_name, False

        def __call__(self) -> dict[str, Any]:
            return {"name": f"after {sorted(self.current_state)} {sorted(self.settings_sources_data)}"}

    class S(base):
        model_config = SettingsConfigDict(json_file="data.json", yaml_file="data.yaml")
        port: int = 0
        name: str = ""
        from_json: int = 0
        from_yaml: str = ""

        @classmethod
        def settings_customise_sources(cls, *classes: Any, **made: Any) -> Any:
            files = JsonConfigSettingsSource(classes[0]), YamlConfigSettingsSource(classes[0])
            return Mine(classes[0]), made["env_settings"], made["init_settings"], *files

    return S(port=1, name="x").model_dump()


@scenario
def a_file_option_without_its_source_warns(base: Any) -> Any:
    class S(base):
        model_config = SettingsConfigDict(yaml_file="data.yaml", extra="ignore")

    return S().model_dump()


@scenario
def references_are_only_text(base: Any) -> Any:
    class S(base):
        dollar: str
        name: str = "${env:PORT}"

    return S().model_dump(), S(name="${other}").model_dump()


@scenario
def a_command_line(base: Any) -> Any:
    class S(base):
        model_config = SettingsConfigDict(cli_parse_args=["--port", "7", "--database.pool.size", "3"])
        port: int = 0
        database: Database = Database()

    return S(port=1).model_dump(), S(_cli_parse_args=["--port", "8"]).model_dump()


@scenario
def an_application_on_the_command_line(base: Any) -> Any:
    class S(base):
        port: int = 0
        ran: list[int] = []

        def cli_cmd(self) -> None:
            self.ran.append(self.port)

    made = CliApp.run(S, cli_args=["--port", "9"])
    return made.model_dump(), CliSettingsSource(S)(args=["--port", "3"])()


@scenario
def validators_and_post_init_run_once(base: Any) -> Any:
    calls: list[str] = []

    class S(base):
        port: int = 0

        @model_validator(mode="before")
        @classmethod
        def _before(cls, data: Any) -> Any:
            calls.append(f"before {sorted(data)}")
            return data

        def model_post_init(self, context: Any) -> None:
            calls.append("post")

    return S().model_dump(), S.model_validate({"port": 4}).model_dump(), S.model_construct(port=5).model_dump(), calls


@scenario
def nothing_is_frozen_and_objects_stay_themselves(base: Any) -> Any:
    thing, items = object(), [1]

    class S(base):
        items: list[int] = []
        thing: Any = None

    made = S(items=items, thing=thing)
    made.items.append(2)
    made.thing = 3
    return made.items, items, S(thing=thing).thing is thing


@scenario
def made_again_in_place(base: Any) -> Any:
    class S(base):
        port: int = 0

    made = S(port=1)
    made.__init__()
    return made.port


@scenario
def settings_inside_settings(base: Any) -> Any:
    class Inner(base):
        port: int = 0

    class Outer(base):
        inner: Inner = Field(default_factory=Inner)
        other: Inner | None = None

    return Outer().model_dump(), Outer(other={}).model_dump()


@scenario
def a_constructor_of_ones_own(base: Any) -> Any:
    class S(base):
        port: int = 0

        def __init__(self, extra: int, **values: Any) -> None:
            super().__init__(port=extra, **values)

    return S(6).model_dump()


@scenario
def the_signature(base: Any) -> Any:
    class S(base):
        port: int = 0

    return str(inspect.signature(S)), str(inspect.signature(S.__init__))


@scenario
def cached_settings(base: Any) -> Any:
    class S(base):
        port: int = 0

    return S.settings_cached() is S.settings_cached(), S.settings_cached() == S(), hash(type(S())) == hash(S)


@scenario
def the_schema_for_json(base: Any) -> Any:
    class S(base):
        port: int = 0
        database: Database = Database()

    return S.model_json_schema(), {k: v for k, v in S.model_config.items() if v is not None}


@pytest.mark.parametrize("play", SCENARIOS, ids=lambda play: play.__name__)
def test_both_bases_have_the_same_result(play: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    surroundings(monkeypatch)
    expected, met = outcome(play, BaseSettings), outcome(play, Settings)
    assert expected == met


def test_the_settings_class_is_a_true_subclass() -> None:
    assert Settings.__mro__[1] is BaseSettings


def test_an_instance_is_pickled_and_copied_like_any_model() -> None:
    made = Portable(port=3)
    assert made == pickle.loads(pickle.dumps(made)) == made.model_copy(deep=True)


class Portable(Settings):
    port: int = 1
