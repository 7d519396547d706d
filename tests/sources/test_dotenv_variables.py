"""Variables in the values of a `.env` file: the rules of python-dotenv, in bounded time and text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv.variables import Literal, parse_variables
from hypothesis import given
from hypothesis import strategies as st

from toriconfig import ConfigError, SettingsConfigDict, load
from toriconfig.sources.dotenv import LARGEST_EXPANDED, DotEnv
from toriconfig.sources.dotenv_variables import Variable, expanded, parts

SIZE = 300_000


def theirs(text: str) -> Iterator[str | Variable]:
    for atom in parse_variables(text):
        if isinstance(atom, Literal):
            yield atom.value
        else:
            yield Variable(getattr(atom, "name"), getattr(atom, "default"))  # noqa: B009 - their class has no types


@given(st.text(alphabet="${}:-A\n ", max_size=24))
def test_variables_are_found_where_python_dotenv_finds_them(text: str) -> None:
    assert list(parts(text)) == list(theirs(text))


@pytest.mark.parametrize(
    "text",
    ["${A" * SIZE, "${A" * SIZE + ":x}", "${A:-" * SIZE, "${" * SIZE + "}", "${A:" * SIZE + "}"],
    ids=["open names", "a colon at the end", "open defaults", "braces", "colons"],
)
def test_a_value_of_many_open_references_is_read_without_looking_at_its_rest_for_each(text: str) -> None:
    assert "".join(part if isinstance(part, str) else f"${{{part.name}}}" for part in parts(text)).startswith("${")


def test_an_open_reference_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("T_B=1\nT_A=${T_B}-${T_B\n")
    assert "1-${T_B" == DotEnv(tmp_path / ".env", "T_").load().root.value["A"].value


def test_text_beyond_the_limit_is_not_built() -> None:
    assert "aaaa" == expanded([Variable("A"), Variable("A")], {"A": "aa"}, 4)
    assert expanded([Variable("A"), Variable("A")], {"A": "aa"}, 3) is None


def test_values_that_double_with_each_line_are_an_error_that_names_the_line(tmp_path: Path) -> None:
    from pydantic import BaseModel

    class App(BaseModel):
        model_config = SettingsConfigDict(env_prefix="T_", unknown_keys="ignore")

    lines = ["T_V0=aaaaaaaaaa", *(f"T_V{at}=${{T_V{at - 1}}}${{T_V{at - 1}}}" for at in range(1, 60))]
    (tmp_path / ".env").write_text("\n".join(lines))
    with pytest.raises(ConfigError) as caught:
        load(App, env_file=tmp_path / ".env", environ={})
    problem = caught.value.problems[0]
    assert ("TC004", 21) == (problem.code, problem.origin.line if problem.origin else 0)
    assert f"{LARGEST_EXPANDED >> 20} MiB" in problem.message
