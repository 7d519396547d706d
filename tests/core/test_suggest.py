from __future__ import annotations

import subprocess
import sys

import pytest

from toriconfig._core.suggest import near, near_all, sure


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("max_szie", "max_size"),
        ("max-size", "max_size"),
        ("MAX_SIZE", "max_size"),
        ("timout", "timeout"),
        ("zzz", None),
    ],
)
def test_the_nearest_name_is_found_regardless_of_dashes_and_case(word: str, meant: str | None) -> None:
    assert near(word, ["min_size", "max_size", "timeout"]) == meant


def test_names_are_returned_in_their_spelling_most_similar_first() -> None:
    assert near_all("max_size", ["Max-Sizes", "MAX_SIZE", "host"]) == ["MAX_SIZE", "Max-Sizes"]


def test_no_candidates_mean_no_suggestion() -> None:
    assert near("word", []) is None


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("max_szie", ["min_size", "max_size"], "max_size"),
        ("Max-Size", ["min_size", "max_size"], "max_size"),
        ("siz", ["size"], "size"),
        ("sizee", ["size"], "size"),
        ("sixe", ["size"], "size"),
        ("sz", ["size"], None),
        ("sie", ["size", "side"], None),
        ("xz", ["xy"], None),
        ("phase2", ["phase1"], None),
        ("phas1", ["phase1"], "phase1"),
        ("size", ["zise"], None),
        ("", ["a"], None),
    ],
)
def test_a_word_one_typo_away_from_a_single_name_is_certain(word: str, known: list[str], meant: str | None) -> None:
    assert sure(word, known) == meant


def test_difflib_is_imported_by_the_first_typo_and_not_before() -> None:
    program = "import sys, toriconfig._core.suggest as n; before = 'difflib' in sys.modules; n.near('a', ['ab']); print(before, 'difflib' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60).stdout
    assert out.split() == ["False", "True"]
