"""Variables that name a file, folders with nested names, `.env` files with `${NAME}`, keys that begin with `x-`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from support.loading import problems
from support.one_field import BASES, PREFIX, value
from toriconfig import ConfigError, Secret, Settings, SettingsConfigDict, explain, load
from toriconfig._inspect.json_schema import schema_of_files

SUFFIX: dict[str, Any] = {"file_suffix": "_FILE", **PREFIX}


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=BASES)
def base(request: pytest.FixtureRequest) -> type[BaseModel]:
    return BASES[request.param]


class Sub(BaseModel):
    token: str = "none"
    ports: list[int] = []


@pytest.mark.parametrize(
    ("annotation", "text", "expected"), [(int, "9\n", 9), (str, "a b\n", "a b"), (list[int], "1,2", [1, 2])]
)
@pytest.mark.parametrize("layer", ["environment", ".env"])
def test_a_variable_with_the_suffix_names_the_file_of_its_value(
    base: type[BaseModel], layer: str, annotation: Any, text: str, expected: Any
) -> None:
    Path("v.txt").write_text(text)
    Path(".env").write_text("A_V_FILE=v.txt\n" if layer == ".env" else "")
    given = {"A_V_FILE": "v.txt"} if layer == "environment" else {}
    assert expected == value(base, annotation, **SUFFIX, env_file=".env", file_roots=["."], **given)


OUTSIDE = {
    "no folder is declared": ("v.txt", []),
    "outside of the folder": ("../outside/v.txt", ["inside"]),
    "by a whole path": ("{here}/outside/v.txt", ["inside"]),
    "by a link in the folder": ("link", ["inside"]),
}


@pytest.mark.parametrize("case", OUTSIDE)
def test_an_env_file_puts_no_file_outside_the_declared_folders_into_a_plain_field(
    base: type[BaseModel], case: str
) -> None:
    for folder in ("inside", "outside"):
        Path(folder).mkdir()
    for file in ("v.txt", "outside/v.txt"):
        Path(file).write_text("what the file holds")
    Path("inside/link").symlink_to("../outside/v.txt")
    name, roots = OUTSIDE[case]
    Path(".env").write_text(f"A_V_FILE={name.format(here=Path.cwd())}\n")
    with pytest.raises(ConfigError) as caught:
        value(base, str, "", **SUFFIX, env_file=".env", file_roots=roots)
    assert [("TC305", ".env:1 A_V_FILE")] == [(one.code, str(one.origin)) for one in caught.value.problems]
    assert "in the environment" in caught.value.problems[0].help


def test_an_env_file_may_name_the_file_of_a_secret_in_any_folder(base: type[BaseModel]) -> None:
    class Schema(base):  # type: ignore[valid-type, misc]
        model_config = SettingsConfigDict(renamed={"key": "token"})
        token: Secret[str]

    Path("t").write_text("t0k3n\n")
    for name in ("TOKEN", "KEY"):
        Path(".env").write_text(f"A_{name}_FILE=t\n")
        assert "t0k3n" == load(Schema, environ={}, env_file=".env", **SUFFIX).token.get()


def test_the_file_of_a_nested_key_and_of_a_secret_is_read(base: type[BaseModel]) -> None:
    class Schema(base):  # type: ignore[valid-type, misc]
        sub: Sub = Sub()
        token: Secret[str]

    Path("t").write_text("t0k3n\n")
    made = load(Schema, environ={"A_SUB__TOKEN_FILE": "t", "A_TOKEN_FILE": "t"}, **SUFFIX)
    assert ("t0k3n", "t0k3n") == (made.sub.token, made.token.get())
    assert "t" == explain(made, "sub.token").origin.source


def test_without_the_option_the_suffix_means_nothing(base: type[BaseModel]) -> None:
    Path("v.txt").write_text("9")
    assert value(base, int, 0, A_V_FILE="v.txt") == 0


def test_without_the_option_the_warning_names_it() -> None:
    class Schema(BaseModel):
        v: int = 0

    (problem,) = problems(Schema, environ={"A_V_FILE": "v.txt"}, **PREFIX)
    assert "TC501" == problem.code
    assert 'file_suffix="_FILE"' in problem.help


def test_a_field_of_that_name_comes_first() -> None:
    class Schema(BaseModel):
        log: str = "-"
        log_file: str = "-"

    made = load(Schema, environ={"A_LOG_FILE": "/var/log/app"}, **SUFFIX)
    assert ("-", "/var/log/app") == (made.log, made.log_file)


def test_a_missing_file_is_an_error_at_the_variable(base: type[BaseModel]) -> None:
    with pytest.raises(ConfigError) as caught:
        value(base, int, 0, **SUFFIX, A_V_FILE="nowhere")
    assert [("TC006", "A_V_FILE")] == [(one.code, str(one.origin)) for one in caught.value.problems]


def test_a_value_and_a_file_for_the_same_key_are_an_error() -> None:
    class Schema(BaseModel):
        v: int = 0

    Path("v.txt").write_text("9")
    found = problems(Schema, environ={"A_V": "1", "A_V_FILE": "v.txt"}, **SUFFIX)
    assert ["TC502"] == [one.code for one in found]


def test_secret_files_nest_by_their_names(base: type[BaseModel]) -> None:
    Path("s").mkdir()
    Path("s/a_v__token").write_text("t\n")
    Path("s/v__ports").write_text("1,2\n")
    found = value(base, Sub, Sub(), secrets_dir="s")
    assert ("t", [1, 2]) == (found.token, found.ports)


def test_a_nested_secret_file_overrides_that_of_the_whole_section(base: type[BaseModel]) -> None:
    Path("s").mkdir()
    Path("s/a_v").write_text('{"token": "whole", "ports": [3]}')
    Path("s/a_v__token").write_text("t\n")
    found = value(base, Sub, Sub(), secrets_dir="s")
    assert ("t", [3]) == (found.token, found.ports)


DOTENV = {
    "a name above": ("A_USER=bob\nA_V=pg://${A_USER}@h\n", "pg://bob@h"),
    "a name without the prefix": ("USER=bob\nA_V=${USER}\n", "bob"),
    "a variable": ("A_V=${WHO}!\n", "ann!"),
    "the file before the environment": ("WHO=bob\nA_V=${WHO}\n", "bob"),
    "a default": ("A_V=${NOBODY:-x}\n", "x"),
    "nothing": ("A_V=-${NOBODY}-\n", "--"),
    "no braces": ("A_V=$WHO\n", "$WHO"),
    "a dollar that is spelt as a default": ("A_V=${:-$}{WHO}\n", "${WHO}"),
}


@pytest.mark.parametrize("case", DOTENV)
def test_a_name_in_braces_means_the_same_in_dotenv_files_of_every_base_class(base: type[BaseModel], case: str) -> None:
    text, expected = DOTENV[case]
    Path(".env").write_text(text)
    assert expected == value(base, str, env_file=".env", unknown_keys="ignore", WHO="ann")


def test_a_name_in_braces_that_nothing_sets_is_a_warning() -> None:
    class Schema(BaseModel):
        v: str = ""

    Path(".env").write_text("OTHER=${NOBODY}\nA_V=${NOBODY}\n")
    (problem,) = problems(Schema, environ={}, env_file=".env", **PREFIX)
    assert ("TC304", "warning", ".env:2 A_V") == (problem.code, problem.severity, str(problem.origin))


ANCHORED = "x-base: &b {token: q}\nv: *b\n"


def test_extension_keys_are_a_home_for_anchors(base: type[BaseModel]) -> None:
    Path("c.yaml").write_text(ANCHORED)
    assert "q" == value(base, Sub, config_name="c", extension_keys=True).token


def test_without_the_option_an_extension_key_is_unknown_and_the_option_is_named() -> None:
    class Schema(BaseModel):
        v: Sub = Sub()

    Path("c.yaml").write_text(ANCHORED)
    (problem,) = problems(Schema, environ={}, config_name="c")
    assert "TC101" == problem.code
    assert "extension_keys=True" in problem.help


def test_only_keys_on_top_of_files_are_extensions() -> None:
    class Schema(BaseModel):
        v: Sub = Sub()

    Path("c.yaml").write_text("v: {x-a: 1}\n")
    options: dict[str, Any] = {"config_name": "c", "extension_keys": True, "environ": {}}
    assert ["v.x-a"] == [one.path for one in problems(Schema, **options)]
    with pytest.raises(ConfigError):
        load(Schema, environ={}, overrides={"x-a": 1}, extension_keys=True)


def test_the_json_schema_allows_extension_keys_with_the_option() -> None:
    class Schema(Settings):
        model_config = SettingsConfigDict(extension_keys=True)

    assert "^x-" in json.loads(json.dumps(schema_of_files(Schema)))["patternProperties"]
