"""Fit: names and texts of the environment, `.env` files and secret directories become keys and values of the schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, Json

from support.loading import attempt, loaded, problems, told
from toriconfig import Secret, ToriSettings


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Pool(BaseModel):
    max_size: int = 1
    options: dict[str, str] = {}


class Host(BaseModel):
    name: str
    port: int = 80


class Account(BaseModel):
    user: str
    password: str


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    age: int


class Schema(BaseModel):
    pool: Pool = Pool()
    max__odd: int = 0
    weights: dict[str, float] = {}
    by_name: dict[str, Host] = {}
    words: set[str] = set()
    hosts: list[Host] = []
    limit: int | None = 5
    home: str | None = ""
    free: Any = None
    either: list[int] | dict[str, int] = []
    text_or_list: str | list[int] = ""
    encoded: Json[list[int]] = [0]
    switch: bool = False
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    account: Secret[Account] | None = None
    token: Secret[str] | None = None
    pin: Secret[int] | None = None


def of(nested: str | None = "__", prefix: str = "T_", **names: str) -> Schema:
    return loaded(
        Schema,
        environ={prefix + name: text for name, text in names.items()},
        env_prefix=prefix,
        env_nested_delimiter=nested,
    )


def test_the_delimiter_nests() -> None:
    assert of(POOL__MAX_SIZE="5").pool.max_size == 5


def test_case_does_not_matter() -> None:
    assert (
        loaded(Schema, environ={"t_Pool__max_SIZE": "5"}, env_prefix="T_", env_nested_delimiter="__").pool.max_size == 5
    )


def test_a_key_may_hold_the_delimiter() -> None:
    assert of(MAX__ODD="5").max__odd == 5


def test_without_a_delimiter_nothing_nests() -> None:
    environ = {"T_POOL__MAX_SIZE": "5", "T_LIMIT": "7"}
    found = attempt(Schema, environ=environ, env_prefix="T_")
    assert found.loaded is not None
    assert [("TC501", "T_POOL__MAX_SIZE")] == [(one.code, str(one.origin)) for one in found.problems]


@pytest.mark.parametrize("text", ['{"a": 1.5, "b": 2}', "a=1.5,b=2", " a = 1.5 , b = 2, "])
def test_a_mapping_is_json_or_pairs(text: str) -> None:
    assert {"a": 1.5, "b": 2.0} == of(WEIGHTS=text).weights


def test_a_mapping_is_also_set_key_by_key_above_its_whole() -> None:
    assert {"a": 1.0, "b": 3.0} == of(WEIGHTS="a=1,b=2", WEIGHTS__B="3").weights
    assert {"web": Host(name="x", port=1)} == of(BY_NAME__WEB__NAME="x", BY_NAME__WEB__PORT="1").by_name
    assert {"app": "x"} == of(POOL__OPTIONS__APP="x").pool.options


@pytest.mark.parametrize("text", ['["a", "b"]', "a,b", " a , b ,"])
def test_a_set_or_list_is_json_or_commas(text: str) -> None:
    assert {"a", "b"} == of(WORDS=text).words


def test_an_empty_text_is_an_empty_list_or_mapping() -> None:
    assert (set(), {}) == (of(WORDS="").words, of(WEIGHTS="").weights)


def test_a_list_of_models_is_json() -> None:
    assert [Host(name="a"), Host(name="b", port=1)] == of(HOSTS='[{"name": "a"}, {"name": "b", "port": 1}]').hosts


def test_a_model_is_json_or_pairs_or_key_by_key() -> None:
    assert Pool(max_size=3) == of(POOL='{"max_size": 3}').pool == of(POOL="max_size=3").pool
    assert (
        Pool(max_size=4, options={"a": "b"})
        == of(POOL='{"max_size": 3, "options": {"a": "b"}}', POOL__MAX_SIZE="4").pool
    )


def test_a_discriminated_union_nests() -> None:
    assert Dog(kind="dog", age=3) == of(PET__KIND="dog", PET__AGE="3").pet


def test_null_is_none_if_the_field_allows_none_and_text_otherwise() -> None:
    assert (None, None) == (of(LIMIT="null").limit, of(HOME="null").home)
    assert of(POOL__OPTIONS__A="null").pool.options == {"a": "null"}


def test_a_tilde_is_a_home_and_no_null() -> None:
    assert of(HOME="~").home == "~"


def test_an_untyped_value_stays_text() -> None:
    assert of(FREE='{"a": 1}').free == '{"a": 1}'


def test_an_untyped_value_nests_in_lower_case() -> None:
    assert of(FREE__A__B="1").free == {"a": {"b": "1"}}


def test_a_union_of_containers_is_decoded() -> None:
    assert ([1, 2], {"a": 1}) == (of(EITHER="[1, 2]").either, of(EITHER='{"a": 1}').either)


def test_a_union_with_text_takes_plain_text_and_json() -> None:
    assert ("a,b", [1]) == (of(TEXT_OR_LIST="a,b").text_or_list, of(TEXT_OR_LIST="[1]").text_or_list)


def test_a_field_that_decodes_json_itself_gets_the_text() -> None:
    assert of(ENCODED="[1, 2]").encoded == [1, 2]


def test_a_secret_is_never_guessed() -> None:
    for text in ("123", "null", '{"a": 1}', "true", "a,b"):
        token = of(TOKEN=text).token
        assert token is not None
        assert text == token.get()
    pin = of(PIN="123").pin
    assert pin is not None
    assert pin.get() == 123


@pytest.mark.parametrize(
    "names",
    [{"ACCOUNT": '{"user": "u", "password": "p"}'}, {"ACCOUNT__USER": "u", "ACCOUNT__PASSWORD": "p"}],
    ids=["JSON", "nested"],
)
def test_a_secret_of_a_model_is_json_or_key_by_key(names: dict[str, str]) -> None:
    account = of(**names).account
    assert account is not None
    assert Account(user="u", password="p") == account.get()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("POOL", '{"max_size": 3', "valid JSON"),
        ("WEIGHTS", "a=1,b", "`key=value,key=value` or a JSON object"),
        ("HOSTS", "[{]", "valid JSON"),
    ],
)
def test_the_error_of_invalid_text_names_the_variable_and_the_forms(name: str, text: str, expected: str) -> None:
    (only,) = problems(Schema, environ={f"T_{name}": text}, env_prefix="T_")
    assert ("TC102", f"T_{name}", expected, name.lower()) == (only.code, str(only.origin), only.expected, only.path)
    assert f"T_{name}" in only.help


def test_a_wrong_value_names_the_variable_and_the_file_line_that_it_overrides() -> None:
    (only,) = problems(
        Schema, "pool:\n  max_size: 3", environ={"T_POOL__MAX_SIZE": "ten"}, env_prefix="T_", env_nested_delimiter="__"
    )
    assert ("TC102", "T_POOL__MAX_SIZE", "an integer") == (only.code, str(only.origin), only.expected)
    assert "T_POOL__MAX_SIZE wins; 1.yaml:2:13 is overridden" == only.layer
    assert "set `pool.max_size` in T_POOL__MAX_SIZE to an integer" == only.help


def test_an_unknown_name_under_the_prefix_is_one_warning_with_the_name_that_was_meant() -> None:
    found = attempt(Schema, environ={"T_POOL__MAX_SZIE": "5"}, env_prefix="T_", env_nested_delimiter="__")
    assert found.loaded is not None
    (only,) = found.problems
    assert ("TC501", "warning", "T_POOL__MAX_SZIE") == (only.code, only.severity, str(only.origin))
    assert ("did you mean `T_POOL__MAX_SIZE`?", "T_POOL__MAX_SIZE") == (only.help, only.fix)


@pytest.mark.parametrize(
    "name", ["T_POOL__", "T___MAX_SIZE", "T_WEIGHTS____A", "T_WEIGHTS__A__", "T_FREE____A", "T_WORDS__0"]
)
def test_a_name_with_a_part_missing_or_too_many_means_nothing(name: str) -> None:
    assert [("TC501", name, "")] == told(Schema, environ={name: "5"}, env_prefix="T_", env_nested_delimiter="__")


def test_names_that_steer_the_load_are_not_unknown() -> None:
    steering = {"T_CONFIG_FILE": "", "T_PROFILE": "", "T_VAULT__TIMEOUT": "3", "T_VAULT__AUTH__METHOD": "token"}
    assert [] == problems(Schema, environ=steering, env_prefix="T_", env_nested_delimiter="__")


def test_a_field_of_that_name_comes_first() -> None:
    class Steered(BaseModel):
        profile: str = ""
        vault: dict[str, str] = {}

    model = loaded(
        Steered,
        environ={"T_PROFILE": "x", "T_VAULT__A": "b"},
        env_prefix="T_",
        env_nested_delimiter="__",
        profile_env="NONE",
    )
    assert ("x", {"a": "b"}) == (model.profile, model.vault)


def test_without_a_prefix_variables_of_other_programs_are_not_reported() -> None:
    environ = {"http_proxy": "a", "HTTP_PROXY": "b", "BAD": "\udcff", "PATH": "/bin", "LIMIT": "3"}
    assert loaded(Schema, environ=environ, env_prefix="").limit == 3
    assert [] == problems(Schema, environ=environ, env_prefix="")


def test_without_a_prefix_two_spellings_of_the_name_of_a_field_are_reported() -> None:
    assert [("TC502", "limit", "")] == told(Schema, environ={"limit": "1", "LIMIT": "2"}, env_prefix="")


def test_the_environment_is_ignored_unless_a_prefix_is_requested() -> None:
    assert loaded(Schema, environ={"LIMIT": "3"}).limit == 5


def test_variables_of_kubernetes_for_a_service_are_ignored_by_settings() -> None:
    class Api(BaseModel):
        port: int = 80
        service_host: str = "me"

    environ = {
        "T_PORT": "tcp://10.0.0.1:80", "T_SERVICE_HOST": "10.0.0.1", "T_SERVICE_PORT": "80", "T_SERVICE_PORT_HTTP": "80",
        "T_PORT_80_TCP": "tcp://10.0.0.1:80", "T_PORT_80_TCP_PROTO": "tcp", "T_PORT_80_TCP_ADDR": "10.0.0.1",
    }  # fmt: skip
    assert [] == problems(Api, environ=environ, env_prefix="T_")
    assert Api() == loaded(Api, environ=environ, env_prefix="T_")
    assert Api(port=81, service_host="x") == loaded(
        Api, environ={"T_PORT": "81", "T_SERVICE_HOST": "x"}, env_prefix="T_"
    )


def test_a_dotenv_file_nests_like_the_environment_with_lower_precedence() -> None:
    Path(".env").write_text("T_POOL__MAX_SIZE=5\nT_LIMIT=1\nOTHER=x\nT_WRONG=1\n")
    options: dict[str, Any] = {"env_prefix": "T_", "env_nested_delimiter": "__", "env_file": ".env"}
    model = loaded(Schema, environ={"T_LIMIT": "2"}, **options)
    assert (5, 2) == (model.pool.max_size, model.limit)
    assert [("TC501", ".env:4 T_WRONG", "")] == told(Schema, **options)


def test_a_directory_of_secrets_nests_with_or_without_the_prefix() -> None:
    Path("secrets").mkdir()
    Path("secrets/pool__max_size").write_text("5\n")
    Path("secrets/T_LIMIT").write_text("3")
    Path("secrets/tls.crt").write_text("other")
    options: dict[str, Any] = {"env_prefix": "T_", "env_nested_delimiter": "__", "secrets_dir": "secrets"}
    model = loaded(Schema, **options)
    assert (5, 3) == (model.pool.max_size, model.limit)
    assert [("TC501", "info")] == [(one.code, one.severity) for one in problems(Schema, **options)]


def test_the_forms_of_the_design_work() -> None:
    environ = {"TORI_SECTION_WEIGHTS": "title=2.5,abstract=1.4", "TORI_GENERIC_TERMS": "thing,stuff"}
    model = loaded(ToriSettings, environ=environ)
    assert (2.5, 1.4, 1.2) == tuple(model.section_weights[name] for name in ("title", "abstract", "introduction"))
    assert {"thing", "stuff"} == model.generic_terms


def test_two_spellings_of_an_alias_are_merged_across_layers() -> None:
    class Aliased(BaseModel):
        model_config = {"populate_by_name": True}
        max_size: int = Field(1, alias="maxSize")

    for name in ("T_MAX_SIZE", "T_MAXSIZE"):
        assert loaded(Aliased, "maxSize: 5", environ={name: "9"}, env_prefix="T_").max_size == 9
    assert loaded(Aliased, "max_size: 5", "maxSize: 6").max_size == 6
    assert loaded(Aliased, "maxSize: 5", "max_size: 6").max_size == 6


def test_two_spellings_in_one_file_are_a_warning_that_names_both() -> None:
    class Aliased(BaseModel):
        model_config = {"populate_by_name": True}
        max_size: int = Field(1, alias="maxSize")

    text = "max_size: 5\nmaxSize: 6"
    assert loaded(Aliased, text).max_size == 6
    (only,) = problems(Aliased, text)
    assert ("TC002", "warning", "1.yaml:1:1", "1.yaml:2:1") == (
        only.code, only.severity, str(only.origin), str(only.related[0].origin),
    )  # fmt: skip
