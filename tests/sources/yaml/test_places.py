"""Positions in a YAML text: lines and columns from 1, in code points of the visible text."""

from __future__ import annotations

import pytest

from toriconfig._core.origin import Origin
from toriconfig._core.path import parse
from toriconfig._core.tree import Node
from toriconfig.sources.yaml.documents import read_yaml


def node(text: str | bytes, path: str) -> Node:
    found = read_yaml(text, "f.yaml")[0].root.find(parse(path))
    assert found is not None
    return found


def span(origin: Origin) -> tuple[int | None, ...]:
    return origin.line, origin.column, origin.end_line, origin.end_column


@pytest.mark.parametrize(
    ("text", "path", "key", "value"),
    [
        ("a: 12\n", "a", (1, 1, 1, 2), (1, 4, 1, 6)),
        ("a:\n  bb: 'x y'\n", "a.bb", (2, 3, 2, 5), (2, 7, 2, 12)),
        ('größe: {名前: "é😀"} \n', "größe.名前", (1, 9, 1, 11), (1, 13, 1, 17)),
        ("\ufeffa: 1\n", "a", (1, 1, 1, 2), (1, 4, 1, 5)),
        ("a: 1\r\n\r\nb: 2\r\n", "b", (3, 1, 3, 2), (3, 4, 3, 5)),
        ("a: 1\r\rb: 2\r", "b", (3, 1, 3, 2), (3, 4, 3, 5)),
        ("a: 1\r\n\rb: 2\nc: 3\n", "c", (4, 1, 4, 2), (4, 4, 4, 5)),
        ("\ufeff\ufeffa: 1\nb: 2\n", "b", (2, 1, 2, 2), (2, 4, 2, 5)),
        ("? a", "a", (1, 3, 1, 4), (1, 4, 1, 4)),
        ("a:\t12\n", "a", (1, 1, 1, 2), (1, 4, 1, 6)),
        ("a: |\n  x\n  y\nb: 1\n", "a", (1, 1, 1, 2), (1, 4, 4, 1)),
        ("a: one\n  two\nb: 1\n", "a", (1, 1, 1, 2), (1, 4, 2, 6)),
        ("a: &x !!str 12\n", "a", (1, 1, 1, 2), (1, 4, 1, 15)),
        ('"a b": 1\n', '"a b"', (1, 1, 1, 6), (1, 8, 1, 9)),
        ('a: "x\u2028y"\nb: 1\n', "b", (2, 1, 2, 2), (2, 4, 2, 5)),
        ('{"a": "\\ud83d\\ude00", "b": 1}\n', "b", (1, 23, 1, 26), (1, 28, 1, 29)),
        ("a:\nb: 1\n", "a", (1, 1, 1, 2), (1, 3, 1, 3)),
    ],
    ids=repr,
)  # fmt: skip
def test_keys_and_values_have_start_and_end_positions(
    text: str, path: str, key: tuple[int, ...], value: tuple[int, ...]
) -> None:
    found = node(text, path)
    assert key == span(found.key_origin)
    assert value == span(found.origin)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_the_encoding_of_a_file_moves_nothing(encoding: str) -> None:
    found = node("é: {名前: 😀}\n".encode(encoding), "é.名前")
    assert ("😀", (1, 9, 1, 10)) == (found.value, span(found.origin))


def test_items_of_a_list_have_a_place_and_no_key() -> None:
    found = node("a:\n  - x\n  - [y, z]\n", "a[1][0]")
    assert ((3, 6, 3, 7), None) == (span(found.origin), found.key_at)


def test_a_collection_in_brackets_is_where_its_bracket_is() -> None:
    assert (1, 4, 1, 5) == span(node("a: {b: 1}\n", "a").origin)


def test_an_alias_leads_to_the_line_of_its_anchor() -> None:
    text = "base: &base\n  port: 1\nother: *base\n"
    assert (2, 9, 2, 10) == span(node(text, "other.port").origin)
    assert (1, 7) == (node(text, "other").origin.line, node(text, "other").origin.column)
    assert (3, 1, 3, 6) == span(node(text, "other").key_origin)


def test_a_merge_key_leads_to_the_line_of_its_anchor() -> None:
    text = "base: &base\n  port: 1\n  host: h\nother:\n  <<: *base\n  host: i\n"
    assert (2, 3, 2, 7) == span(node(text, "other.port").key_origin)
    assert (2, 9, 2, 10) == span(node(text, "other.port").origin)
    assert (6, 9, 6, 10) == span(node(text, "other.host").origin)


def test_places_of_aliases_share_no_nodes() -> None:
    root = read_yaml("a: &x {b: [1]}\nc: *x\nd: {<<: *x}\n", "f.yaml")[0].root
    nodes = []
    todo = [root]
    while todo:
        nodes.append(todo.pop())
        value = nodes[-1].value
        todo += value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    assert len(nodes) == len({id(node) for node in nodes}) == 10
    containers = [node.value for node in nodes if isinstance(node.value, dict | list)]
    assert len(containers) == len({id(value) for value in containers})


def test_the_origin_has_the_given_file_name_and_the_layer_is_files() -> None:
    tree = read_yaml("a: 1\n", "config/tori.yaml")[0]
    assert "config/tori.yaml:1:4" == str(tree.root.value["a"].origin)
    assert ("files", True) == (tree.root.layer.kind, tree.root.layer.references)


def test_lines_are_those_of_an_editor() -> None:
    assert ["a: 1", "b: 2", "c: x\u2028y", ""] == read_yaml("\ufeffa: 1\r\nb: 2\rc: x\u2028y\n", "f")[0].lines


def test_a_byte_order_mark_is_no_part_of_the_lines() -> None:
    assert ["a: 1", ""] == read_yaml("\ufeffa: 1\n".encode(), "f")[0].lines


def test_an_index_in_the_path_of_a_problem_is_that_of_the_item() -> None:
    problems = read_yaml("a:\n  - x\n  - b: 1\n    c: [1, !x 2]\n    b: 2\n", "f")[0].problems
    assert [("TC005", "a[1].c[1]"), ("TC002", "a[1].b")] == [(problem.code, problem.path) for problem in problems]
