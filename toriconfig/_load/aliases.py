"""Replacement of each alias by the first key that the schema lists for the field, so that layers can be merged."""

from __future__ import annotations

from collections.abc import Iterator

from toriconfig._core.path import Path, show
from toriconfig._core.problem import Code, Problem, Related
from toriconfig._core.tree import Node
from toriconfig._schema.shape import ANY, Shape


def one_spelling(root: Node, shape: Shape, problems: list[Problem], path: Path = ()) -> Node:
    """Return `root` with each alias replaced by the first key of its field.

    If several keys in `root` set one field, keep only the key that the schema lists first, and append a warning to
    `problems` for each of the others.
    """
    if type(root.value) is not dict or shape.kind not in ("model", "mapping"):
        return root
    root = _brought_out(root, shape)
    given = root.value
    values: dict[str, Node] = {}
    changed = False
    for key, node in given.items():
        field = shape.fields.get(key)
        below = field.shape if field is not None else shape.child(key)
        new = one_spelling(node, below, problems, (*path, key)) if below is not None else node
        first = field.keys[0] if field is not None else key
        if field is not None and len(field.keys) > 1:
            best = next(known for known in field.keys if known in given)
            if best != key:
                problems.append(_twice(node, key, given[best], best, path))
                changed = True
                continue
        changed = changed or new is not node or first != key
        values[first] = new
    return Node(values, root.layer, root.at, root.key_at, root.under) if changed else root


def spelt(path: Path, shape: Shape) -> Path:
    """Return `path` with each key replaced by the key that the schema lists first for the same field.

    An `AliasPath` in `path` is replaced in the same way. Keys that are not in the schema, and all keys after a list
    index, are not changed.
    """
    if not path or isinstance(path[0], int):
        return path
    first, rest = path[0], path[1:]
    field = shape.fields.get(first)
    if field is not None:
        first = field.keys[0]
        for way, keys in _ways(shape, first):
            if path[: len(way)] == way:
                first, rest = keys[0], path[len(way) :]
                break
    return (first, *spelt(rest, shape.child(first) or ANY))


def _ways(shape: Shape, key: str) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield `(path, keys)` for each `AliasPath` that begins at `key`: its path, and the plain keys of the same field.

    An `AliasPath` is omitted if it contains a list index, or if the field has no plain key.
    """
    for name, way in [(one.name, (key, *one.path)) for one in shape.fields[key].inside or ()]:
        own = next((field.keys for field in shape.fields.values() if field.name == name and field.inside is None), ())
        if own and not any(isinstance(part, int) for part in way):
            yield way, own


def _brought_out(root: Node, shape: Shape) -> Node:
    """Return `root` with the value at each `AliasPath` of a field moved to the first key of this field.

    The keys of a field are its plain aliases, followed by its name if the class accepts the name. If `root` already
    contains a key of the field, the value is not moved.
    """
    rest, moved = root, dict[str, Node]()
    for key in root.value:
        field = shape.fields.get(key)
        for way, keys in _ways(shape, key) if field is not None and field.inside else ():
            node = root.find(way)
            if node is not None and root.value.keys().isdisjoint(keys):
                moved.setdefault(keys[0], node)
                rest = rest.without(way) if rest.find(way) is not None else rest
    return Node({**rest.value, **moved}, root.layer, root.at, root.key_at, root.under) if moved else root


def _twice(node: Node, key: str, other: Node, best: str, path: Path) -> Problem:
    return Problem(
        Code.DUPLICATE_KEY,
        show((*path, key)),
        node.key_origin,
        expected="one of the two",
        help=f"delete `{key}`, which is not in effect",
        message=f"`{key}` and `{best}` set the same field",
        label=f"`{best}` counts",
        severity="warning",
        related=(Related(other.key_origin, "this one counts"),),
    )
