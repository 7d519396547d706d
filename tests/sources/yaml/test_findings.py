"""Problems of a YAML text: both places, a remedy, and never the text."""

from __future__ import annotations

import pytest

from toriconfig._core.problem import Problem
from toriconfig.sources.read_file import Limits
from toriconfig.sources.yaml.documents import FASTEST, Parser, pure_python, read_documents, read_yaml


def problems(text: str | bytes) -> list[Problem]:
    return [problem for tree in read_yaml(text, "f.yaml") for problem in tree.problems]


def only(text: str | bytes) -> Problem:
    (problem,) = problems(text)
    return problem


def places(problem: Problem) -> list[str]:
    return [str(problem.origin), *(str(related.origin) for related in problem.related)]


def test_an_open_bracket_is_shown_with_its_start_and_the_end_of_reading() -> None:
    problem = only("a: 1\nfeatures: [alpha, beta\nnext: 1\n")
    assert ["f.yaml:2:11", "f.yaml:3:5"] == places(problem)
    assert ("opened here", "reading stopped here") == (problem.label, problem.related[0].label)


def test_an_open_brace_at_the_end_of_the_file_is_shown_where_it_opens() -> None:
    problem = only("a: {\n")
    assert (["f.yaml:1:4", "f.yaml:2:1"], True) == (places(problem), "`{`" in problem.message)


LONG = "k" * 1100


@pytest.mark.parametrize("parser", [FASTEST, pure_python])
@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f'{{"d": {{"{LONG}": 1}}}}', "f.yaml:1:1110"),
        (f'{{"d": 1,\n "a\\"{LONG}" : 1}}', "f.yaml:2:1108"),
        (f"{{a: 1, {LONG}: 1}}", "f.yaml:1:1108"),
        (f"d:\n  {LONG}: 1\n", "f.yaml:2:1103"),
        (f"d: 1\n'{LONG}': 1\n", "f.yaml:2:1103"),
    ],
)
def test_a_key_that_is_too_long_for_the_parser_is_called_so(text: str, place: str, parser: Parser) -> None:
    (problem,) = read_documents(text, "files", "f.yaml", Limits(), parser)[0].problems
    assert ("a key of more than 1024 characters", place) == (problem.message, str(problem.origin))


@pytest.mark.parametrize(
    "text",
    [
        f'{{"a": "{LONG}": 1}}',
        f"a: {LONG} b: 1",
        f"{{a: {LONG} b: 1}}",
        f'{{"a": 1, "{LONG}" "b": 1}}',
        f'["{LONG}", {{"b": 1: 2}}]',
    ],
)
def test_another_mistake_after_a_long_text_is_not_reported_as_a_long_key(text: str) -> None:
    assert "1024" not in only(text).message


def test_a_mistake_inside_brackets_names_the_bracket_as_well() -> None:
    assert ["f.yaml:2:1", "f.yaml:1:4"] == places(only("a: [x,\n@y]\n"))


def test_text_before_an_error_is_read_but_not_what_may_be_part_of_the_error() -> None:
    (tree,) = read_yaml("a: 1\nb: {c: 2, d: [x, y\ne: 3\n", "f.yaml")
    assert ({"a": 1}, False) == (tree.root.plain(), tree.complete)


def test_a_duplicate_key_shows_both_places() -> None:
    problem = only("a:\n  password: x\n  b: 1\n  password: y\n")
    assert ("a.password", ["f.yaml:4:3", "f.yaml:2:3"]) == (problem.path, places(problem))
    assert "first defined here" == problem.related[0].label


def test_the_report_of_two_merge_keys_shows_how_to_combine_them() -> None:
    text = "x: &x {a: 1}\ny: &y {b: 1}\nz:\n  <<: *x\n  <<: *y\n"
    assert ("duplicate key `<<`", "write one `<<: [*first, *second]`") == (only(text).message, only(text).help)


def test_all_mistakes_are_reported_at_once() -> None:
    codes = [problem.code for problem in problems("a: 1\na: 2\nb: !x 1\nc: *y\nd: yes\ne: [\n")]
    assert ["TC002", "TC005", "TC001", "TC201", "TC001"] == codes


def test_after_a_hundred_mistakes_reading_stops() -> None:
    (tree,) = read_yaml("a: 1\n" * 10_000, "f.yaml")
    assert (100, False) == (len(tree.problems), tree.complete)


def test_no_further_hints_are_given_after_a_hundred() -> None:
    (tree,) = read_yaml("".join(f"k{n}: yes\n" for n in range(1000)), "f.yaml")
    assert (100, 1000, True) == (len(tree.problems), len(tree.root.value), tree.complete)


def test_a_hint_is_no_warning_and_shows_the_correct_spelling() -> None:
    problem = only("debug: no\n")
    assert ("TC201", "info", "debug") == (problem.code, problem.severity, problem.path)
    assert "YAML 1.1 reads this scalar as the boolean false; here it is text" == problem.message
    assert "write `false` for the boolean, or put it in quotes for the text" == problem.help


