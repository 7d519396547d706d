"""One spelling a key: a field that several keys set (aliases) must meet itself when layers are merged."""

from __future__ import annotations

from toriconfig._path import Path, show
from toriconfig._shape import Shape
from toriconfig._tree import Node
from toriconfig.errors import Problem, Related


def one_spelling(root: Node, shape: Shape, problems: list[Problem], path: Path = ()) -> Node:
    """`root` with each field under its first key; the same object when nothing changed.

    Of two spellings in one layer the one that pydantic would take counts, with a warning.
    """
    given = root.value
    if type(given) is not dict or shape.kind not in ("model", "mapping"):
        return root
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


def _twice(node: Node, key: str, other: Node, best: str, path: Path) -> Problem:
    return Problem(
        "TC002",
        show((*path, key)),
        node.key_origin,
        expected="one of the two",
        help=f"delete `{key}`, which is not in effect",
        message=f"`{key}` and `{best}` set the same field",
        label=f"`{best}` counts",
        severity="warning",
        related=(Related(other.key_origin, "this one counts"),),
    )
