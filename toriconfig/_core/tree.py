"""The tree that every source returns: values with the place each one stands at.

A node does not hold an `Origin`; it holds the cheapest thing from which its layer can make one
(`at`), because a load makes thousands of nodes and shows a few of them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from toriconfig._core.origin import Origin, OriginKind
from toriconfig._core.path import Path

if TYPE_CHECKING:
    from toriconfig._core.problem import Problem


_SCALARS = frozenset({str, int, float, bool, type(None), bytes})


class Layer:
    """One source's say: its kind, its name, and how it spells a place.

    Args:
        kind: the name in the `layers` option under which it ranks.
        name: a file, `.env`, `environment`; what people call it.
        locate: turns the `at` of one of its nodes into an `Origin`.
        references: whether `${...}` in its strings means anything (YAML, JSON and overrides).
        text: whether its values are text that has yet to be read by the type of the field (variables, secret files).

    Attributes:
        resolved: whether its references were resolved, so that what looks like one is text on purpose.
    """

    __slots__ = ("_settled", "_worded", "kind", "locate", "name", "references", "resolved", "text")

    def __init__(
        self,
        kind: OriginKind,
        name: str,
        locate: Callable[[Any], Origin],
        *,
        references: bool = False,
        text: bool = False,
    ) -> None:
        self.kind: OriginKind = kind
        self.name = name
        self.locate = locate
        self.references = references
        self.resolved = False
        self.text = text
        self._settled: Layer | None = None
        self._worded: Layer | None = None

    @property
    def rank(self) -> OriginKind:
        """The layer of the option `layers` under which the values rank; those of a source beside it rank as `files`."""
        return "files" if self.kind == "source" else self.kind

    @property
    def settled(self) -> Layer:
        """This layer for nodes whose references are resolved: what they yielded is never scanned again."""
        if not self.references:
            return self
        if self._settled is None:
            self._settled = Layer(self.kind, self.name, self.locate)
            self._settled.resolved = True
        return self._settled

    @property
    def worded(self) -> Layer:
        """This layer for text that a reference to a variable or a file yielded."""
        if self._worded is None:
            self._worded = Layer(self.kind, self.name, self.locate, text=True)
            self._worded.resolved = True
        return self._worded

    def __repr__(self) -> str:
        return f"Layer({self.kind!r}, {self.name!r})"


class Key(str):
    """A key of a mapping that a file spells as a number or a word: the text, and in `value` what it means."""

    __slots__ = ("value",)
    value: Any
    seen: ClassVar = False
    """Whether there has been one in this process; mostly there is none, and nobody needs to look for them."""

    def __new__(cls, text: str, value: Any) -> Self:
        key = super().__new__(cls, text)
        key.value = value
        Key.seen = True
        return key

    def __reduce__(self) -> tuple[type[Key], tuple[str, Any]]:
        return Key, (str(self), self.value)


class Positions(dict[int, Any]):
    """Some items of a list by their position: `XS__0=a` sets the first item and leaves the others as they are."""

    __slots__ = ()


class Node:
    """A value of one layer.

    Attributes:
        value: `dict[str, Node]`, `list[Node]`, `Positions`, or a scalar (str, int, float, bool, None, a `Secret`).
        layer: the layer that says so.
        at: where the value stands, in the terms of `layer.locate`.
        key_at: where its key stands, or None when the value has none.
        under: the node that this one overrode, or None: the losers, highest first.
    """

    __slots__ = ("at", "key_at", "layer", "under", "value")

    def __init__(self, value: Any, layer: Layer, at: Any = None, key_at: Any = None, under: Node | None = None) -> None:
        self.value = value
        self.layer = layer
        self.at = at
        self.key_at = key_at
        self.under = under

    @property
    def origin(self) -> Origin:
        """Origin of the value."""
        return self.layer.locate(self.at)

    @property
    def key_origin(self) -> Origin:
        """Origin of the key; that of the value when the node has no key of its own."""
        return self.layer.locate(self.at if self.key_at is None else self.key_at)

    def losers(self) -> Iterator[Node]:
        """The nodes that this one overrode, highest first."""
        node = self.under
        while node is not None:
            yield node
            node = node.under

    def find(self, path: Path) -> Node | None:
        """The node at `path` below this one, or None."""
        node = self
        for part in path:
            if type(node.value) not in (dict, list):  # text has positions too, but nothing stands at them
                return None
            try:
                node = node.value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return node

    def without(self, path: Path) -> Node:
        """The same without the key at `path`, which is there, and without the mappings that this leaves empty."""
        key, *rest = path
        values = dict(self.value)
        below = values[key].without(tuple(rest)) if rest else None
        if below is None or not below.value:
            del values[key]
        else:
            values[key] = below
        return Node(values, self.layer, self.at, self.key_at, self.under)

    def leaves(self) -> int:
        """Count the values that are set at or below this node; a node that is no mapping counts as one."""
        return sum(child.leaves() for child in self.value.values()) if type(self.value) is dict else 1

    def plain(self) -> Any:
        """The bare value, without places; nothing that can be copied is shared with the tree."""
        value = self.value
        if type(value) is dict:
            return {key: child.plain() for key, child in value.items()}
        if type(value) is list:
            return [child.plain() for child in value]
        if type(value) in _SCALARS:
            return value
        try:
            return copy.deepcopy(value)
        except Exception:  # noqa: BLE001 - a lock, a generator, anybody's `__deepcopy__`
            return value

    def __repr__(self) -> str:
        return f"Node({type(self.value).__name__} at {self.origin})"


class Broken(Node):
    """A text whose references yield nothing that another layer could be merged with.

    Attributes:
        problems: what is wrong with the references.
    """

    __slots__ = ("problems",)

    def __init__(self, node: Node, problems: list[Problem]) -> None:
        super().__init__(node.value, node.layer, node.at, node.key_at, node.under)
        self.problems = problems


def refers(node: Node) -> bool:
    """True if a text at or below the node may hold a reference."""
    value = node.value
    if type(value) is str:
        return "${" in value and node.layer.references
    if type(value) is dict:
        return any(map(refers, value.values()))
    return type(value) is list and any(map(refers, value))


class Tree:
    """Result of reading one source.

    Attributes:
        root: a node whose value is a dict; for a flat source the keys are names such as
            `DATABASE__POOL__SIZE`, to be fitted to the schema.
        flat: whether the keys of `root` are such names.
        problems: what was wrong with the input; the tree holds what could be read all the same.
        lines: the text of the input, split in lines, for the frames of diagnostics; dropped after the load.
        complete: False when reading stopped early, so that "missing" cannot be told.
        blank: True if the input holds nothing at all; None: judged by the root and the lines, where `{}` is something.
    """

    __slots__ = ("_blank", "complete", "flat", "lines", "problems", "root")

    def __init__(
        self,
        root: Node,
        *,
        flat: bool = False,
        problems: tuple[Problem, ...] = (),
        lines: list[str] | None = None,
        complete: bool = True,
        blank: bool | None = None,
    ) -> None:
        self.root = root
        self.flat = flat
        self.problems = problems
        self.lines = lines
        self.complete = complete
        self._blank = blank

    @property
    def blank(self) -> bool:
        """True if the input holds nothing at all."""
        if self.root.value or self._blank is not None:
            return bool(self._blank) and not self.root.value
        if self.root.at is None:
            return not any(map(str.strip, self.lines or ()))
        place = self.root.origin
        return (place.line, place.column) == (place.end_line, place.end_column)


class Source(Protocol):
    """Protocol of a source: it reads one input into a tree of values with origins."""

    def load(self) -> Tree:
        """Read the input now. Called at every load and reload, perhaps by several threads at once, without a deadline.

        Returns:
            The tree. Invalid input is never raised, but returned in `Tree.problems`; the valid part is in the tree.
        """
        ...


def wrong_sources(sources: Iterable[object]) -> str:
    """Return the fault of a value of the option `sources`; "" if there is none."""
    for source in sources:
        if isinstance(source, type) or not callable(getattr(source, "load", None)):
            what = f"the class {source.__name__}" if isinstance(source, type) else f"a {type(source).__name__}"
            return f"option `sources` is a list of objects with `load() -> Tree`, and {what} is none"
    return ""
