"""Any bytes: the reader returns a tree, never raises, and every place is inside the text."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from toriconfig._core.tree import Node, Tree
from toriconfig.sources.read_file import Limits
from toriconfig.sources.yaml.documents import FASTEST, Parser, pure_python, read_documents, read_yaml

SEEDS = [
    part.split("-->")[0].partition("\n")[2].replace("→", "\t").encode()
    for file in sorted(Path(__file__).parent.glob("*.cases"))
    for part in file.read_text(encoding="utf-8").split("=== ")[1:]
]
PIECES = st.sampled_from(
    [b"\n", b" ", b"  ", b"\t", b"- ", b": ", b"? ", b"[", b"]", b"{", b"}", b",", b"#", b"&a ", b"*a", b"!", b"!!str ", b"!x ",
     b"|\n", b">-\n", b"'", b'"', b"%", b"@", b"`", b"---\n", b"...\n", b"<<", b"\\", b"\\ud83d", b"\x00", b"\xff", b"\xef\xbb\xbf",
     b"\r", b"\xc2\x85", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"1", b"0x", b"1e9", b".", b"no", b"~", b"a", b"%YAML 1.2\n"]
)  # fmt: skip


def check(content: bytes, parser: Parser = FASTEST) -> None:
    trees = read_documents(content, "files", "f", Limits(max_depth=20, max_nodes=2000), parser)
    for tree in trees:
        check_tree(tree)


def check_tree(tree: Tree) -> None:
    lines = tree.lines or [""]
    assert isinstance(tree.root.value, dict)
    for problem in tree.problems:
        assert problem.code in {"TC001", "TC002", "TC003", "TC004", "TC005", "TC007", "TC201"}
        assert problem.message
        for origin in (problem.origin, *(related.origin for related in problem.related)):
            assert origin is not None and origin.line is not None and origin.column is not None
            assert 1 <= origin.line <= len(lines)
            assert 1 <= origin.column <= len(lines[origin.line - 1]) + 1
    if not tree.complete:
        assert tree.problems
    todo: list[Node] = [tree.root]
    seen: set[int] = set()
    while todo:
        node = todo.pop()
        assert id(node) not in seen
        seen.add(id(node))
        if node is not tree.root or node.at is not None:
            assert node.origin.line is not None and node.origin.line <= len(lines)
        if isinstance(node.value, dict):
            assert all(type(key) is str for key in node.value)
            todo += node.value.values()
        elif isinstance(node.value, list):
            todo += node.value
        else:
            assert node.value is None or type(node.value) in (str, int, float, bool)


@given(st.binary(max_size=400))
def test_random_bytes_never_raise(content: bytes) -> None:
    check(content)


@given(st.text(max_size=300))
def test_random_text_never_raises(content: str) -> None:
    for tree in read_yaml(content, "f"):
        check_tree(tree)


@given(st.lists(PIECES, max_size=40).map(b"".join))
def test_random_signs_of_yaml_never_raise(content: bytes) -> None:
    check(content)


@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 4), PIECES), max_size=5))
def test_a_spoilt_text_of_the_corpus_never_raises(seed: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    for at, length, piece in edits:
        seed = seed[:at] + piece + seed[at + length :]
    check(seed)


@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_the_parser_in_pure_python_never_raises(content: bytes) -> None:
    check(content, pure_python)


UNREADABLE = {*map(chr, range(0x7F, 0xA0)), "\ufeff", "\ufffe", "\uffff"} - {"\x85"}
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Co"]), max_size=80)  # private characters: libyaml.cases
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
INNER = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(TEXTS, SCALARS, max_size=3)
VALUES = INNER | st.lists(INNER, max_size=3) | st.dictionaries(TEXTS, INNER, max_size=3)


@given(st.dictionaries(TEXTS, VALUES, max_size=4), st.booleans(), st.sampled_from([None, 2, "\t"]))
def test_every_text_that_json_writes_is_read_back(
    value: dict[str, object], ascii_only: bool, indent: int | str | None
) -> None:
    import json

    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    if UNREADABLE.intersection(text):
        return
    (tree,) = read_yaml(text, "f.json")
    assert not [problem for problem in tree.problems if problem.severity == "error"], tree.problems
    assert value == tree.root.plain()
