from __future__ import annotations

import pickle

import pytest

from toriconfig._core.mask import MASK
from toriconfig._core.origin import Origin
from toriconfig._core.problem import Problem, Related
from toriconfig._render import render_text, sort_problems, summary
from toriconfig.errors import ConfigError

FILE = "config/tori.yaml"


def at(line: int, column: int | None = None, end: int | None = None, source: str = FILE) -> Origin:
    return Origin("files", source, line, column, line if end else None, end)


def problem(text: str, origin: Origin, label: str = "here", **more: object) -> Problem:
    assert origin.line is not None
    return Problem("TC101", "", origin, message="m", label=label, excerpts=((FILE, origin.line, text),), **more)  # type: ignore[arg-type]


def frame(found: Problem, **options: object) -> tuple[str, str]:
    """The source line and the caret line, from the same column on."""
    lines = render_text([found], **options).splitlines()  # type: ignore[arg-type]
    edge = lines[2].index("|") + 2
    return lines[3][edge:], lines[4][edge:]


def test_a_diagnostic_has_the_exact_form_of_the_design() -> None:
    found = Problem(
        "TC101",
        "database.pool.max_szie",
        at(7, 5, 13),
        expected="one of max_size, timeout",
        help="did you mean `max_size`?",
        message="unknown key `max_szie`",
        label="not a key of `database.pool`",
        excerpts=((FILE, 7, "    max_szie: 10"),),
    )
    assert render_text([found], schema="ToriSettings") == (
        "error[TC101]: unknown key `max_szie`\n"
        "  --> config/tori.yaml:7:5\n"
        "   |\n"
        " 7 |     max_szie: 10\n"
        "   |     ^^^^^^^^ not a key of `database.pool`\n"
        "   |\n"
        "   = key:      database.pool.max_szie\n"
        "   = expected: one of max_size, timeout\n"
        "   = help:     did you mean `max_size`?\n"
        "\n"
        "1 error in ToriSettings"
    )


def test_a_second_position_in_the_same_file_is_in_the_same_excerpt() -> None:
    found = Problem(
        "TC002",
        "a.b",
        at(10, 3, 4),
        message="duplicate key `b`",
        label="again",
        related=(Related(at(8, 3, 4), "first defined here"),),
        excerpts=((FILE, 10, "  b: 2"), (FILE, 8, "  b: 1")),
    )
    assert render_text([found]) == (
        "error[TC002]: duplicate key `b`\n"
        "   --> config/tori.yaml:10:3\n"
        "    |\n"
        "  8 |   b: 1\n"
        "    |   - first defined here\n"
        "...\n"
        " 10 |   b: 2\n"
        "    |   ^ again\n"
        "    |\n"
        "    = key:      a.b\n"
        "\n"
        "1 error"
    )


def test_a_second_place_in_another_file_has_a_frame_of_its_own() -> None:
    found = problem("b: 2", at(1, 1, 2), related=(Related(at(3, 1, 2, "other.yaml"), "overridden"),))
    found = Problem(
        "TC105",
        "",
        found.origin,
        message="m",
        related=found.related,
        excerpts=(*found.excerpts, ("other.yaml", 3, "b: 1")),
    )
    text = render_text([found])
    assert "  --> other.yaml:3:1\n   |\n 3 | b: 1\n   | - overridden" in text


def test_a_position_without_a_line_is_a_note_and_a_layer_line_names_the_winner() -> None:
    found = Problem(
        "TC102",
        "port",
        Origin("env", "TORI_PORT"),
        expected="an integer",
        message="wrong type",
        label="not an integer",
        layer="TORI_PORT wins; config/tori.yaml:7:15 is overridden",
        related=(Related(Origin("vault", "secret/x#k", version=7), "and here"),),
    )
    assert render_text([found]).splitlines()[1:-2] == [
        "  --> TORI_PORT",
        "   |",
        "   = key:      port",
        "   = layer:    TORI_PORT wins; config/tori.yaml:7:15 is overridden",
        "   = expected: an integer",
        "   = note:     not an integer",
        "   = note:     vault secret/x#k v7: and here",
    ]


def test_a_problem_without_a_message_shows_the_meaning_of_its_code() -> None:
    assert render_text([Problem("TC101")]).splitlines()[0] == "error[TC101]: unknown key"


@pytest.mark.parametrize(
    ("text", "column", "end", "line", "caret"),
    [
        ("\tkey: x", 2, 5, "    key: x", "    ^^^ here"),
        ("a\tkey: x", 3, 6, "a   key: x", "    ^^^ here"),
        ("漢字: kéy", 5, 8, "漢字: kéy", "      ^^^ here"),
        ("漢字: x", 1, 3, "漢字: x", "^^^^ here"),
        ("e\u0301a: x", 3, 4, "e\u0301a: x", " ^ here"),
        ("👍: x", 4, 5, "👍: x", "    ^ here"),
        ("a: \x1b[31mx", 1, 2, "a: ?[31mx", "^ here"),
        ("a: \u202ex", 5, 6, "a: ?x", "    ^ here"),
        ("a: b", 5, 6, "a: b", "    ^ here"),
    ],
)
def test_the_caret_is_under_its_span_after_tabs_and_wide_characters(
    text: str, column: int, end: int, line: str, caret: str
) -> None:
    assert frame(problem(text, at(1, column, end))) == (line, caret)


