"""Replaces `${...}` in the merged tree, in one pass: what a reference yields is never scanned again.

In plain fields every reference becomes its value. In the value of a `Secret` field, references to Vault, to files
and to other secrets stay what they are, a `Template`, from which the next station makes a handle.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from toriconfig import _path
from toriconfig._path import Path, show
from toriconfig._references import Malformed, Reference, parse
from toriconfig._shape import ANY, Shape
from toriconfig._tree import Node
from toriconfig.errors import Problem

_OPEN = "${"


class Template:
    """The value of a secret field, not fetched yet: pieces of text, references, and paths of other secrets."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[str | Reference | Path]) -> None:
        self.parts = parts

    def __repr__(self) -> str:
        return "Template(...)"


_FAILED = Template([])
"""Stands where a reference could not be resolved; its problem is told already."""


class _Run:
    """One resolution of one tree."""

    def __init__(
        self,
        root: Node,
        shape: Shape,
        environ: Mapping[str, str] | None,
        profile: str | None,
        read_file: Callable[[str], str | Problem],
        problems: list[Problem],
    ) -> None:
        self.root = root
        self.shape = shape
        self.environ = environ
        self.profile = profile
        self.read_file = read_file
        self.problems = problems
        self.done: dict[int, Any] = {}
        self.open: list[Path] = []

    def node(self, node: Node, shape: Shape, path: Path) -> Node:
        """`node` with everything below it resolved; the same object when nothing changed."""
        value = node.value
        layer = node.layer
        kind = type(value)
        if kind is str:
            if _OPEN in value and layer.references:
                value, layer = self.text(node, shape, path), layer.settled
        elif kind is dict:
            below = {key: self.node(child, self._child(shape, key), (*path, key)) for key, child in value.items()}
            value = below if any(below[key] is not value[key] for key in below) else value
        elif kind is list:
            item = shape.item or ANY
            items = [self.node(child, item, (*path, index)) for index, child in enumerate(value)]
            value = items if any(a is not b for a, b in zip(items, value, strict=True)) else value
        under = node.under
        if under is not None and shape.kind == "secret":  # a loser may be what says where Vault is asked
            under = self.node(under, shape, path)
        if value is node.value and under is node.under:
            return node
        return Node(value, layer, node.at, node.key_at, under)

    def _child(self, shape: Shape, key: str) -> Shape:
        if shape.kind == "secret":
            return shape
        return shape.child(key) or ANY

    def text(self, node: Node, shape: Shape, path: Path) -> Any:
        """What the string at `path` becomes; once a node, however often it is referred to."""
        known = self.done.get(id(node), self)
        if known is not self:
            return known
        if path in self.open and path:
            chain = " -> ".join(show(step) for step in (*self.open[self.open.index(path) :], path))
            self._problem("TC303", node, path, f"references form a cycle: {chain}", "no cycle", "break it at one of them")
            return _FAILED
        parts = parse(node.value)
        if isinstance(parts, Malformed):
            self._problem(parts.code, node, path, parts.message, parts.expected, parts.help)
            return _FAILED
        self.open.append(path)
        values = [part if isinstance(part, str) else self._value(part, node, shape, path) for part in parts]
        self.open.pop()
        result = self._joined(values, shape)
        self.done[id(node)] = result
        return result

    def _joined(self, values: list[Any], shape: Shape) -> Any:
        if any(value is _FAILED for value in values):
            return _FAILED
        lazy = any(isinstance(value, (Reference, tuple, Template)) for value in values)
        if not lazy:
            return values[0] if len(values) == 1 else "".join(map(_spelt, values))
        parts: list[str | Reference | Path] = []
        for value in values:
            if isinstance(value, Template):
                parts.extend(value.parts)
            else:
                parts.append(value if isinstance(value, (Reference, tuple)) else _spelt(value))
        return Template(parts)

    def _value(self, reference: Reference, node: Node, shape: Shape, path: Path) -> Any:
        secret = shape.kind == "secret"
        if reference.kind == "profile":
            return _FAILED if self.environ is None else self.profile or ""
        if reference.kind == "env":
            return self._env(reference, node, path)
        if reference.kind == "key":
            return self._key(reference, node, path, secret)
        if secret:
            return reference
        if reference.kind == "vault":
            return self._refused(node, path, f"`${{vault:{reference.name}}}`")
        text = self.read_file(reference.name)
        if isinstance(text, Problem):
            self._problem(text.code, node, path, text.message, text.expected, text.help)
            return _FAILED
        return text

    def _env(self, reference: Reference, node: Node, path: Path) -> Any:
        if self.environ is None:
            return _FAILED
        value = self.environ.get(reference.name)
        if value or (value is not None and reference.default is None and reference.hint is None):
            return value
        if reference.default is not None:
            return reference.default
        self._problem(
            "TC304",
            node,
            path,
            f"variable `{reference.name}` is not set",
            f"`{reference.name}` in the environment",
            reference.hint or f"set {reference.name}, or write `${{env:{reference.name}:-default}}`",
        )
        return _FAILED

    def _key(self, reference: Reference, node: Node, path: Path, secret: bool) -> Any:
        target = _path.parse(reference.name)
        shape = self.shape.at(target)
        found = self.root.find(target)
        if shape is not None and shape.kind == "secret":
            if not secret:
                return self._refused(node, path, f"`${{{reference.name}}}`, which is a secret,")
            if found is not None and type(found.value) is str and _OPEN in found.value and found.layer.references:
                return _FAILED if self.text(found, shape, target) is _FAILED else target  # finds a cycle
            return target
        if found is None:
            default = self._default(target)
            if default is not None:
                return default
            if shape is None or self.environ is not None:
                self._missing(reference, node, path, shape)
            return _FAILED
        if type(found.value) is str and _OPEN in found.value and found.layer.references:
            return self.text(found, shape or ANY, target)
        if type(found.value) in (dict, list):
            self._problem(
                "TC304", node, path, f"`{reference.name}` is not a scalar", "the key of a scalar", "name one of its keys"
            )
            return _FAILED
        return found.value

    def _default(self, target: Path) -> Any:
        parent = self.shape.at(target[:-1])
        field = parent.fields.get(str(target[-1])) if parent is not None else None
        default = field.default() if field is not None and not field.required else None
        return default if isinstance(default, (str, int, float)) else None

    def _missing(self, reference: Reference, node: Node, path: Path, shape: Shape | None) -> None:
        from toriconfig._near import near

        known = [show((*path[:-1], key)) for key in (self.shape.at(path[:-1]) or self.shape).fields]
        candidate = near(reference.name, [*known, *self.shape.fields]) if shape is None else None
        remedy = f"did you mean `${{{candidate}}}`?" if candidate else f"set `{reference.name}` in some layer"
        self._problem("TC304", node, path, f"`{reference.name}` is not set", "a key that is set", remedy)

    def _refused(self, node: Node, path: Path, what: str) -> Any:
        self._problem(
            "TC302",
            node,
            path,
            f"{what} in a plain field",
            "a field of type `Secret`",
            f"declare `{show(path)}` as `Secret[...]` in the schema, or write a plain value",
        )
        return _FAILED

    def _problem(self, code: str, node: Node, path: Path, message: str, expected: str, remedy: str) -> None:
        self.problems.append(Problem(code, show(path), node.origin, expected, remedy, message))


def resolve(
    root: Node,
    shape: Shape,
    *,
    within: Node | None = None,
    environ: Mapping[str, str] | None,
    profile: str | None,
    read_file: Callable[[str], str | Problem],
    problems: list[Problem],
) -> Node:
    """The tree with its references resolved; what cannot be resolved is a problem and a `Template` without parts.

    Args:
        environ: the variables; None: nothing but the tree is known, so what others could say is no problem.
        within: the tree in which `${other.key}` is looked up; None: `root` itself.
    """
    return _Run(within or root, shape, environ, profile, read_file, problems).node(root, shape, ())


def failed(value: Any) -> bool:
    """Whether `value` stands where a reference failed."""
    return value is _FAILED


def without_failed(node: Node) -> Node:
    """`node` without the values whose references failed, so that nothing more is said of them."""
    value = node.value
    if type(value) is dict:
        value = {key: without_failed(child) for key, child in value.items() if child.value is not _FAILED}
    elif type(value) is list:
        value = [without_failed(child) for child in value if child.value is not _FAILED]
    else:
        return node
    return Node(value, node.layer, node.at, node.key_at, node.under)


def _spelt(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
