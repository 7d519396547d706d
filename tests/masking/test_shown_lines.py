"""Only lines that are shown are masked, and what stands far from them still counts."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.work import work
from toriconfig._core.mask import MASK
from toriconfig._masking import frames, reach
from toriconfig._masking.frames import Masked
from toriconfig._masking.sensitive import Sensitive

BELOW = ['name: "some, text"'] * 4000


def test_lines_below_the_one_shown_cost_nothing() -> None:
    lines = ["a: 1", "b: [1", "c: 2"]
    Masked([*lines, "c: 3"]).line(3)  # fills what is kept of names that were judged once
    little = work(lambda: Masked([*lines, "c: 3"]).line(3))
    assert little == work(lambda: Masked(lines + BELOW).line(3))


def test_requesting_each_line_costs_twice_as_much_as_requesting_the_last() -> None:
    def by_line() -> None:
        masked = Masked(BELOW[:400])
        for number in range(1, 401):
            masked.line(number)

    assert work(by_line) < 3 * work(lambda: Masked(BELOW[:400]).line(400))


@pytest.mark.parametrize("between", [0, 3000, frames._FAR + 10])
def test_an_anchor_that_a_secret_uses_far_below_is_masked(between: int) -> None:
    lines = ["x: &a HUNTER", "b: [1", *["name: 1"] * between, "password: *a"]
    assert f"x: &a {MASK}" == Masked(lines).line(1)


def test_an_anchor_that_a_plain_key_uses_below_is_shown() -> None:
    assert "x: &a shown" == Masked(["x: &a shown", "b: [1", *["name: 1"] * 50, "host: *a"]).line(1)


@pytest.mark.parametrize("above", [10, 3000])
def test_a_secret_that_began_far_above_is_masked(above: int) -> None:
    lines = ["private_key: |", *["  HUNTER and more"] * above, "host: shown"]
    masked = Masked(lines)
    assert MASK in masked.line(above)
    assert "HUNTER" not in masked.line(above)
    assert "host: shown" == masked.line(above + 2)


def test_everything_below_too_much_text_is_masked() -> None:
    lines = ['name: "a, b"'] * (reach._MOST_READ // 12 + 10)
    assert MASK == Masked(lines).line(len(lines))
    assert 'name: "a, b"' == Masked(lines).line(3)


def most_held(call: Callable[[], object]) -> int:
    """The bytes that a call holds at its highest point."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


LONG = {
    "quoted words": "x: '" + "a b " * 500_000,
    "quotes": "x: '" + "''" * 1_000_000,
    "escapes": 'x: "' + "\\n" * 1_000_000,
    "brackets": "x: " + "[a, " * 500_000,
    "references": "x: '" + "${" * 1_000_000,
    "secrets": "x: {" + "token: 'a'," * 200_000,
}


@pytest.mark.parametrize("long", LONG.values(), ids=LONG)
def test_a_line_beyond_the_limit_takes_no_memory(long: str) -> None:
    masked = Masked(["n: q", long, "password: hunter2"])
    assert 5_000_000 > most_held(lambda: masked.line(1))
    assert "n: q" == masked.line(1)
    assert [MASK] * 2 == [masked.line(2), masked.line(3)]


@pytest.mark.parametrize("unit", ["a", "\\n", "a b"])
@pytest.mark.parametrize("quote", "'\"")
def test_following_a_quote_in_an_env_file_does_not_store_each_character(quote: str, unit: str) -> None:
    lines = ["A=1", f"B={quote}" + unit * 300_000, f"c{quote}", "C=2"]
    assert 5_000_000 > most_held(lambda: reach.dotenv_cuts(lines))
    assert [2, 2, 0, 2] == reach.dotenv_cuts(lines)


PIECES = [
    *("password", "token", "host", "nets", "db", "x", "sk-abc", "hvs.x", "bearer abcdefg", "ghp_xyz", "é", "1"),
    *(
        ":",
        ": ",
        " ",
        "  ",
        "- ",
        "-",
        "'",
        '"',
        "{",
        "}",
        "[",
        "]",
        "|",
        ">",
        "#",
        "&a",
        "*a",
        "=",
        "@",
        "?",
        "\\",
        ",",
    ),
    *("---", "...", "-----BEGIN", "-----END", "\t", "a.b"),
]


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=7).map("".join), max_size=6))
def test_the_fast_path_for_plain_lines_agrees_with_the_full_scan(lines: list[str]) -> None:
    def cuts() -> list[int]:
        sensitive = Sensitive({"nets_x", "db"}, sections={"nets"}, plain={"host"})
        return reach.yaml_cuts(lines, sensitive, frozenset({"a"}))

    short = cuts()
    with patch.object(reach._Walk, "_is_plain", lambda _self, _text: False):
        assert short == cuts()
