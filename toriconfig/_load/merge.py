"""Merging of one tree over another, by these rules.

    lower layer    higher layer    result
    ───────────    ────────────    ──────────────────────────────────────────────────────────────
    –              anything        the higher value
    mapping        mapping         merged key by key. The higher mapping alone is used with Merge("replace"), and in
                                   a union of models if no model fits both mappings
    list           list            the higher list; with Merge("append" | "prepend" | "unique") both
    list           positions       the lower list with some items set by the higher layer (`XS__0=a`)
    scalar         scalar          the higher scalar
    list           scalar (*)      the higher value, which pydantic validates
    mapping        list (*)        a Problem that names both positions
    mapping        scalar (*)      a Problem that names both positions
    reference      mapping (*)     the mapping that the reference returns (`d: ${env:D}`) is merged like any other
    reference      list (*)        the list that the reference returns is merged like any other
    anything       null            None if the field accepts None. Otherwise no value is left, and one warning is added
    null           anything        the higher value, which is not merged with the values below the null
    secret         anything        the higher value; a later step may use the lower value if a backend has no value

(*) The same rule applies if the contents of the two layers are exchanged.

No tree is changed; the result shares nodes with the trees. `Node.under` of a leaf is the node that the leaf
overrides. The position of a mapping of several layers is its position in the highest file; without a file, in the
highest layer.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from toriconfig._core.origin import Origin, OriginKind
from toriconfig._core.path import Path, show
from toriconfig._core.problem import Code, Problem, Related
from toriconfig._core.tree import Broken, Layer, Node, Positions
from toriconfig._schema.shape import ANY, Shape


def merge(low: Node, high: Node, shape: Shape, problems: list[Problem], path: Path = ()) -> Node:
    """Return `high` merged over `low`, and append the conflicts to `problems`.

    Both nodes are at `path`, and `shape` is the shape of both.
    """
    below, above = low.value, high.value
    if type(above) is dict and type(below) is dict and shape.kind != "secret":
        if shape.merge == "replace" or _means_another(below, above, shape):
            return Node(above, high.layer, high.at, high.key_at, _chained(high.under, low))
        merged = dict(below)
        for key, node in above.items():
            other = merged.get(key)
            if other is None:
                merged[key] = node
            else:
                merged[key] = merge(other, node, shape.child(key) or ANY, problems, (*path, key))
        place = low if low.layer.kind == "files" and high.layer.kind != "files" else high
        return Node(merged, place.layer, place.at, place.key_at, _chained(high.under, low.under))
    if above is None and below is not None and not shape.nullable:
        problems.append(_null_problem(high, path, low))
    elif type(above) is list and type(below) is list and shape.merge not in (None, "replace"):
        above = _joined(below, above, shape.merge)
    elif type(above) is Positions and (type(below) in (list, Positions) or (type(below) is dict and shape.names)):
        above = positioned(below, above, shape, problems, path)
    elif type(low) is Broken and _adds_to(above, shape):
        problems += low.problems
    elif (type(above) is dict) is not (type(below) is dict) and _clash(low, high, shape):
        problems.append(_clash_problem(low, high, path))
    return Node(above, high.layer, high.at, high.key_at, _chained(high.under, low))


def merge_layers(trees: Iterable[tuple[OriginKind, Node]], shape: Shape) -> tuple[Node, list[Problem]]:
    """Return `(tree, problems)`: the tree merged from `trees` (lowest layer first), and the conflicts.

    Without trees, return an empty tree and [].
    """
    root, problems = Node({}, _NOTHING), list[Problem]()
    for _, tree in trees:
        root = merge(root, tree, shape, problems)
    return root, problems


_NOTHING = Layer("defaults", "nothing", lambda _at: Origin("defaults", "nothing"))


def positioned(below: Any, above: Positions, shape: Shape, problems: list[Problem], path: Path) -> Any:
    """Merge `above`, a dict from list positions to items, over `below`.

    If `below` is a list, return a list. If `above` skips a position after the end of `below`, the returned list
    ends before the skipped position, and a problem is added. If `below` is not a list, return a `Positions`.
    """
    if type(below) is dict:  # of a named tuple, by names
        below = Positions((shape.names.index(key), node) for key, node in below.items() if key in shape.names)
    items = dict(below if type(below) is Positions else enumerate(below))
    for at, node in above.items():
        low = items.get(at)
        items[at] = node if low is None else merge(low, node, shape.child(at) or ANY, problems, (*path, at))
    if type(below) is Positions:
        return Positions(items)
    return whole_list(items, problems, path)


def whole_list(items: Mapping[int, Node], problems: list[Problem], path: Path) -> list[Node]:
    """Return the values of `items`, in the order of their positions, as a list up to the first missing position.

    If `items` has later positions, a problem is appended to `problems`.
    """
    found: list[Node] = []
    for at in sorted(items):
        if at > len(found):
            problems.append(_gap(items[at], (*path, at), (*path, len(found))))
            break
        found.append(items[at])
    return found


def _gap(node: Node, path: Path, missing: Path) -> Problem:
    return Problem(
        Code.WRONG_TYPE,
        show(path),
        node.origin,
        expected=f"a position that is in the list, or the next one, `{show(missing)}`",
        help=f"set `{show(missing)}` too, or give the whole list",
        message=f"`{show(path)}` is set, and `{show(missing)}` is not",
        label="there is no item before it",
    )


def prune(root: Node, shape: Shape, problems: list[Problem]) -> Node:
    """Return `root` without each null that its field does not accept, and append one warning per null to `problems`."""
    return _pruned(root, shape, problems, ())


def _pruned(node: Node, shape: Shape, problems: list[Problem], path: Path) -> Node:
    kept: dict[str, Node] = {}
    changed = False
    for key, child in node.value.items():
        below = shape.child(key) or ANY
        if child.value is None and not below.nullable:
            said = next((loser for loser in child.losers() if loser.value is not None), None)
            problems.append(_null_problem(child, (*path, key), said))
            changed = True
            continue
        if type(child.value) is dict and below.kind in ("model", "mapping"):
            new = _pruned(child, below, problems, (*path, key))
            changed = changed or new is not child
            child = new
        kept[key] = child
    return Node(kept, node.layer, node.at, node.key_at, node.under) if changed else node


def _means_another(below: dict[str, Node], above: dict[str, Node], shape: Shape) -> bool:
    """Return True if `shape` is a union of models, and no model fits both mappings.

    The tags (`Literal` fields) of a mapping decide which models fit. A tag that `above` does not set is taken from
    `below`. Defaults of the schema do not count.
    """
    if len(shape.models) < 2:
        return False
    said = {key: node for key, node in below.items() if node.layer.kind != "defaults"}
    before, after = shape.narrowed(below), shape.narrowed(above, {**said, **above})
    return set(before.models).isdisjoint(after.models)


def _chained(upper: Node | None, lower: Node | None) -> Node | None:
    """Return the chain of overridden nodes `upper`, with `lower` added below its last node.

    If one of them is None, return the other.
    """
    if upper is None or lower is None:
        return upper or lower
    return Node(upper.value, upper.layer, upper.at, upper.key_at, _chained(upper.under, lower))


def _joined(below: list[Node], above: list[Node], rule: str) -> list[Node]:
    if rule == "prepend":
        return above + below
    if rule == "append":
        return below + above
    known = {_identity(node.plain()) for node in below}
    joined = list(below)
    for node in above:
        value = _identity(node.plain())
        if value not in known:
            known.add(value)
            joined.append(node)
    return joined


def _identity(value: Any) -> Hashable:
    """Return a hashable object that is equal for equal values. An unhashable value is equal only to itself."""
    if isinstance(value, dict):
        return dict, frozenset((key, _identity(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return list if isinstance(value, list) else tuple, tuple(map(_identity, value))
    if isinstance(value, (set, frozenset)):
        return set, frozenset(value)
    try:
        hash(value)
    except TypeError:
        return object()
    return value  # type: ignore[no-any-return]


def _adds_to(above: Any, shape: Shape) -> bool:
    """Return True if the value `above` is merged with the lower value; False if `above` replaces the lower value."""
    if type(above) is list:
        return shape.merge not in (None, "replace")
    return type(above) is Positions or (type(above) is dict and shape.merge != "replace")


def _clash(low: Node, high: Node, shape: Shape) -> bool:
    if type(low) is Broken or type(high) is Broken:
        return False
    if shape.kind in ("secret", "any") or shape.text or shape.validated or shape.names:
        return False
    other = low.value if type(high.value) is dict else high.value
    return isinstance(other, (str, int, float, list))


def _clash_problem(low: Node, high: Node, path: Path) -> Problem:
    kinds = (_kind(high.value), _kind(low.value))
    return Problem(
        Code.LAYERS_CLASH,
        show(path),
        high.origin,
        expected=f"{kinds[1]}, as in {low.origin}, or {kinds[0]} in both",
        help=f"make both the same kind, or remove `{show(path)}` from one of them",
        message=f"`{show(path)}` is {kinds[0]} here and {kinds[1]} in a lower layer",
        label=kinds[0],
        layer=_over(high.origin, low.origin),
        related=(Related(low.origin, kinds[1]),),
    )


def _kind(value: object) -> str:
    return "a mapping" if type(value) is dict else "a list" if type(value) in (list, Positions) else "a scalar"


def _null_problem(node: Node, path: Path, below: Node | None) -> Problem:
    if below is not None and below.layer.kind == "defaults":
        below = None  # the default remains in effect: nothing is removed
    effect = "which removes the values of lower layers" if below else "which counts as not set"
    return Problem(
        Code.NULL_REMOVES,
        show(path),
        node.origin,
        expected="a value, or no such key",
        help="write a value, or delete the key; an empty `key:` is usually a mistake",
        message=f"`{show(path)}` is null, {effect}",
        label="null",
        severity="warning",
        layer=_over(node.origin, below.origin) if below else "",
        related=(Related(below.origin, "removed by it"),) if below else (),
    )


def at_nulls(wrong: list[Problem], problems: list[Problem]) -> list[Problem]:
    """Return `wrong`. If a key is missing because a null removed its value, the problem shows the position of the null.

    Args:
        wrong: problems of the validation.
        problems: problems of earlier steps of the load, with one warning per null.
    """
    nulls = {problem.path: problem.origin for problem in problems if problem.code == Code.NULL_REMOVES}
    return [
        one.replaced(origin=nulls[one.path], label="null counts as not set")
        if one.code == Code.MISSING_KEY and one.path in nulls
        else one
        for one in wrong
    ]


def without_vault_block(root: Node, shape: Shape) -> tuple[Node, Node | None]:
    """Return `(tree, block)`: the tree without its key `vault`, and the node of this key.

    The node describes the connection to Vault. If the schema has a field `vault`, or the tree has no such key, return
    `(root, None)`.
    """
    block = root.value.get("vault") if "vault" not in shape.fields else None
    if block is None:
        return root, None
    return Node({key: node for key, node in root.value.items() if key != "vault"}, root.layer, root.at), block


def _over(high: Origin, low: Origin) -> str:
    return f"{high} wins; {low} is overridden"
