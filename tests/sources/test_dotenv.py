from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from toriconfig._core.tree import Tree
from toriconfig._render import render_text
from toriconfig.sources import Source
from toriconfig.sources.dotenv import MAX_BYTES, DotEnv
from toriconfig.testing import SourceContract


class TestDotEnv(SourceContract):
    @pytest.fixture(autouse=True)
    def files(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        (tmp_path / "good").write_text("TORI_A=1\n")
        (tmp_path / "broken").write_text('TORI_A="1\nTORI_B=2\n')

    def good(self) -> Source:
        return DotEnv(self.folder / "good", "TORI_")

    def broken(self) -> Source:
        return DotEnv(self.folder / "broken", "TORI_")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".env"


def load(file: Path, text: str, prefix: str = "TORI_") -> Tree:
    file.write_text(text, newline="")
    return DotEnv(".env", prefix).load()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("TORI_X=a b", "a b"),
        ("export TORI_X='a b'", "a b"),
        ('TORI_X="a\\nb"', "a\nb"),
        ("TORI_X='a\\nb'", "a\\nb"),
        ('TORI_X="a\nb"', "a\nb"),
        ("TORI_X=a # comment", "a"),
        ("TORI_X=", ""),
        ("tori_x=a", "a"),
        ("TORI_X=$HOME", "$HOME"),
        ("\ufeffTORI_X=a\r\n", "a"),
    ],
)
def test_values_are_read_by_the_format_without_interpolation(file: Path, text: str, value: str) -> None:
    tree = load(file, text)
    assert tree.flat
    assert tree.root.plain() == {"X": value}
    assert tree.problems == ()


def test_names_without_the_prefix_are_ignored(file: Path) -> None:
    assert load(file, "OTHER=1\nTORI_A=2\nOTHER").root.plain() == {"A": "2"}
    assert load(file, "OTHER=1\nTORI_A=2", "").root.plain() == {"OTHER": "1", "TORI_A": "2"}


def test_an_origin_names_file_line_and_variable(file: Path) -> None:
    tree = load(file, "# first\r\n\r\n  \nTORI_X=1\nTORI_Y='a\nb'\n\n\n   TORI_Z=3\n")
    assert [str(node.origin) for node in tree.root.value.values()] == [
        ".env:4 TORI_X",
        ".env:5 TORI_Y",
        ".env:9 TORI_Z",
    ]


def test_the_last_value_of_a_name_set_twice_counts_with_a_warning(file: Path) -> None:
    tree = load(file, "TORI_X=one\nTORI_X=two\n")
    assert tree.root.plain() == {"X": "two"}
    (problem,) = tree.problems
    assert (problem.code, problem.severity, problem.origin and problem.origin.line) == ("TC002", "warning", 2)
    assert problem.related[0].origin.line == 1


def test_two_spellings_of_a_name_are_an_error_that_names_both(file: Path) -> None:
    (problem,) = load(file, "TORI_X=one\ntori_x=two\n").problems
    assert (problem.code, problem.severity) == ("TC502", "error")
    assert "`TORI_X`" in problem.message
    assert "`tori_x`" in problem.message


def test_a_bad_line_is_a_problem_with_its_line_and_the_others_are_read(file: Path) -> None:
    tree = load(file, "TORI_A=1\n\nTORI_B 'x' = 2\nTORI_C=3\n")
    (problem,) = tree.problems
    assert (problem.code, problem.severity, problem.origin and problem.origin.line) == ("TC001", "error", 3)
    assert tree.root.plain() == {"A": "1", "C": "3"}


def test_a_bad_line_of_another_program_is_only_a_warning(file: Path) -> None:
    assert [problem.severity for problem in load(file, "if [ x ]; then\nTORI_A=1").problems] == ["warning"]


def test_a_name_without_a_value_is_a_problem(file: Path) -> None:
    (problem,) = load(file, "TORI_A\n").problems
    assert (problem.code, problem.origin and problem.origin.line) == ("TC001", 1)


@pytest.mark.parametrize(
    "text", ["TORI_A=CANARY\nTORI_A=CANARY", 'TORI_A="CANARY', "TORI_A 'CANARY", "TORI_A=1\ntori_A='CANARY\nCANARY'"]
)
def test_no_problem_shows_a_value(file: Path, text: str) -> None:
    tree = load(file, text)
    assert tree.problems
    assert "CANARY" not in repr(tree.problems)
    assert "CANARY" not in render_text(tree.problems)


def test_a_missing_file_holds_nothing_and_is_an_error_only_when_it_is_required(file: Path) -> None:
    tree = DotEnv(".env", "TORI_").load()
    assert (tree.root.plain(), tree.problems) == ({}, ())
    assert [problem.code for problem in DotEnv(".env", "TORI_", required=True).load().problems] == ["TC006"]


def test_a_file_that_is_not_readable_text_is_a_problem(file: Path) -> None:
    file.write_bytes(b"TORI_A=1\nTORI_B=\xff\n")
    (problem,) = DotEnv(".env", "TORI_").load().problems
    assert (problem.code, problem.origin and problem.origin.line) == ("TC003", 2)
    file.write_bytes(b"#" * (MAX_BYTES + 1))
    assert [problem.code for problem in DotEnv(".env", "TORI_").load().problems] == ["TC004"]
    file.unlink()
    os.mkfifo(file)
    assert [problem.code for problem in DotEnv(".env", "TORI_").load().problems] == ["TC003"]


def test_the_parser_is_imported_by_the_first_load_and_logging_not_by_the_module() -> None:
    program = "import sys, toriconfig.sources.dotenv; print({'dotenv', 'logging', 'difflib', 'asyncio', 'pydantic'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60).stdout
    assert out.strip() == "set()"
