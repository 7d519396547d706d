"""An empty variable of a section beside variables below it: the variables below count, for both base classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from toriconfig import ConfigError, Settings, load


class Section(BaseModel):
    token: str = "default"


def app(base: type[BaseModel], annotation: Any, default: Any) -> type[Any]:
    return type("App", (base,), {"__annotations__": {"sub": annotation}, "sub": default, "__module__": __name__})


@pytest.mark.parametrize("base", [BaseModel, Settings])
@pytest.mark.parametrize(("annotation", "default"), [(Section, Section()), (Section | None, None)])
def test_an_empty_variable_does_not_hide_the_variables_below_it(
    base: type[BaseModel], annotation: Any, default: Any
) -> None:
    variables = {"A_SUB": "", "A_SUB__TOKEN": "x"}
    found = load(app(base, annotation, default), environ=variables, env_prefix="A_", env_nested_delimiter="__")
    assert "x" == found.sub.token


class Outer(BaseModel):
    inner: Section | None = None


@pytest.mark.parametrize("base", [BaseModel, Settings])
@pytest.mark.parametrize("names", [("A_SUB__INNER", "A_SUB__INNER__TOKEN"), ("A_SUB__INNER__TOKEN", "A_SUB__INNER")])
def test_an_empty_variable_of_a_nested_section_hides_nothing_in_any_order(
    base: type[BaseModel], names: tuple[str, str]
) -> None:
    variables = {name: "x" if name.endswith("TOKEN") else "" for name in names}
    found = load(app(base, Outer, Outer()), environ=variables, env_prefix="A_", env_nested_delimiter="__")
    assert Section(token="x") == found.sub.inner


@pytest.mark.parametrize("base", [BaseModel, Settings])
def test_an_empty_line_of_a_dotenv_file_does_not_hide_the_lines_below_it(base: type[BaseModel], tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A_SUB=\nA_SUB__TOKEN=x\n")
    options: dict[str, Any] = {"env_file": file, "env_prefix": "A_", "env_nested_delimiter": "__"}
    assert "x" == load(app(base, Section | None, None), environ={}, **options).sub.token


@pytest.mark.parametrize("base", [BaseModel, Settings])
def test_an_empty_variable_alone_leaves_an_optional_section_off(base: type[BaseModel]) -> None:
    found = load(app(base, Section | None, None), environ={"A_SUB": ""}, env_prefix="A_", env_nested_delimiter="__")
    assert found.sub is None


@pytest.mark.parametrize("kind", [int, float, bool, int | None])
def test_an_empty_variable_of_a_number_is_reported_as_empty(kind: Any) -> None:
    schema: Any = type("App", (BaseModel,), {"__annotations__": {"n": kind}, "n": 1, "__module__": __name__})
    with pytest.raises(ConfigError) as caught:
        load(schema, environ={"A_N": ""}, env_prefix="A_")
    (only,) = caught.value.problems
    assert "A_N is empty: give it a value or unset it, or set the option `env_ignore_empty`" == only.help
