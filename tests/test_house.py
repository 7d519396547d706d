"""The house rules that tools can check: lint, format, types, and imports between packages."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

HOUSE = Path(__file__).parent.parent
CHECKS = {
    "ruff finds nothing": ["ruff", "check"],
    "ruff would format nothing otherwise": ["ruff", "format", "--check"],
    "mypy finds nothing in strict mode": ["mypy", "--no-error-summary", "toriconfig", "tests", "examples"],
    "pyright finds nothing": ["pyright", "--pythonpath", sys.executable],
    "every import points downwards": ["lint-imports", "--no-cache"],
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("check", CHECKS)
def test_house(check: str) -> None:
    tool, *arguments = CHECKS[check]
    command = [str(Path(sys.executable).parent / tool), *arguments]
    environ = {**os.environ, "PYTHONPATH": str(HOUSE)}
    done = subprocess.run(command, cwd=HOUSE, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{tool} {' '.join(arguments)}\n{done.stdout}{done.stderr}"


INDIRECT = {"What", "Whether", "How", "Where", "Who", "Why", "When", "Which", "That", "Whatever"}


def test_no_docstring_opens_with_an_indirect_question() -> None:
    """A summary is a verb phrase or a noun phrase: "True if ...", and not "Whether ..."."""
    found = []
    for file in [*HOUSE.glob("toriconfig/**/*.py"), *HOUSE.glob("examples/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                words = (ast.get_docstring(node) or "").split(maxsplit=1)
                if words and words[0].rstrip(",") in INDIRECT:
                    found.append(f"{file.relative_to(HOUSE)}:{getattr(node, 'lineno', 1)}")
    assert [] == found


UNPLAIN = re.compile(
    r"\b(nobody|somebody|anybody|whoever|hears?|heard|lest|ere|all the same|anew|told|tells?|says?|said|speaks?|for ever)\b(?![:`])"
)


def test_no_docstring_has_an_idiom_or_personifies_code() -> None:
    found = []
    for file in HOUSE.glob("toriconfig/**/*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                words = {match.group() for match in UNPLAIN.finditer(ast.get_docstring(node) or "")}
                if words:
                    found.append(f"{file.relative_to(HOUSE)}:{getattr(node, 'lineno', 1)}: {', '.join(sorted(words))}")
    assert [] == found


def test_no_file_is_longer_than_400_lines_or_has_a_meaningless_name() -> None:
    large, nameless = [], []
    for file in [*HOUSE.glob("toriconfig/**/*.py"), *HOUSE.glob("tests/**/*.py"), *HOUSE.glob("examples/**/*.py")]:
        if len(file.read_text().splitlines()) > 400:
            large.append(str(file.relative_to(HOUSE)))
        if file.stem.strip("_") in {"util", "utils", "helper", "helpers", "common", "misc", "manager", "base"}:
            nameless.append(str(file.relative_to(HOUSE)))
    assert ([], []) == (large, nameless)


@pytest.mark.parametrize("room", ["toriconfig._runtime", "toriconfig._secrets", "toriconfig._vault"])
def test_no_modules_of_a_room_import_each_other_in_a_circle(room: str) -> None:
    """Imports for the type checker count too."""
    graph = grimp.build_graph("toriconfig", cache_dir=None)
    left = {module for module in graph.modules if module == room or module.startswith(f"{room}.")}
    assert len(left) > 9
    while leaves := {
        module for module in left if not graph.find_modules_directly_imported_by(module) & left - {module}
    }:
        left -= leaves
    assert set() == left


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (False, {"_schema.annotations _schema.shape"}),
        (
            True,
            {
                "_schema.annotations _schema.shape _schema.unions",
                "rotation._run rotation._stopped",
                (
                    "rotation._accepted rotation._age rotation._engine_rotation rotation._rollback rotation._rotation "
                    "rotation._status rotation._what_works"
                ),
            },
        ),
    ],
    ids=["at run time", "for type checkers"],
)
def test_no_modules_import_each_other_but_the_recursive_ones_of_a_folder(types: bool, expected: set[str]) -> None:
    """A shape contains shapes; a rotation is passed to the functions that it calls. All else is a line, not a circle."""
    graph = grimp.build_graph("toriconfig", exclude_type_checking_imports=not types, cache_dir=None)
    above = {one: graph.find_upstream_modules(one) for one in graph.modules}
    circles = {frozenset({one, *(other for other in above[one] if one in above[other])}) for one in graph.modules}
    assert expected == {
        " ".join(sorted(name.removeprefix("toriconfig.") for name in circle)) for circle in circles if len(circle) > 1
    }
