"""A `.env` file of any text is read in time that grows as the text does, and as python-dotenv reads it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from dotenv.parser import parse_stream
from hypothesis import given
from hypothesis import strategies as st

from toriconfig.sources.dotenv import MAX_LINES, DotEnv
from toriconfig.sources.dotenv_lines import bindings

SIZE = 1_000_000
PIECES = [
    "A",
    "=",
    "#",
    " ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    '"',
    "'",
    "\\",
    "b",
    "export ",
    "\x0c",
    "\u2028",
    "\ufeff",
    "${",
]


@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
def test_names_and_values_are_those_of_python_dotenv(text: str) -> None:
    assert [binding for _, binding in bindings(text)] == list(parse_stream(StringIO(text)))


@pytest.mark.parametrize("white", [" ", "\t", "\x0c", "\u2003", " \t"])
def test_white_space_in_a_value_is_read_once_and_not_from_each_of_its_characters(white: str) -> None:
    (only,) = bindings(f"T_A=a{white * SIZE}b{white * SIZE}# c")
    assert f"a{white * SIZE}b" == only[1].value


def test_lines_are_counted_as_editors_count_them(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("\x0c\u2028T_A=a\x0cb\u2028c\r\rT_B\n".encode())
    tree = DotEnv(tmp_path / ".env", "T_").load()
    assert 1 == tree.root.value["A"].origin.line
    assert [3] == [problem.origin.line for problem in tree.problems if problem.origin]
    assert "T_B" == (tree.lines or [])[2]


def test_a_file_of_more_lines_than_any_env_file_has_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("T_A=1\n" * (MAX_LINES + 1))
    (only,) = DotEnv(tmp_path / ".env", "T_").load().problems
    assert ("TC004", "at most 50,000 lines") == (only.code, only.expected)


def test_a_variable_that_is_not_set_is_reported_once_for_a_value(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("T_A=${NOT}${NOT}${OTHER:-x}${NOT}\n")
    assert ["TC304"] == [problem.code for problem in DotEnv(tmp_path / ".env", "T_").load().problems]
