"""The tree that every source returns: nodes with values and positions.

To save time, a node holds a simple position `at` instead of an `Origin`. The layer of the node creates the `Origin`
on demand.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self

from toriconfig._core.origin import Origin, OriginKind
from toriconfig._core.path import Path
from toriconfig._core.value import Value

if TYPE_CHECKING:
    from toriconfig._core.problem import Problem


_SCALARS = frozenset({str, int, float, bool, type(None), bytes})


class Layer:
    """The layer of a node: its kind, its name, and the conversion of positions to origins.

    Args:
        kind: the kind of layer in origins, see `Origin.layer`.
        name: name for messages, such as a file, `.env` or `environment`.
        locate: function that converts the position `at` of a node into an `Origin`.
        references: True if strings may hold `${...}` references (YAML, JSON and overrides).
        text: True if values are text to convert to the types of the fields (variables, secret files).

    Attributes:
        resolved: True if the references were already resolved. A remaining `${` in a value is then literal.
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
        """Name that determines the precedence: `files` for a custom source, else the kind."""
        return "files" if self.kind == "source" else self.kind

    @property
    def settled(self) -> Layer:
        """A copy of this layer with `resolved=True` and `references=False`, for values whose references were resolved.

        If `references` of this layer is already False, the result is this layer itself.
        """
        if not self.references:
            return self
        if self._settled is None:
            self._settled = Layer(self.kind, self.name, self.locate)
            self._settled.resolved = True
        return self._settled

    @property
    def worded(self) -> Layer:
        """A copy of this layer with `resolved=True` and `text=True`, for text from a referenced variable or file."""
        if self._worded is None:
            self._worded = Layer(self.kind, self.name, self.locate, text=True)
            self._worded.resolved = True
        return self._worded

    def __repr__(self) -> str:
        return f"Layer({self.kind!r}, {self.name!r})"


class Key(str):
    """Text of a mapping key that a file spells as a number or word, such as `8080` or `true`.

    `value` is the parsed key, such as the int 8080.
    """

    __slots__ = ("value",)
    value: Any
    seen: ClassVar = False
    """True if this process has created a `Key`. If not, no tree needs to be searched for one."""

    def __new__(cls, text: str, value: Any) -> Self:
        key = super().__new__(cls, text)
        key.value = value
        Key.seen = True
        return key

    def __reduce__(self) -> tuple[type[Key], tuple[str, Any]]:
        return Key, (str(self), self.value)


class Positions(dict[int, Any]):
    """Some items of a list, by position. `XS__0=a` sets the first item; lower layers set the others."""

    __slots__ = ()


class Node:
    """A value of one layer.

    Attributes:
        value: `dict[str, Node]`, `list[Node]`, `Positions` (some items of a list), or a scalar (str, int, float,
            bool, None, a `Secret`).
        layer: the layer of the value.
        at: position of the value, in the form that `layer.locate` takes.
        key_at: position of the key of the value, or None if the value has no key.
        under: the node of a lower layer that this node overrides, or None.
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
        """Origin of the key, or of the value if the node has no key."""
        return self.layer.locate(self.at if self.key_at is None else self.key_at)

    def losers(self) -> Iterator[Node]:
        """Yield the nodes that this node overrides, highest layer first."""
        node = self.under
        while node is not None:
            yield node
            node = node.under

    def find(self, path: Path) -> Node | None:
        """Return the node at `path` below this node, or None if there is none."""
        node = self
        for part in path:
            if type(node.value) not in (dict, list):  # a string can be indexed too, but contains no nodes
                return None
            try:
                node = node.value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return node

    def without(self, path: Path) -> Node:
        """Return a copy of this node without the key at `path`, which must exist.

        Mappings on the path that become empty are removed too.
        """
        key, *rest = path
        values = dict(self.value)
        below = values[key].without(tuple(rest)) if rest else None
        if below is None or not below.value:
            del values[key]
        else:
            values[key] = below
        return Node(values, self.layer, self.at, self.key_at, self.under)

    def leaves(self) -> int:
        """Return the number of values at or below this node; a node that is not a mapping counts as one."""
        return sum(child.leaves() for child in self.value.values()) if type(self.value) is dict else 1

    def plain(self) -> Any:
        """Return the value as plain data without nodes. Objects are copied, if they can be copied."""
        value = self.value
        if type(value) is dict:
            return {key: child.plain() for key, child in value.items()}
        if type(value) is list:
            return [child.plain() for child in value]
        if type(value) in _SCALARS:
            return value
        try:
            return copy.deepcopy(value)
        except Exception:  # noqa: BLE001 - a lock, a generator, any `__deepcopy__`
            return value

    def __repr__(self) -> str:
        return f"Node({type(self.value).__name__} at {self.origin})"


class Broken(Node):
    """Node of a text with references that could not be resolved. Such a node cannot be merged with other layers.

    Attributes:
        problems: the problems of the references.
    """

    __slots__ = ("problems",)

    def __init__(self, node: Node, problems: list[Problem]) -> None:
        super().__init__(node.value, node.layer, node.at, node.key_at, node.under)
        self.problems = problems


def refers(node: Node) -> bool:
    """Return True if the node or a node below it holds `${` in a layer that allows references."""
    value = node.value
    if type(value) is str:
        return "${" in value and node.layer.references
    if type(value) is dict:
        return any(map(refers, value.values()))
    return type(value) is list and any(map(refers, value))


class Tree:
    """Result of reading one source.

    Attributes:
        root: a node whose value is a dict.
        flat: True if the keys of `root` are names such as `DATABASE__POOL__SIZE`, to be matched with the schema
            later.
        problems: the problems of the input. The tree holds the valid part.
        lines: the lines of the input, for reports; dropped after the load.
        complete: False if reading stopped early. Missing keys are then not reported.
        blank: True if the input is empty; `{}` is not empty. If the constructor argument `blank` is None, this
            attribute is computed from `root` and `lines`.
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
        """True if the input is empty."""
        if self.root.value or self._blank is not None:
            return bool(self._blank) and not self.root.value
        if self.root.at is None:
            return not any(map(str.strip, self.lines or ()))
        place = self.root.origin
        return (place.line, place.column) == (place.end_line, place.end_column)


