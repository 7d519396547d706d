"""Keys that have another name or place by now, and keys that are deprecated: they keep working, with a warning each.

A model says which in `model_config`, as dotted paths from itself: `SettingsConfigDict(renamed={"pool_size":
"pool.max_size"})`; for the schema itself `load` and `lazy` take the same option. What is to go without a successor is
`Field(deprecated="...")`, as everywhere in pydantic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from toriconfig._path import Path, parse, show
from toriconfig._shape import ANY, Field, Shape, within
from toriconfig._tree import Node
from toriconfig.errors import Problem, Related

Variable = Callable[[Path], str | None]
"""The variable that sets the key at a path, or None."""


class Renamed(NamedTuple):
    """One key that has moved: from where, to where, and what may stand there."""

    old: Path
    new: Path
    shape: Shape


def renamed(shape: Shape) -> list[Renamed]:
    """Every renamed key of the schema, by its whole path; those inside lists and free mappings apart.

    Raises:
        TypeError: a model renames a key to one that it does not have.
    """
    return list(_everywhere(shape, (), frozenset())) if _outdated(shape) else []


def current(path: Path, shape: Shape) -> Path:
    """The path by which the schema knows a key now; the same one for a key that was not renamed."""
    for _ in range(len(path)):  # below a renamed section another key may be renamed
        for old, new, _shape in renamed(shape):
            if path[: len(old)] == old:
                path = (*new, *path[len(old) :])
                break
    return path


def has_renamed(shape: Shape) -> bool:
    """Whether any model of the schema renames a key."""
    return any(map(_renames, within(shape)))


def up_to_date(root: Node, shape: Shape, problems: list[Problem], variable: Variable) -> Node:
    """`root` with renamed keys at their place of today, and a warning for each, and for each deprecated one."""
    return _Walk(problems, variable).node(root, shape, ()) if _outdated(shape) else root


def referred(old: Path, new: Path, node: Node, path: Path) -> Problem:
    """The warning of a reference at `path` that uses an old key."""
    return Problem(
        "TC107",
        show(path),
        node.origin,
        expected=f"`${{{show(new)}}}`",
        help=f"write `${{{show(new)}}}` instead",
        message=f"`${{{show(old)}}}` is deprecated: it is `${{{show(new)}}}` now",
        label="deprecated",
        severity="warning",
    )


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
        for old, new, below in _own(shape):
            moved = node.find(old)
            if moved is not None:
                node = self.moved(node, moved, Renamed(old, new, below), path)
        values = {}
        for key, child in node.value.items():
            field = shape.fields.get(key)
            if field is not None and field.info.deprecated:
                self.problems.append(_deprecated(child, field, (*path, key)))
            below_key = shape.child(key)
            values[key] = self.node(child, below_key, (*path, key)) if below_key is not None else child
        return Node(values, node.layer, node.at, node.key_at, node.under)

    def moved(self, root: Node, node: Node, key: Renamed, path: Path) -> Node:
        root = without(root, key.old)
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
            what = f"move what is below it to `{new}`"
        elif there is not None:
            what = f"delete it: `{new}`, which is set too, is what counts"
            related = (Related(there.key_origin, "this one counts"),)
        beside = key.old[:-1] == key.new[:-1] and there is None and not flat
        return Problem(
            "TC107",
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
        "TC107",
        show(path),
        node.key_origin,
        expected="no such key",
        help=words or "see the schema for what to use instead",
        message=f"`{show(path)}` is deprecated",
        label="deprecated",
        severity="warning",
    )


def _beneath(high: Node, low: Node) -> Node:
    """`high`, with what `low` says of keys of which it says nothing."""
    if type(high.value) is not dict or type(low.value) is not dict:
        return high
    values = dict(low.value)
    for key, node in high.value.items():
        values[key] = _beneath(node, values[key]) if key in values else node
    return Node(values, high.layer, high.at, high.key_at, high.under)


_OUTDATED: WeakKeyDictionary[type[Any], bool] = WeakKeyDictionary()


def _outdated(shape: Shape) -> bool:
    """Whether anything in the schema is renamed or deprecated; found out once a class."""
    if shape.renamed:
        return True
    (model,) = shape.models if len(shape.models) == 1 else (None,)
    known = _OUTDATED.get(model) if model is not None else None
    if known is None:
        known = any(_renames(below) or _deprecates(below) for below in within(shape))
        if known:
            list(_everywhere(shape, (), frozenset()))  # what leads nowhere is told at the first load, not at first use
        if model is not None and getattr(model, "__pydantic_complete__", True):
            _OUTDATED[model] = known
    return known


def _renames(shape: Shape) -> bool:
    return shape.kind == "model" and any(map(_table, shape.models))


def _deprecates(shape: Shape) -> bool:
    return shape.kind == "model" and any(field.info.deprecated for field in shape.fields.values())


def _everywhere(shape: Shape, path: Path, seen: frozenset[type[Any]]) -> Iterator[Renamed]:
    if shape.kind != "model" or seen.intersection(shape.models):
        return
    for old, new, below in _own(shape):
        yield Renamed((*path, *old), (*path, *new), below)
    for key, field in shape.fields.items():
        if key == field.keys[0]:
            yield from _everywhere(field.shape, (*path, key), seen | set(shape.models))


def _own(shape: Shape) -> Iterator[Renamed]:
    for model in shape.models:
        for old, new in (_table(model) if shape.renamed is None else shape.renamed).items():
            target = shape.at(parse(new))
            if target is None:
                raise TypeError(f"`renamed` of {model.__name__}: `{old}` is renamed to `{new}`, which is no key of it")
            yield Renamed(parse(old), parse(new), target)


def _table(model: type[Any]) -> Mapping[str, str]:
    config: Any = getattr(model, "model_config", None) or {}
    table: Mapping[str, str] = config.get("renamed") or {}
    return table


def without(root: Node, path: Path) -> Node:
    """`root` without the key at `path`, and without the mappings that this leaves empty."""
    key, *rest = path
    values = dict(root.value)
    below = without(values[key], tuple(rest)) if rest else None
    if below is None or not below.value:
        del values[key]
    else:
        values[key] = below
    return Node(values, root.layer, root.at, root.key_at, root.under)


def _with(root: Node, path: Path, node: Node) -> Node:
    """`root` with `node` at `path`; itself where a scalar stands in the way, of which others will tell."""
    if not path:
        return node
    if type(root.value) is not dict:
        return root
    key, *rest = path
    below = root.value.get(key) or Node({}, node.layer, node.at, node.key_at)
    values = {**root.value, key: _with(below, tuple(rest), node)}
    return Node(values, root.layer, root.at, root.key_at, root.under)
