"""Test contract for sources."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from toriconfig._core.origin import Origin
from toriconfig._core.path import Path
from toriconfig._core.problem import CODES, Problem
from toriconfig._core.tree import Node, Tree
from toriconfig.sources import Source


class SourceContract(ABC):
    """Tests that every source must pass.

    Inherit the tests in a test class of pytest, and define the methods `good` and `broken`. No test calls the same
    method twice. `good` and `broken` may use attributes that an autouse fixture of the class has set.

    For example::

        class TestMySource(SourceContract):
            def good(self) -> Source:
                return MySource("a: {b: 1}")

            def broken(self) -> Source:
                return MySource("a: [")
    """

    @abstractmethod
    def good(self) -> Source:
        """Return a source whose input is valid and contains at least one value."""

    @abstractmethod
    def broken(self) -> Source:
        """Return a source whose input is invalid, as a whole or in part."""

    def test_good_input_is_a_tree_of_values_without_a_problem(self) -> None:
        tree = self.good().load()
        assert isinstance(tree, Tree)
        assert tree.problems == ()
        assert tree.complete
        assert list(_leaves(tree.root))

    def test_the_root_is_a_mapping_and_every_key_is_text(self) -> None:
        for tree in (self.good().load(), self.broken().load()):
            assert type(tree.root.value) is dict
            for path, _ in _leaves(tree.root):
                assert all(isinstance(part, (str, int)) for part in path)

    def test_every_leaf_says_where_it_stands_in_the_language_of_its_layer(self) -> None:
        for path, leaf in _leaves(self.good().load().root):
            for origin in (leaf.origin, leaf.key_origin):
                assert isinstance(origin, Origin), path
                assert leaf.layer.kind == origin.layer, path
                assert origin.source, path
                assert origin.line is None or origin.line >= 1, path
                assert origin.column is None or origin.column >= 1, path

    def test_reading_twice_gives_the_same_values_from_the_same_places(self) -> None:
        source = self.good()
        assert _shown(source.load()) == _shown(source.load())

    def test_two_trees_share_nothing_that_can_be_changed(self) -> None:
        source = self.good()
        first = source.load()
        before = _shown(first)
        first.root.value.clear()
        assert before == _shown(source.load())

    def test_broken_input_is_told_as_problems_and_never_raised(self) -> None:
        tree = self.broken().load()
        assert tree.problems
        for problem in tree.problems:
            assert isinstance(problem, Problem)
            assert problem.code in CODES
            assert problem.origin is not None
            assert problem.origin.source

    def test_broken_input_is_told_the_same_each_time(self) -> None:
        source = self.broken()
        assert source.load().problems == source.load().problems


def _leaves(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    value = node.value
    if type(value) is dict:
        for key, child in value.items():
            assert isinstance(key, str), f"a key at {path} is a {type(key).__name__}"
            yield from _leaves(child, (*path, key))
    elif type(value) is list:
        for position, child in enumerate(value):
            yield from _leaves(child, (*path, position))
    else:
        yield path, node


def _shown(tree: Tree) -> list[tuple[Path, object, Origin]]:
    return [(path, leaf.value, leaf.origin) for path, leaf in _leaves(tree.root)]
