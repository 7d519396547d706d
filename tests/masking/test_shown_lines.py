"""Only lines that are shown are masked, and what stands far from them still counts."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.work import work
from toriconfig._masking import frames, reach
from toriconfig._masking.frames import Masked
from toriconfig._masking.sensitive import Sensitive
from toriconfig._secret import MASK

BELOW = ['name: "some, text"'] * 4000


def test_lines_below_the_one_shown_cost_nothing() -> None:
    lines = ["a: 1", "b: [1", "c: 2"]
    Masked([*lines, "c: 3"]).line(3)  # fills what is kept of names that were judged once
    little = work(lambda: Masked([*lines, "c: 3"]).line(3))
    assert little == work(lambda: Masked(lines + BELOW).line(3))


def test_asking_line_by_line_costs_twice_as_much_as_asking_for_the_last() -> None:
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


def test_below_more_text_than_is_followed_everything_is_masked() -> None:
    lines = ['name: "a, b"'] * (reach._MOST_READ // 12 + 10)
    assert MASK == Masked(lines).line(len(lines))
    assert 'name: "a, b"' == Masked(lines).line(3)


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
def test_the_short_way_through_plain_lines_decides_what_the_long_way_does(lines: list[str]) -> None:
    def cuts() -> list[int]:
        sensitive = Sensitive({"nets_x", "db"}, sections={"nets"}, plain={"host"})
        return reach.yaml_cuts(lines, sensitive, frozenset({"a"}))

    short = cuts()
    with patch.object(reach._Walk, "_is_plain", lambda _self, _text: False):
        assert short == cuts()