class Source(Protocol):
    """Protocol of a source: an object that reads one input into a tree."""

    def load(self) -> Tree:
        """Read the input now, and return its tree.

        Every load and reload calls this method, perhaps in several threads at once. There is no time limit.

        Returns:
            The tree with the valid part of the input. Invalid input is never raised, but returned in `Tree.problems`.
        """
        ...


def wrong_sources(sources: Iterable[object]) -> str:
    """Return the message for an invalid value of the option `sources`; "" for a valid value."""
    for source in sources:
        if isinstance(source, type) or not callable(getattr(source, "load", None)):
            what = f"the class {source.__name__}" if isinstance(source, type) else f"a {type(source).__name__}"
            return f"option `sources` is a list of objects with `load() -> Tree`, but contains {what}"
    return ""


Shown = Literal["nothing", "keys", "lines"]
SHOWN: tuple[Shown, ...] = ("nothing", "keys", "lines")


class Format(Value):
    """A format of settings files.

    Attributes:
        name: name for messages, such as "INI".
        endings: the file extensions, with the dot, in lower case.
        reader: `read(text, name) -> Tree`, or its "module:function", imported when a file of the format is read.
            The text is decoded from UTF-8 with line feeds as line breaks; the tree is built by `tree(values, name,
            kind="files")`. An exception of the reader becomes a problem that shows its type and its line.
        shows: the part of a file's lines that problems show. "nothing": no line. "keys": `NAME=`, as for a `.env`
            file, with the rest masked. "lines": the lines, with two sorts of text masked. First, text that would be
            masked in a YAML file, such as the text after `password:`. Second, the values of `Secret` fields. For
            this, the reader passes the position of each value to `tree`, as the argument `places`. For a value of
            several lines, the position must have four numbers: start and end.
        empty: how to write a file without values, such as "`{}`". The message about a blank file names it.
        tables: True: the reader has an argument `table`: the keys of the table to read, as for TOML files.
        raw: True: the reader takes the bytes, `kind` and `limits`, returns one tree per document, and reports all
            problems itself. Only for formats of this package.
    """

    name: str
    endings: tuple[str, ...]
    reader: str | Callable[..., Any]
    shows: Shown = "nothing"
    empty: str = "a comment"
    tables: bool = False
    raw: bool = False

    @property
    def function(self) -> Callable[..., Any]:
        """The reader. If it is given as "module:function", it is imported now."""
        if not isinstance(self.reader, str):
            return self.reader
        module, _, function = self.reader.partition(":")
        found: Callable[..., Any] = getattr(__import__(module, fromlist=["*"]), function)
        return found
