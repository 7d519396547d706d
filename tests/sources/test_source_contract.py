"""The contract of sources holds for a good one, and each of its tests fails for one that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from toriconfig._core.origin import Origin
from toriconfig._core.problem import Problem
from toriconfig._core.tree import Layer, Node, Tree
from toriconfig.sources import Source
from toriconfig.testing import SourceContract


class Lines:
    """Reads `key=value` lines."""

    def __init__(self, text: str) -> None:
        self.text = text

    def load(self) -> Tree:
        layer = Layer("dotenv", "lines", lambda line: Origin("dotenv", "lines", line))
        values: dict[str, Node] = {}
        problems: list[Problem] = []
        for number, line in enumerate(self.text.splitlines(), 1):
            key, equals, value = line.partition("=")
            if equals:
                values[key] = Node(value, layer, number)
            else:
                problems.append(Problem("TC001", origin=Origin("dotenv", "lines", number), message="`=` is missing"))
        return Tree(Node(values, layer), flat=True, problems=tuple(problems))


class TestLines(SourceContract):
    def good(self) -> Source:
        return Lines("a=1\nb=2")

    def broken(self) -> Source:
        return Lines("a=1\nb")


class Contract(SourceContract):
    def __init__(self, source: Source) -> None:
        self.source = source

    def good(self) -> Source:
        return self.source

    broken = good


def changed(text: str, change: Callable[[Tree], Any]) -> Source:
    class Changed(Lines):
        def load(self) -> Tree:
            tree = super().load()
            change(tree)
            return tree

    return Changed(text)


class Raising(Lines):
    def load(self) -> Tree:
        raise ValueError("unreadable")


class Shared(Lines):
    def load(self) -> Tree:
        self.tree = getattr(self, "tree", None) or super().load()
        return self.tree


class Fickle(Lines):
    def load(self) -> Tree:
        self.text += "\nc=3\nd"
        return super().load()


def no_key_is_text(tree: Tree) -> None:
    tree.root.value = dict(enumerate(tree.root.value.values()))


def another_layer(tree: Tree) -> None:
    layer = Layer("files", "lines", lambda line: Origin("env", "lines", line))
    tree.root.value["a"] = Node("1", layer, 1)


def no_origin_of_problem(tree: Tree) -> None:
    tree.problems = (Problem("TC001"),)


def unknown_code(tree: Tree) -> None:
    tree.problems = (Problem("TC999", origin=Origin("dotenv", "lines")),)


BROKEN: list[tuple[str, Source]] = [
    ("test_good_input_is_a_tree_of_values_without_a_problem", Lines("a")),
    ("test_good_input_is_a_tree_of_values_without_a_problem", Lines("")),
    ("test_the_root_is_a_mapping_and_every_key_is_text", changed("a=1", no_key_is_text)),
    ("test_every_leaf_says_where_it_stands_in_the_language_of_its_layer", changed("a=1", another_layer)),
    ("test_reading_twice_gives_the_same_values_from_the_same_places", Fickle("a=1")),
    ("test_two_trees_share_nothing_that_can_be_changed", Shared("a=1")),
    ("test_broken_input_is_told_as_problems_and_never_raised", Lines("a=1")),
    ("test_broken_input_is_told_as_problems_and_never_raised", changed("a", no_origin_of_problem)),
    ("test_broken_input_is_told_as_problems_and_never_raised", changed("a", unknown_code)),
    ("test_broken_input_is_told_the_same_each_time", Fickle("a")),
]


@pytest.mark.parametrize(("promise", "source"), BROKEN)
def test_a_source_that_breaks_a_promise_fails_the_test_of_it(promise: str, source: Source) -> None:
    with pytest.raises(AssertionError):
        getattr(Contract(source), promise)()


def test_a_source_that_raises_fails() -> None:
    with pytest.raises(ValueError, match="unreadable"):
        Contract(Raising("")).test_broken_input_is_told_as_problems_and_never_raised()


def test_every_promise_of_the_contract_has_a_test_that_can_fail() -> None:
    promises = {name for name in vars(SourceContract) if name.startswith("test_")}
    assert promises == {promise for promise, _ in BROKEN}
