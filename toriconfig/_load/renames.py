"""Moving of values from renamed keys to their current keys, and warnings of renamed and deprecated keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toriconfig._core.path import Path, show
from toriconfig._core.problem import Code, Problem, Related
from toriconfig._core.tree import Node
from toriconfig._schema.renames import Renamed, own
from toriconfig._schema.shape import ANY, Field, Shape

Variable = Callable[[Path], str | None]
"""Function that returns the name of the variable that sets the key at a path, or None."""


def up_to_date(root: Node, shape: Shape, problems: list[Problem], variable: Variable) -> Node:
    """Return `root` with the values of renamed keys moved to the current keys. A value already there is kept.

    Each renamed key, and each deprecated key, in `root` adds a warning to `problems`.
    """
    return _Walk(problems, variable).node(root, shape, ())


class _Walk:
    def __init__(self, problems: list[Problem], variable: Variable) -> None:
        self.problems = problems
        self.variable = variable

    def node(self, node: Node, shape: Shape, path: Path) -> Node:
        value: Any = node.value
        if type(value) is list and shape.item is not None:
            value = [self.node(child, shape.child(index) or ANY, (*path, index)) for index, child in enumerate(value)]
            return Node(value, node.layer, node.at, node.key_at, node.under)
        if type(value) is not dict or shape.kind not in ("model", "mapping"):
            return node
        for one in own(shape):
            moved = node.find(one.old)
            if moved is not None:
                node = self.moved(node, moved, one, path)
        values = {}
        for key, child in node.value.items():
            field = shape.fields.get(key)
            if field is not None and field.info.deprecated:
                self.problems.append(_deprecated(child, field, (*path, key)))
            below_key = shape.child(key)
            values[key] = self.node(child, below_key, (*path, key)) if below_key is not None else child
        return Node(values, node.layer, node.at, node.key_at, node.under)

    def moved(self, root: Node, node: Node, key: Renamed, path: Path) -> Node:
        root = root.without(key.old)
        there = root.find(key.new)
        flat = node.layer.kind in ("env", "dotenv", "secrets_dir")
        self.problems.append(self.problem(node, there, key, path, flat=flat))
        return _with(root, key.new, node if there is None else _beneath(there, node))

    def problem(self, node: Node, there: Node | None, key: Renamed, path: Path, *, flat: bool) -> Problem:
        new = show((*path, *key.new))
        variable = self.variable((*path, *key.new)) if flat else None
        what = f"set {variable} instead" if variable else f"rename it to `{new}`"
        related: tuple[Related, ...] = ()
        if there is not None and type(there.value) is dict:
            what = f"move its keys to `{new}`"
        elif there is not None:
            what = f"delete it: `{new}` is set too, and is used"
            related = (Related(there.key_origin, "this one counts"),)
        beside = key.old[:-1] == key.new[:-1] and there is None and not flat
        return Problem(
            Code.DEPRECATED_KEY,
            show((*path, *key.old)),
            node.key_origin,
            expected=f"`{new}`",
            help=what,
            message=f"`{show((*path, *key.old))}` is deprecated: it is `{new}` now",
            label="deprecated",
            severity="warning",
            related=related,
            fix=str(key.new[-1]) if beside else None,
        )


def _deprecated(node: Node, field: Field, path: Path) -> Problem:
    said = field.info.deprecated
    words = said if isinstance(said, str) else getattr(said, "message", "")
    return Problem(
        Code.DEPRECATED_KEY,
        show(path),
        node.key_origin,
        expected="no such key",
        help=words or "see the schema for what to use instead",
        message=f"`{show(path)}` is deprecated",
        label="deprecated",
        severity="warning",
    )


def _beneath(high: Node, low: Node) -> Node:
    """Return `high` with the keys that only `low` sets, at any depth; `high` if `high` or `low` is no mapping."""
    if type(high.value) is not dict or type(low.value) is not dict:
        return high
    values = dict(low.value)
    for key, node in high.value.items():
        values[key] = _beneath(node, values[key]) if key in values else node
    return Node(values, high.layer, high.at, high.key_at, high.under)


def _with(root: Node, path: Path, node: Node) -> Node:
    """Return `root` with `node` at `path`. If a parent on the path is not a mapping, return `root` unchanged."""
    if not path:
        return node
    if type(root.value) is not dict:
        return root
    key, *rest = path
    below = root.value.get(key) or Node({}, node.layer, node.at, node.key_at)
    values = {**root.value, key: _with(below, tuple(rest), node)}
    return Node(values, root.layer, root.at, root.key_at, root.under)
