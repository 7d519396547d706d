"""A value of any type that `show` writes reads back to the same value: YAML, JSON and variables."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import BaseModel, ImportString, SecretStr, create_model

from support.command import Toriconfig
from test_same_as_pydantic_settings import CASES, bare, case_name
from toriconfig import SettingsConfigDict, load
from toriconfig._inspect.effective import leaves
from toriconfig._load.attempt import try_load
from toriconfig._load.snapshot import Recipe
from toriconfig.cli._write import as_env, as_json, as_yaml


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Base(BaseModel):
    model_config = SettingsConfigDict(env_prefix="A_", env_nested_delimiter="__")


def back(style: str, found: Any, schema: Any) -> Any:
    """The settings that are read from the output of `show`; None if it writes only a comment."""
    if style == "env":
        text = as_env(found, schema, origins=False)
        Path(".env").write_text(text)
        return None if text.startswith("#") else load(schema, environ={}, env_file=".env")
    file = f"c.{style}"
    Path(file).write_text((as_yaml if style == "yaml" else as_json)(found, origins=False))
    return load(schema, environ={}, config_files=[file])


NOT_THE_SAME = {("int | float", "1e3", "env")}
"""pydantic reads the text `1000.0` as an integer there."""

SHOWN = [case for case in CASES if case[0] is not SecretStr]
"""The value of a `SecretStr` is not shown."""


@pytest.mark.parametrize("style", ["yaml", "json", "env"])
@pytest.mark.parametrize(("annotation", "environs"), SHOWN, ids=case_name)
def test_shown_settings_read_back_to_the_same_values(
    annotation: Any, environs: list[dict[str, str]], style: str
) -> None:
    schema: Any = create_model("Schema", __base__=Base, v=(annotation, ...))
    different: list[Any] = []
    for environ in environs:
        loaded = try_load(Recipe(schema, {}, environ=environ)).loaded
        if loaded is None or (str(annotation), environ.get("A_V"), style) in NOT_THE_SAME:
            continue
        model: Any = loaded.model
        again = back(style, list(leaves(loaded)), schema)
        if again is not None and bare(again.v) != bare(model.v):
            different.append((environ, model.v, again.v))
    assert different == []


SCHEMA = """
from typing import Any, cast
from pydantic import BaseModel, ImportString, Json
from toriconfig import SettingsConfigDict
class Texts(BaseModel):
    model_config = SettingsConfigDict(config_name="j")
    one: Json[list[int]] | None = None
    two: dict[str, Json[Any]] = {}
    three: list[Json[int]] = []
    cos: ImportString[Any] = "math.sin"
    pi: ImportString[Any] = "math.pi"
"""
SAID = """\
one: "[1]"
two:
  a: "{\\"b\\": [1.5, null]}"
  c: "\\"$${x}\\""
three: ["1", "2"]
cos: math.cos
pi: math.pi
"""


def test_types_that_are_read_from_text_are_shown_as_that_text(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "texts.py").write_text(SCHEMA)
    (tmp_path / "j.yaml").write_text(SAID)
    shown = toriconfig("show", "--settings", "texts:Texts")
    assert (0, SAID) == (shown.code, shown.out)
    assert toriconfig("check", "--settings", "texts:Texts").code == 0


@pytest.mark.parametrize("annotation", [dict[Any, Any], dict[int | str, Any], dict[str, Any], Any], ids=str)
@pytest.mark.parametrize("yaml", ["{1: a, '2': b, 0.5: c, x: {3: d}}", "{x: [{1: a}]}"])
def test_keys_of_mappings_are_shown_with_their_type(annotation: Any, yaml: str) -> None:
    schema: Any = create_model("Schema", __base__=Base, v=(annotation, ...))
    said = yaml if annotation != dict[int | str, Any] else yaml.replace("0.5: c, ", "")
    Path("first.yaml").write_text(f"v: {said}\n")
    loaded = try_load(Recipe(schema, {"config_files": ["first.yaml"]}, environ={})).loaded
    assert loaded is not None
    found, model = list(leaves(loaded)), cast(Any, loaded.model)
    assert bare(model.v) == bare(back("yaml", found, schema).v)
    again = back("env", found, schema)
    assert again is None or bare(model.v) == bare(again.v)


def test_an_object_of_code_is_shown_by_its_import_path() -> None:
    schema: Any = create_model("Schema", __base__=Base, f=(ImportString, ...))
    loaded = try_load(Recipe(schema, {}, environ={}, overrides={"f": math.cos})).loaded
    assert loaded is not None
    made: Any = back("yaml", list(leaves(loaded)), schema)
    assert math.cos is made.f
