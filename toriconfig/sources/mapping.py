"""Conversion of a plain mapping to a tree, for overrides, constructor arguments, custom sources and formats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from toriconfig._core.origin import Origin, OriginKind
from toriconfig._core.path import Path, parse, show
from toriconfig._core.problem import Code, Problem, Related
from toriconfig._core.tree import Key, Layer, Node, Tree

_DEEPEST = 100

Places = Mapping[Any, tuple[int, int] | tuple[int, int, int, int]]
"""Line and column of each value, from 1, by the tuple of its keys; optionally those of the character after the value."""


class MappingSource:
    """Source of values given in code.

    A top-level key may be a dotted path (`{"database.pool.max_size": 5}`). In such a path, a key that contains a dot is
    in quotes (`'weights."a.b"'`). Nested keys are taken literally. Mappings become nested nodes; lists, tuples and sets
    become lists; any other object (a `Secret`, a model, a date) is a value.

    Args:
        values: the mapping; it is neither changed nor kept by the tree.
        name: name in code, for origins such as `overrides["database.host"]`.
    """

    def __init__(self, values: Mapping[str, Any], name: str = "overrides") -> None:
        self._values = values
        self._name = name

    def load(self) -> Tree:
        """Return the mapping as a tree."""
        return _Build(self._name, "code", references=True).overrides(self._values)


def nested(
    values: Any,
    name: str,
    *,
    kind: OriginKind,
    text: bool,
    references: bool,
    places: Places | None,
    problems: Iterable[Problem],
) -> Tree:
    """Build the tree that a source returns. The arguments and errors are those of `toriconfig.sources.tree`."""
    given: tuple[object, ...] = (name, *(places or {}).values())
    problems = tuple(problems)
    found: tuple[object, ...] = problems
    if not isinstance(given[0], str) or not all(map(_is_place, given[1:])):
        raise TypeError("tree() takes a name as text, and places as tuples of line and column")
    if not all(isinstance(problem, Problem) for problem in found):
        raise TypeError("tree() takes problems that are objects of the class Problem")
    return _Build(name, kind, text=text, references=references, places=places or {}).values(values, problems)


def _is_place(place: object) -> bool:
    return isinstance(place, tuple) and len(place) in (2, 4) and all(isinstance(one, int) for one in place)


class _Build:
    def __init__(
        self, name: str, kind: OriginKind, *, references: bool, text: bool = False, places: Places | None = None
    ) -> None:
        self.layer = Layer(kind, name, self.locate, references=references, text=text)
        self.name = name
        self.kind: OriginKind = kind
        self.places = places
        self.problems: list[Problem] = []
        self.open: set[int] = set()

    def locate(self, path: Path | None) -> Origin:
        if not path:
            return Origin(self.kind, self.name)
        for end in range(len(path) if self.places else 0, 0, -1):
            place = (self.places or {}).get(path[:end])
            if place is not None:
                behind: tuple[int | None, ...] = place[2:] or (None, None)
                return Origin(self.kind, self.name, place[0], place[1], behind[0], behind[1])
        if self.kind == "files":
            return Origin(self.kind, self.name)
        text = show(path)
        return Origin(self.kind, f"{self.name}['{text}']" if '"' in text else f'{self.name}["{text}"]')

    def values(self, values: Any, problems: Iterable[Problem]) -> Tree:
        """Return the tree of a mapping. A dot in a key has no meaning."""
        if not isinstance(values, Mapping):
            self.problem(
                Code.NOT_A_MAPPING,
                (),
                f"{self.name} holds a {type(values).__name__}",
                expected="a mapping of keys to values",
            )
            values = {}
        root = self.node(values, ())
        found = (*self.problems, *problems)
        whole = all(problem.severity != "error" for problem in found)
        return Tree(root or Node({}, self.layer, ()), problems=found, complete=whole)

    def overrides(self, values: Mapping[str, Any]) -> Tree:
        """Return the tree of a mapping whose top-level keys are dotted paths."""
        root = Node({}, self.layer, ())
        for key, value in values.items():
            path = self.path(key)
            if path:
                self.put(root, path, self.node(value, path))
        return Tree(root, problems=tuple(self.problems))

    def path(self, key: Any) -> Path:
        """Return the path of a top-level key. If the key is invalid, add a problem and return ()."""
        try:
            path = parse(key) if isinstance(key, str) else ()
        except ValueError as error:
            self.problem(Code.INVALID_OPTION, (), str(error), expected="a dotted path such as `database.host`")
            return ()
        if not path:
            self.problem(Code.INVALID_OPTION, (), f"a key of {self.name} is a {type(key).__name__}", expected="text")
        elif any(isinstance(part, int) for part in path):
            self.problem(
                Code.INVALID_OPTION, path, "a position in a list cannot be set alone", help="give the whole list"
            )
            return ()
        return path

    def put(self, root: Node, path: Path, node: Node | None) -> None:
        *parents, last = path
        here = root
        for depth, part in enumerate(parents, 1):
            child = here.value.setdefault(part, Node({}, self.layer, path[:depth]))
            if type(child.value) is not dict:
                self.twice(Code.LAYERS_CLASH, path, path[:depth], "a mapping here and a plain value there")
                return
            here = child
        known = here.value.get(last)
        if node is None:
            return
        if known is None:
            here.value[last] = node
        elif type(known.value) is dict and type(node.value) is dict:
            for key, child in node.value.items():
                self.put(known, (key,), child)
        elif type(known.value) is dict or type(node.value) is dict:
            self.twice(Code.LAYERS_CLASH, path, path, "a mapping here and a plain value there")
        else:
            self.twice(Code.DUPLICATE_KEY, known.at, known.at, "it is given twice")

    def node(self, value: Any, path: Path) -> Node | None:
        """Return the value as a node; None for an invalid value. Invalid items are omitted."""
        if not isinstance(value, (Mapping, list, tuple, AbstractSet)):
            return Node(value, self.layer, path)
        if id(value) in self.open or len(path) > _DEEPEST:
            self.problem(Code.TOO_LARGE, path, f"the value contains itself, or is nested more than {_DEEPEST} deep")
            return None
        self.open.add(id(value))
        if isinstance(value, Mapping):
            built: Any = {}
            for key, item in value.items():
                if not isinstance(key, (str, int)) or isinstance(key, bool):
                    self.problem(
                        Code.WRONG_TYPE, path, f"a key is a {type(key).__name__}", expected="text or a whole number"
                    )
                    continue
                name = Key(str(key), key) if isinstance(key, int) else key
                child = self.node(item, (*path, name))
                if child is not None:
                    built[name] = child
        else:
            items = (self.node(item, (*path, position)) for position, item in enumerate(value))
            built = [item for item in items if item is not None]
        self.open.discard(id(value))
        return Node(built, self.layer, path)

    def twice(self, code: str, path: Path, other: Path, what: str) -> None:
        related = (Related(self.locate(other), "given here too"),) if other != path else ()
        self.problem(code, path, f"`{show(path)}`: {what}", related=related, help="give it once")

    def problem(self, code: str, path: Path, message: str, **more: Any) -> None:
        self.problems.append(
            Problem(code, show(path) if path else "", self.locate(path), message=message, label="", **more)
        )
