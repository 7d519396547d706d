"""The corpus of `tests/sources/yaml`: valid texts have the values of the core schema, invalid ones a place."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from toriconfig.sources.read_file import Limits
from toriconfig.sources.yaml.documents import FASTEST, Parser, pure_python, read_documents

CORPUS = Path(__file__).parent
SIGNS = str.maketrans({"→": "\t", "␠": " ", "␍": "\r"})


class Case(NamedTuple):
    name: str
    text: str
    documents: list[Any]
    errors: list[str]
    hints: list[str]


def cases() -> Iterator[Case]:
    for file in sorted(CORPUS.glob("*.cases")):
        for part in file.read_bytes().decode().split("=== ")[1:]:
            name, *lines = part.split("\n")
            text = "\n".join(line for line in lines if not line.startswith(("-->", "--!", "--?")))
            text = text.split("∎")[0] if "∎" in text else text
            yield Case(
                f"{file.stem}: {name}",
                text.translate(SIGNS),
                [json.loads(line[4:]) for line in lines if line.startswith("-->")],
                [line[4:] for line in lines if line.startswith("--!")],
                [line[4:] for line in lines if line.startswith("--?")],
            )


def read(text: str, parser: Parser = FASTEST) -> tuple[list[Any], list[str], list[str]]:
    trees = read_documents(text.encode(), "files", "f", Limits(), parser)
    problems = [problem for tree in trees for problem in tree.problems]
    places = [(problem, f"{problem.origin}".removeprefix("f:")) for problem in problems]
    errors = [f"{problem.code} {place}" for problem, place in places if problem.severity == "error"]
    hints = [place for problem, place in places if problem.severity == "info"]
    return [tree.root.plain() for tree in trees] or [{}], errors, hints


def same(left: Any, right: Any) -> bool:
    """Equal in value and type: 1 is not 1.0, nor True; NaN is NaN."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right or (isinstance(left, float) and math.isnan(left) and math.isnan(right))


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases()])
def test_a_text_of_the_corpus_is_read_by_the_core_schema(case: Case) -> None:
    documents, errors, hints = read(case.text)
    assert (case.errors, case.hints) == (errors, hints)
    assert same(case.documents, documents), documents


# PyYAML's own parser refuses tabs and comments in a few places where libyaml takes them.
ALIKE = [case for case in cases() if not case.errors and "\t" not in case.text and "libyaml" not in case.name]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in ALIKE])
def test_the_parser_in_pure_python_gives_the_same_trees(case: Case) -> None:
    documents, errors, hints = read(case.text, pure_python)
    assert ([], case.hints) == (errors, hints)
    assert same(case.documents, documents), documents


# It passes over directives that it does not know, and takes half a surrogate pair, and so a whole one, for characters.
TAKEN = ("directive that is not known", "a later version of YAML", "half a surrogate pair", "beside private characters")
TOLD = [case for case in cases() if case.errors and not case.name.endswith(TAKEN)]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in TOLD])
def test_the_pure_python_parser_reports_errors_too(case: Case) -> None:
    assert read(case.text, pure_python)[1]