@pytest.mark.parametrize(
    ("text", "column", "end", "caret"),
    [
        (f"password: {MASK}", 1, 9, "^^^^^^^^ here"),
        (f"password: {MASK}", 11, 14, "          ^^^^^^^^^^ here"),
        (f"password: {MASK}", 11, 99, "          ^^^^^^^^^^ here"),
        (f"{{password: {MASK}", 60, 65, "           ^^^^^^^^^^ here"),
        (f"url: redis://{MASK}", 6, 40, "     ^^^^^^^^^^^^^^^^^^ here"),
        (f"  {MASK}", 1, 2, "^ here"),
    ],
)
def test_a_masked_value_of_any_length_is_pointed_at_by_its_mask(text: str, column: int, end: int, caret: str) -> None:
    assert frame(problem(text, at(1, column, end)))[1] == caret


def test_the_whole_line_or_the_variable_is_pointed_at_without_a_column() -> None:
    assert frame(problem("  a: b", at(1)))[1] == "  ^^^^ here"
    variable = Origin("dotenv", FILE, 1, name="TORI_X")
    assert frame(problem(f"export TORI_X={MASK}", variable))[1] == "       ^^^^^^ here"


def test_a_span_over_lines_is_pointed_at_to_the_end_of_its_first_line() -> None:
    assert frame(problem("a: [b,", Origin("files", FILE, 1, 4, 3, 2)))[1] == "   ^^^ here"


@pytest.mark.parametrize("column", [1, 150, 400])
@pytest.mark.parametrize("width", [40, 80])
def test_a_long_line_is_cut_around_the_caret(column: int, width: int) -> None:
    text = "x" * (column - 1) + "KEY" + "y" * (400 - column)
    line, caret = frame(problem(text, at(1, column, column + 3)), width=width)
    assert len(line) <= width - 5
    assert line[caret.index("^") : caret.rindex("^") + 1] == "KEY"
    assert line.startswith("...") == (column > 1)
    assert line.endswith("...") == (column < 400)


def test_a_long_line_is_cut_between_wide_characters() -> None:
    line, caret = frame(problem("漢" * 100 + "KEY" + "字" * 100, at(1, 101, 104)), width=60)
    before = line[: line.index("KEY")]
    assert caret.index("^") == sum(2 if char == "漢" else 1 for char in before)


def test_nothing_is_wider_than_a_narrow_terminal_except_words_that_cannot_be_cut() -> None:
    found = problem("    key: value", at(1, 5, 8), label="a label that " * 6, help="some help " * 20)
    lines = render_text([found], width=50).splitlines()
    assert max(map(len, lines)) <= 50
    assert sum(line.count("label") for line in lines) == 6
    assert sum(line.count("help") for line in lines) == 21


def test_characters_that_the_terminal_lacks_are_replaced_and_the_caret_stays_aligned() -> None:
    found = Problem("TC101", "", at(1, 5, 6), message="kéy", label="hé", excerpts=((FILE, 1, "漢字: é"),))
    text = render_text([found], encoding="ascii")
    assert text.isascii()
    assert text.splitlines()[3:5] == [" 1 | ??: ?", "   |     ^ h\\xe9"]


def test_a_key_that_holds_control_characters_forges_no_line_and_steers_no_terminal() -> None:
    found = Problem("TC101", "a\nerror[TC999]: b", at(1), message="key `\x1b[31m\u202e`", help="x\r\ny")
    text = render_text([found])
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\r" not in text
    assert not any(line.startswith("error[TC999]") for line in text.splitlines())


def test_colours_do_not_change_the_text() -> None:
    found = problem("    key: value", at(1, 5, 8), help="h", severity="warning")
    plain, coloured = render_text([found]), render_text([found], color=True)
    assert "\x1b[1;33mwarning[TC101]\x1b[0m" in coloured
    for code in ("1;33", "1;34", "1;32", "1", "0"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == plain


def test_problems_are_sorted_by_file_and_position_then_variables_then_without_position() -> None:
    nowhere, variable = Problem("TC103"), Problem("TC102", origin=Origin("env", "A"))
    missing = Problem("TC006", origin=Origin("files", "z.yaml"))
    late, early = Problem("TC101", origin=at(10, 1)), Problem("TC101", origin=at(9, 30))
    other, twin = Problem("TC001", origin=at(1, 1, source="z.yaml")), Problem("TC002", origin=at(10, 1))
    assert sort_problems([nowhere, variable, late, twin, other, early, missing]) == [
        early, late, twin, missing, other, variable, nowhere,
    ]  # fmt: skip


def test_the_summary_counts_each_severity() -> None:
    found = [
        Problem("TC101"),
        Problem("TC101"),
        Problem("TC201", severity="warning"),
        Problem("TC201", severity="info"),
    ]
    assert summary(found) == "2 errors, 1 warning, 1 note"
    assert summary([]) == "no problems"


def test_no_problems_render_as_an_empty_text() -> None:
    assert render_text([]) == ""


def test_the_text_of_a_config_error_is_the_rendered_text_also_after_a_pickle() -> None:
    error = ConfigError([problem("a: b", at(1, 1, 2))], schema="S")
    assert str(pickle.loads(pickle.dumps(error))) == str(error) == render_text(error.problems, schema="S")
