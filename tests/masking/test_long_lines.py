"""Hostile lines: masking one costs at most a small multiple of a harmless line of the same length."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from toriconfig._core.mask import MASK
from toriconfig._masking.frames import Masked, mask_line
from toriconfig._masking.sensitive import scrub
from toriconfig._masking.shown import conceals

LENGTH = 100_000
LONG = ", ".join(f"word number {number}" for number in range(LENGTH // 18))
HARMLESS = f"a: [{LONG}]"


def effort(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


@pytest.mark.parametrize(
    "part",
    [
        "[",
        "1,",
        "*b, ",
        " #",
        "a:",
        ":",
        "://",
        "a:b@",
        "eyJ-",
        "{password: ",
        ", password: x",
        "a",
        "'",
        '"\\',
        " |",
        "basic ",
        ": a ",
        "{: } x",
        "'x' ",
        "}",
    ],
)
def test_a_hostile_line_costs_no_more_than_a_harmless_one(part: str) -> None:
    hostile = part * (LENGTH // len(part))
    bound = 30 * (effort(lambda: mask_line(HARMLESS)) + effort(lambda: scrub(HARMLESS)))
    assert effort(lambda: mask_line(f"a: {hostile}")) < bound
    assert effort(lambda: mask_line(f"password: {{a: {hostile}")) < bound
    assert effort(lambda: mask_line(f"password: {{a: {' ' * LENGTH}{hostile}")) < 2 * bound
    assert effort(lambda: mask_line(f"password{hostile}")) < bound
    assert effort(lambda: scrub(hostile)) < bound
    assert effort(lambda: scrub(hostile + "@ ")) < bound


def test_the_cost_of_nested_secrets_grows_with_their_number() -> None:
    deep = "{password: " * 5000 + "x" + "}" * 5000
    assert effort(lambda: mask_line(deep)) < 30 * effort(lambda: mask_line(HARMLESS))


def test_everything_below_a_line_of_nested_secrets_is_masked() -> None:
    masked = Masked(["a: " + "{password: " * 20 + "x" + "}" * 20, "plain: HUNTER"])
    assert masked.line(2) == MASK


def test_everything_below_too_many_brackets_is_masked() -> None:
    assert "b: HUNTER" == Masked(["a: " + "[" * 999 + "]" * 999, "b: HUNTER"]).line(2)
    assert MASK == Masked(["a: " + "[" * 1001 + "]" * 1001, "b: HUNTER"]).line(2)
    assert MASK == Masked(["{password: " + "a: " * 1001, "b: HUNTER"]).line(2)


def test_the_rest_below_a_line_of_many_secrets_is_shown() -> None:
    masked = Masked(["a: {" + "b: {password: x}, " * 200 + "}", "plain: shown"])
    assert masked.line(2) == "plain: shown"


def test_a_chain_of_anchors_of_any_length_hides_its_end() -> None:
    lines = [f"a{number}: &a{number} [*a{number + 1}]" for number in range(300)]
    masked = Masked([*lines, "a300: &a300 HUNTER", "password: *a0"])
    assert "HUNTER" not in masked.line(301)
    assert masked.line(301).startswith("a300: ")


def test_a_long_text_without_a_secret_is_shown() -> None:
    assert not conceals("title", LONG)


@pytest.mark.parametrize("at", [0, 9_990, 50_000])
def test_a_secret_anywhere_in_a_long_text_hides_it(at: int) -> None:
    assert conceals("title", f"{LONG[:at]} password: HUNTER {LONG[at:]}")