def test_a_refused_value_is_omitted_and_the_tree_is_incomplete() -> None:
    (tree,) = read_yaml("a: !x 1\nb: 2\n", "f.yaml")
    assert ({"b": 2}, False) == (tree.root.plain(), tree.complete)


def test_a_duplicate_key_or_a_hint_leaves_the_tree_complete() -> None:
    assert read_yaml("a: 1\na: yes\n", "f.yaml")[0].complete


@pytest.mark.parametrize(
    ("content", "place", "code"),
    [
        (b"a: 1\nb: \xff\n", "f.yaml:2:4", "TC003"),
        ("é: 1\r\nü: ".encode() + b"\xc3(", "f.yaml:2:4", "TC003"),
        (b"a: 1\nb: x\x00y\n", "f.yaml:2:5", "TC001"),
        ("ключ: 1\nb: x\x07y\n".encode(), "f.yaml:2:5", "TC001"),
        ("\ufeffa: 1\nb: \x1b\n".encode(), "f.yaml:2:4", "TC001"),
        ("a: 1\nb: x\x07\n".encode("utf-16"), "f.yaml:2:5", "TC001"),
        ("a: \x85\u2028\x85 x\x85\nb: \x07\n".encode(), "f.yaml:2:4", "TC001"),
        (b'a: "\\ud83d\\ude00"\nb: \x07\n', "f.yaml:2:4", "TC001"),
        ("a: 1\nb: x".encode("utf-16-le") + b"\x00", "f.yaml:1:2", "TC001"),
        (b"\xff\xfea\x00:\x00 \x001\x00\n\x00b", "f.yaml:2:1", "TC003"),
        ("a: 1\nb: \udcff\n", "f.yaml:2:4", "TC003"),
    ],
    ids=repr,
)
def test_a_byte_that_is_no_text_is_reported_with_its_place(content: str | bytes, place: str, code: str) -> None:
    assert [(code, place)] == [(problem.code, str(problem.origin)) for problem in problems(content)]


def test_text_before_an_invalid_byte_is_read() -> None:
    (tree,) = read_yaml(b"a: 1\nb: 2\nc: \xff\nd: 3\n", "f.yaml")
    assert ({"a": 1, "b": 2}, False) == (tree.root.plain(), tree.complete)


def test_a_bad_byte_inside_quotes_does_not_make_them_a_second_mistake() -> None:
    assert ["TC003"] == [problem.code for problem in problems(b'a: 1\nb: "x\n  \xff"\n')]


def test_two_kinds_of_bad_characters_are_both_reported() -> None:
    assert ["TC003", "TC001"] == [problem.code for problem in problems(b"a: \x01\nb: \xff\n")]


@pytest.mark.parametrize("text", ["a: 1:²\n", "a: ²\n", "a: 1_²\n", "a: 0²\n", "a: 1.²\n", "a: ٢:٢\n", "a: 1e²\n"])
def test_digits_of_other_scripts_are_text(text: str) -> None:
    (tree,) = read_yaml(text, "f.yaml")
    assert (text[3:-1], ()) == (tree.root.plain()["a"], tree.problems)


@pytest.mark.parametrize(("length", "codes"), [(1000, []), (1100, ["TC001"])])
def test_libyaml_refuses_a_key_of_more_than_1024_characters(length: int, codes: list[str]) -> None:
    assert codes == [problem.code for problem in problems(f'{{"{"k" * length}": 1}}')]


CANARY = "hunter2-canary"
SPILLS = [
    "password: {c}\npassword: {c}\n",
    "password: !{c}\n",
    "password: !<{c}> x\n",
    "password: !!python/{c} x\n",
    "password: *{c}\n",
    "password: &{c}\nother: *{c}x\n",
    "password: %{c}\n",
    "password: @{c}\n",
    'password: "{c}\n',
    'password: "{c}\\q"\n',
    "password: [{c}\n",
    "password: {{{c}\nx: 1\n",
    "password: {c}: {c}\n",
    "password: '{c}'{c}\n",
    "password\n{c}\n",
    "password: !!int {c}\n",
    "- {c}\n",
    "{c}\n",
    "<<: {c}\n",
    "password: |{c}\n",
    "password: {c}\x07\n",
    "password: !{c}!x y\n",
    "%{c} 1\n---\na: !x 1\n",
    "password: !%ed%a0%80{c} x\n",
    "password: >-\n  {c}\n x: [\n",
]


@pytest.mark.parametrize("parser", [FASTEST, pure_python], ids=["libyaml", "pure"])
@pytest.mark.parametrize("text", SPILLS)
def test_no_problem_repeats_a_value(text: str, parser: Parser) -> None:
    trees = read_documents(text.format(c=CANARY), "files", "f.yaml", Limits(), parser)
    found = [problem for tree in trees for problem in tree.problems]
    assert found
    assert CANARY not in repr(found)


def test_positions_hold_no_text_with_either_parser() -> None:
    for parser in (FASTEST, pure_python):
        (tree,) = read_documents(f"a: {CANARY}\n", "files", "f.yaml", Limits(), parser)
        assert type(tree.root.value["a"].at) is int
