"""The state of reading a YAML text, with the rare cases that the loop over the events does not handle itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from yaml.error import Mark

from toriconfig._core.origin import Origin
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Key, Layer, Node, Tree
from toriconfig.sources.yaml.findings import END_BITS, Findings, Frame, Stop, Where, position
from toriconfig.sources.yaml.scalars import CORE, CORE_SCALARS, MERGE, MISSING, REFUSED, TooLong, number, plain, tagged

if TYPE_CHECKING:
    from toriconfig.sources.read_file import Limits
    from toriconfig.sources.yaml.standins import Restore


class Anchor:
    """Target of an anchor.

    Attributes:
        node: the node.
        spelling: the text of a scalar; None for a collection.
        size: the number of nodes at and below the node; None while the collection is not complete.
    """

    __slots__ = ("node", "size", "spelling")

    def __init__(self, node: Node, spelling: str | None, size: int | None) -> None:
        self.node = node
        self.spelling = spelling
        self.size = size


class Reading:
    """Intermediate result of reading one text.

    Attributes:
        trees: the completed documents.
        root: the root of the current document, or None.
        anchors: dict from the name of each anchor to its `Anchor`, or to None if the anchor was rejected.
        found: the problems of the current document.
        bad_at: index of an invalid character that stopped the parser, or None. The parser reads ahead, so a part of
            the text before this character is not parsed yet.
    """

    def __init__(self, layer: Layer, limits: Limits, text: str, lines: list[str], *, restore: Restore | None) -> None:
        self.layer = layer
        self.limits = limits
        self.trees: list[Tree] = []
        self.root: Node | None = None
        self.anchors: dict[str, Any] = {}
        self.found = Findings(layer, restore)
        self.bad_at: int | None = None
        self._text = text
        self._lines = lines
        self._restore = restore
        self._start: Any = None
        self._shared = False
        self._refused: list[dict[Any, Node]] = []
        self._odd: dict[int, dict[Any, str]] = {}

    # documents

    def begin(self, event: Any) -> None:
        """Start a document.

        Raises:
            Stop: there are too many documents.
        """
        if len(self.trees) >= self.limits.max_documents:
            self.found.many_documents(event, self.limits.max_documents)
        self._start = position(event)

    def finish(self) -> None:
        """Complete the current document, and add it to `trees`."""
        for mapping in self._refused:
            mapping.pop(REFUSED, None)
        self._refused.clear()
        root, self.root = self.root, None
        if root is not None and self._shared:
            from toriconfig.sources.yaml.tree import unshare

            deep = unshare(root, self.limits.max_depth)
            if deep is not None:
                self.found.deep(deep.origin, self.limits.max_depth)
                root = None
        if root is not None and self._restore is not None:
            from toriconfig.sources.yaml.tree import restore_tree

            restore_tree(root, self._restore)
        start = self._start if root is None else root.at
        if root is None or type(root.value) is not dict:
            if root is not None and self.found.complete and not _is_nothing(root):
                self.found.top_level(root)
            root = Node({}, self.layer, start)
        found = self.found
        self.trees.append(Tree(root, problems=tuple(found.problems), lines=self._lines, complete=found.complete))
        self._start = None
        self._shared = False
        self._odd.clear()
        self.anchors.clear()
        self.found = Findings(self.layer, self._restore)

    def cut(self, stack: list[Frame], mapping: Any, event: Any, gave_up: Any = None) -> None:
        """Complete a document that cannot be read to its end. Remove values that may continue in the unread part.

        Args:
            stack: the collections that enclose the current one.
            mapping: the current mapping, or None.
            event: the last event.
            gave_up: the mark at which the parser stopped; None if a limit ended the reading.
        """
        self.found.complete = False
        if self._start is None and self.trees:  # between two documents: the problem belongs to the previous one
            self.trees[-1].problems += tuple(self.found.problems)
            self.trees[-1].complete = False
            return
        if mapping is not None:
            mapping.pop(MERGE, None)
            last = next(reversed(mapping), None)
            at = mapping[last].at if last is not None else None
            end = event.end_mark
            if gave_up is not None and at is not None and _end(at) == end.index and gave_up.line <= end.line:
                del mapping[last]  # this value is on the line of the error
        for outer, items, key, _, _, _, flow in stack:
            if outer is not None:
                outer.pop(MERGE, None)
            if flow:
                if outer is not None:
                    outer.pop(key, None)
                elif items is not None:
                    items.pop()
                else:
                    self.root = None
                break
        self.finish()

    # keys

    def key(self, event: Any, where: Where) -> Any:
        """Return the mapping key for an alias or an unusual scalar, such as `<<` or a scalar with a tag.

        If the key is rejected, record the problem and return `REFUSED`.
        """
        tag, anchor = getattr(event, "tag", None), event.anchor
        spelling = getattr(event, "value", None)
        if spelling is None:
            known = self.anchors.get(anchor)
            return self.refuse_key(event, where) if known is None or known.spelling is None else known.spelling
        if tag not in (None, "!", f"{CORE}merge") and tag not in CORE_SCALARS:
            self.found.tag(event, where)
            return self._read_and_forget(where)
        untagged = tag is None and event.implicit[0]
        if anchor is not None:
            node = Node(plain(spelling) if untagged else spelling, self.layer, position(event))
            self.anchors[anchor] = Anchor(node, spelling, 1)
        if spelling == "<<" and (tag == f"{CORE}merge" or untagged):
            return MERGE
        if not spelling and untagged:
            return self.refuse_key(event, where)
        return self.number_key(event, where) if tag is None and spelling else spelling

    def number_key(self, event: Any, where: Where) -> str:
        """Return the text of a mapping key. For a number, or a word such as `true`, return the text as a `Key`.

        A `Key` is a str that also holds the parsed value. If the mapping already has a key with an equal parsed value
        and another spelling, add the problem of a duplicate key.
        """
        spelling: str = event.value
        value = plain(spelling) if event.implicit[0] else spelling
        if type(value) is str:
            return spelling
        mapping, known = where[1], self._odd.get(id(where[1]))
        if known is not None or type(value) is not int or str(value) != spelling:
            if known is None:
                known = self._odd[id(mapping)] = {key.value: key for key in mapping if type(key) is Key}
            first = known.setdefault(value, spelling)
            if first != spelling and first in mapping:
                self.found.duplicate(position(event), (*where[:3], first))
        return Key(spelling, value)

    def refuse_key(self, event: Any, where: Where) -> Any:
        """Record the problem of a key that is a mapping, a list or empty, and return `REFUSED`.

        The value of the key is read, and discarded at the end of the document.
        """
        self.found.key(event, where)
        return self._read_and_forget(where)

    def _read_and_forget(self, where: Where) -> Any:
        self._refused.append(where[1])
        return REFUSED

    # values

    def tagged(self, event: Any, where: Where) -> Any:
        """Return the value of a scalar with a tag; `MISSING` after a problem."""
        try:
            value = tagged(event.value, event.tag)
        except KeyError:
            self._refuse_tag(event, where)
            return MISSING
        except TooLong:
            self.found.long_number(event, where)
            return MISSING
        if value is MISSING:
            self.found.misfit(event, where)
        return value

    def number(self, event: Any, where: Where) -> Any:
        """Return the value of a plain scalar that starts like a number.

        If the number has too many digits, add a problem, and return `MISSING` instead of the value.
        """
        try:
            value = number(event.value)
        except TooLong:
            self.found.long_number(event, where)
            return MISSING
        if type(value) is not float:
            self.found.differs(event, value, where)
        return value

    def fits(self, event: Any, is_mapping: bool, where: Where) -> bool:
        """Return True if a collection has no tag, or has the tag of YAML's core schema for a mapping or a list.

        For any other tag, record a problem and return False.
        """
        if event.tag in (None, "!", f"{CORE}map" if is_mapping else f"{CORE}seq"):
            return True
        self._refuse_tag(event, where)
        return False

    def skip(self, get_event: Callable[[], Any], depth: int) -> None:
        """Skip the collection that has just begun at `depth`.

        Raises:
            Stop: a collection in it is nested too deeply; the problem is recorded.
        """
        open_ = 1
        while open_:
            event = get_event()
            name = type(event).__name__
            open_ -= name in ("MappingEndEvent", "SequenceEndEvent")
            if name in ("MappingStartEvent", "SequenceStartEvent"):
                open_ += 1
                if depth + open_ > self.limits.max_depth:
                    self.too_deep(event)

    def alias(self, event: Any, where: Where) -> Anchor | None:
        """Return the anchor of an alias; None if the anchor is unknown, rejected, or not yet complete.

        An anchor that is unknown or not yet complete adds a problem.
        """
        self._shared = True
        known: Anchor | None = self.anchors.get(event.anchor)
        if known is None:
            if event.anchor not in self.anchors:
                self.found.unknown_alias(event, where)
            return None
        if known.size is None:
            self.found.endless_alias(event, known.node, where)
            return None
        return known

    def merge(self, mapping: dict[Any, Node], where: Where) -> None:
        """Apply the merge key of a complete mapping, or record its problem."""
        from toriconfig.sources.yaml.tree import merge

        wrong = merge(mapping)
        if wrong is not None:
            self.found.merge(wrong, where)

    def _refuse_tag(self, event: Any, where: Where) -> None:
        self.found.tag(event, where)
        if event.anchor is not None:
            self.anchors[event.anchor] = None

    # what ends the reading

    def too_deep(self, event: Any) -> NoReturn:
        """Record that collections are nested too deeply, and raise `Stop`."""
        self.found.deep(self.found.at(event), self.limits.max_depth)
        raise Stop

    def syntax(self, error: Any, stack: list[Frame]) -> None:
        """Record the problem of a syntax error of the parser."""
        from toriconfig.sources.yaml.errors import syntax_problem

        opened = None
        if stack and stack[-1][6]:
            outer, items, key = stack[-1][:3]
            node: Any = outer[key] if outer is not None else items[-1] if items is not None else self.root
            opened = _mark(node.origin)
        self.found.problems.append(syntax_problem(error, opened, self._place_of, self._lines))

    def unreadable(self, error: Exception, event: Any) -> None:
        """Record the problem of an invalid escape in a tag, or set `bad_at` to the index of an invalid character."""
        offset = getattr(error, "position", None)
        if offset is None:
            origin = self._place_of(event.end_mark)
            self.found.problems.append(Problem(Code.INVALID_SYNTAX, origin=origin, message="a tag that is not text"))
        elif isinstance(getattr(error, "character", None), int):  # libyaml, which counts bytes
            self.bad_at = len(self._text.encode()[:offset].decode("utf-8", "ignore"))
        else:
            self.bad_at = offset

    def _place_of(self, mark: Any) -> Origin:
        # At the end of a text without a last newline, the line of the mark is one more than that of its index.
        line, column = mark.line + 1, mark.column + 1
        return Origin(self.layer.kind, self.layer.name, line, column, line, column)


def _mark(origin: Origin) -> Mark:
    """Return the start of an origin as a mark of the parser."""
    return Mark(origin.source, 0, (origin.line or 1) - 1, (origin.column or 1) - 1, None, 0)


def _is_nothing(root: Node) -> bool:
    return root.value is None and root.at >> END_BITS == _end(root.at)


def _end(at: int) -> int:
    return at & ((1 << END_BITS) - 1)
